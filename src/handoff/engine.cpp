#include "handoff/engine.hpp"

#include <dedalus/error.hpp>

#include "handoff/early_starts.hpp"
#include "handoff/exchange_failure.hpp"
#include "handoff/run_teller.hpp"
#include "handoff/strand_hop.hpp"
#include "handoff/streamed_rules.hpp"
#include "handoff/tool_group.hpp"
#include "protocol/retry_decision.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace dedalus::handoff_engine {

namespace asio = boost::asio;

namespace {

using wall_clock = std::chrono::system_clock;

struct run
{
    run(std::shared_ptr<const run_input> i, strand on)
        : input(std::move(i)), s(std::move(on)), machine(input->settings, input->request),
          tools(s, input->cancellation_grace), early(input->early, input->tools, input->settings.max_concurrency),
          teller(input->events)
    {}

    std::shared_ptr<const run_input> input;
    strand s;
    handoff_core::run_machine machine;
    tool_group tools;
    early_starts early;
    run_teller teller;
    int failures = 0;  // of the present turn
    stop_reason ends_as = stop_reason::error;
    const time_point began = wall_clock::now();
};

/// Why there is no answer, and after which wait the request is made again, if it is.
struct no_answer
{
    std::exception_ptr thrown{};
    std::optional<std::chrono::milliseconds> again_after{};
};

std::optional<std::chrono::milliseconds> take_failure(run& r, const boost::system::system_error& e)
{
    const int turn = r.machine.sent().turn;
    const handoff_core::exchange_failure failure = handoff_core::judge_failure(r.machine, e);
    if (failure.why == handoff_core::why_unreadable)
        r.machine.on_unreadable_answer();
    else if (failure.kind == handoff_core::refusal_kind::unknown)
        r.machine.on_unknown_outcome();
    else
        r.machine.on_refusal(failure.kind);
    std::optional<std::chrono::milliseconds> wait;
    if (handoff_core::asks_otherwise(failure.kind)) {
        wait.emplace(0);
    }
    else if (!failure.ends_run) {
        const protocol::retry_decision decision =
            protocol::decide_retry(r.input->retry, failure.attempt, r.failures++, r.input->random(), wall_clock::now());
        if (decision.retry)
            wait = decision.wait;
    }
    r.ends_as = failure.ends_as;
    if (wait)
        r.teller.restarted(turn, failure);
    return wait;
}

std::string key_of(run& r, chat_completion_request& request)
{
    std::optional<credential_selection> credentials = std::exchange(request.credentials, std::nullopt);
    const bool streamed = r.input->events != nullptr;
    const std::string sha256 = r.machine.body_sha256(request, streamed, r.input->dialect);
    request.credentials = std::move(credentials);
    return handoff_core::request_key(r.input->settings.run_id, r.machine.sent(), sha256);
}

void take_answer(run& r, chat_completion answer)
{
    r.failures = 0;
    r.machine.on_answer(std::move(answer), wall_clock::now());
}

tool_start start_of(run& r, handoff_core::ready_call call)
{
    tool_start what;
    what.call = std::move(call);
    what.tools = r.input->tools;
    what.run_id = r.input->settings.run_id;
    what.max_result_bytes = r.input->max_result_bytes;
    what.effect = what.tools->find(what.call.name)->options.effect;
    what.redact = r.input->texts.redact;
    what.resolve = r.input->resolve_arguments;
    what.log = r.input->log;
    what.on_progress = r.teller.on_progress();
    return what;
}

early_starts::describe_start describe_by(run& r)
{
    return [&r](handoff_core::ready_call call) { return start_of(r, std::move(call)); };
}

asio::awaitable<void> exchange(run& r)  // borrowed: r
{
    no_answer failure;
    co_await r.tools.discard_early();
    r.early.begin(r.machine, r.tools, describe_by(r));
    try {
        chat_completion_request request = r.machine.request(r.input->dialect);
        std::string key = key_of(r, request);
        asio::awaitable<chat_completion> sent = r.input->send(request, std::move(key));
        chat_completion answer = co_await std::move(sent);
        take_answer(r, std::move(answer));
    }
    catch (const boost::system::system_error& e) {
        if (std::optional<chat_completion> whole = handoff_core::accepted_without_end(r.input->settings.profile, e)) {
            take_answer(r, *std::move(whole));
            co_return;
        }
        failure.thrown = std::current_exception();
        failure.again_after = take_failure(r, e);
    }
    catch (...) {
        r.machine.on_unknown_outcome();
        failure.thrown = std::current_exception();
    }
    r.early.end();
    if (!failure.thrown)
        co_return;
    if (!failure.again_after)
        std::rethrow_exception(failure.thrown);
    co_await r.tools.discard_early();
    asio::steady_timer timer(r.s, *failure.again_after);
    co_await timer.async_wait(asio::use_awaitable);
}

void start_ready_calls(run& r)
{
    std::vector<handoff_core::ready_call> calls = r.machine.start_ready(wall_clock::now());
    r.teller.look(r.machine);
    start_or_adopt(r.tools, r.machine, std::move(calls), describe_by(r));
}

void finish_call(run& r, ended_call ended)
{
    r.input->texts.apply(r.machine.call(ended.key), ended.end);
    r.machine.finish(ended.key, std::move(ended.end), ended.entered, wall_clock::now());
}

// What was cancelled because the run ends is judged with the run: see run_machine::stop().
void take_ended_calls(run& r, bool run_ends)
{
    const time_point now = wall_clock::now();
    for (ended_call& ended : r.tools.take_ended(std::chrono::steady_clock::now())) {
        if (ended.late)
            r.machine.note("late_result", "the call " + ended.key.call_id + " gave a result after it had ended");
        else if (run_ends && ended.end.outcome == tool_outcome::cancelled)
            continue;
        else if (ended.again && !run_ends)
            r.tools.start(start_of(r, r.machine.start_again(ended.key, now)));
        else
            finish_call(r, std::move(ended));
    }
}

asio::awaitable<void> follow(run& r)  // borrowed: r
{
    while (r.machine.begin_request()) {
        r.machine.sent_at(wall_clock::now());
        r.teller.look(r.machine);
        co_await exchange(r);
        r.teller.look(r.machine);
        while (r.machine.calls_open()) {
            const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
            if (state.cancelled() != asio::cancellation_type::none)
                throw error(asio::error::operation_aborted, "the run was cancelled");
            start_ready_calls(r);
            co_await r.tools.wait();
            take_ended_calls(r, false);
            r.teller.look(r.machine);
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

run_result result_of(const run& r)
{
    run_result result = r.machine.result();
    result.timing.began = r.began;
    result.timing.ended = wall_clock::now();
    return result;
}

// The tools have ended. What the run has done goes with the exception, where it can carry it.
[[noreturn]] void rethrow(const std::exception_ptr& failure, run& r)
{
    try {
        std::rethrow_exception(documented(failure));
    }
    catch (error& e) {
        const bool cancelled = e.code() == asio::error::operation_aborted;
        r.machine.stop(cancelled ? stop_reason::cancelled : r.ends_as, wall_clock::now());
        e.set_partial_run(std::make_shared<const run_result>(result_of(r)));
        throw;
    }
}

asio::awaitable<run_result> run_here(std::shared_ptr<const run_input> input, strand s)
{
    run r(std::move(input), std::move(s));
    r.teller.begin(r.machine, false);
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
    r.tools.cancel_early();
    co_await r.tools.drain();
    take_ended_calls(r, failure != nullptr);
    r.teller.look(r.machine);
    if (failure)
        rethrow(failure, r);
    co_return result_of(r);
}

}  // namespace

asio::awaitable<run_result> run_to_end(std::shared_ptr<const run_input> input)
{
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    const strand s(executor);
    co_return co_await run_on_strand(s, run_here(std::move(input), s));
}

}  // namespace dedalus::handoff_engine
