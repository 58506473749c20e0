#include "handoff/engine.hpp"

#include <dedalus/api_error.hpp>
#include <dedalus/error.hpp>

#include "handoff/strand_hop.hpp"
#include "handoff/tool_group.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>

#include <chrono>
#include <exception>
#include <memory>
#include <utility>

namespace dedalus::handoff_engine {

namespace asio = boost::asio;

namespace {

using clock = std::chrono::system_clock;

struct run
{
    run(std::shared_ptr<const run_input> i, strand s)
        : input(std::move(i)), machine(input->settings, input->request), tools(std::move(s), input->cancellation_grace)
    {}

    std::shared_ptr<const run_input> input;
    handoff_core::run_machine machine;
    tool_group tools;
};

asio::awaitable<void> exchange(run& r, chat_completion_request request)  // borrowed: r
{
    bool try_again = false;
    std::exception_ptr failure;
    try {
        chat_completion answer = co_await r.input->send(request);
        r.machine.on_answer(std::move(answer), clock::now());
    }
    catch (const api_error& e) {
        try_again = r.machine.on_error(e);
        failure = std::current_exception();
    }
    catch (...) {
        r.machine.on_unknown_outcome();
        failure = std::current_exception();
    }
    if (failure && !try_again)
        std::rethrow_exception(failure);
}

void start_ready_calls(run& r)
{
    for (handoff_core::ready_call& call : r.machine.start_ready(clock::now())) {
        tool_start what;
        what.call = std::move(call);
        what.tools = r.input->tools;
        what.run_id = r.input->settings.run_id;
        what.max_result_bytes = r.input->max_result_bytes;
        r.tools.start(std::move(what));
    }
}

void take_ended_calls(run& r)
{
    const time_point now = clock::now();
    for (ended_call& ended : r.tools.take_ended(std::chrono::steady_clock::now())) {
        if (ended.late)
            r.machine.note("late_result", "the call " + ended.key.call_id + " gave a result after its time limit");
        else
            r.machine.finish(ended.key, std::move(ended.end), ended.entered, now);
    }
}

asio::awaitable<void> follow(run& r)  // borrowed: r
{
    while (std::optional<chat_completion_request> request = r.machine.next_request()) {
        co_await exchange(r, *std::move(request));
        while (r.machine.calls_open()) {
            const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
            if (state.cancelled() != asio::cancellation_type::none)
                throw error(asio::error::operation_aborted, "the run was cancelled");
            start_ready_calls(r);
            co_await r.tools.wait();
            take_ended_calls(r);
        }
    }
}

// Asio's own exception for a cancelled coroutine becomes the one that this library documents.
std::exception_ptr documented(const std::exception_ptr& failure)
{
    try {
        std::rethrow_exception(failure);
    }
    catch (const error&) {
        return failure;
    }
    catch (const boost::system::system_error& e) {
        if (e.code() != asio::error::operation_aborted)
            return failure;
        return std::make_exception_ptr(error(asio::error::operation_aborted, "the run was cancelled"));
    }
    catch (...) {
        return failure;
    }
}

// The tools have ended. What the run has done goes with the exception, where it can carry it.
[[noreturn]] void rethrow(const std::exception_ptr& failure, handoff_core::run_machine& machine)
{
    try {
        std::rethrow_exception(documented(failure));
    }
    catch (error& e) {
        const bool cancelled = e.code() == asio::error::operation_aborted;
        machine.stop(cancelled ? stop_reason::cancelled : stop_reason::error, clock::now());
        e.set_partial_run(std::make_shared<const run_result>(machine.result()));
        throw;
    }
}

asio::awaitable<run_result> run_here(std::shared_ptr<const run_input> input, strand s)
{
    run r(std::move(input), std::move(s));
    std::exception_ptr failure;
    try {
        co_await follow(r);
    }
    catch (...) {
        failure = std::current_exception();
    }

    // A cancelled coroutine cannot await anything until its state is reset, and tools have to be awaited.
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    if (failure)
        r.tools.cancel();
    co_await r.tools.drain();
    take_ended_calls(r);
    if (failure)
        rethrow(failure, r.machine);
    co_return r.machine.result();
}

}  // namespace

asio::awaitable<run_result> run_to_end(std::shared_ptr<const run_input> input)
{
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    const strand s(executor);
    co_return co_await run_on_strand(s, run_here(std::move(input), s));
}

}  // namespace dedalus::handoff_engine
