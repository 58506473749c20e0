#include <dedalus/error.hpp>
#include <dedalus/handoff/handoff_loop.hpp>

#include "handoff/active_runs.hpp"
#include "handoff/durable_run.hpp"
#include "handoff/engine.hpp"
#include "handoff/identifiers.hpp"
#include "handoff/loop_inputs.hpp"
#include "handoff/open_run_stream.hpp"

#include <boost/asio/this_coro.hpp>

#include <memory>
#include <string>
#include <utility>

namespace dedalus {

namespace asio = boost::asio;

namespace {

asio::awaitable<run_result>
follow(std::shared_ptr<const handoff_engine::durable_input> input, std::shared_ptr<handoff_engine::active_runs> active)
{
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    const handoff_engine::strand s(executor);
    auto stop = std::make_shared<handoff_engine::run_stop>();
    const std::unique_ptr<handoff_engine::active_runs::place> place =
        handoff_engine::active_runs::add(std::move(active), input->run_id, s, stop);
    std::function<void()> on_cancel = [stop] { stop->now(); };
    asio::awaitable<run_result> followed = handoff_engine::follow_run(std::move(input), stop, s);
    run_result result = co_await handoff_engine::run_on_strand(s, std::move(followed), std::move(on_cancel));

    const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() == asio::cancellation_type::none || result.phase != run_phase::suspended)
        co_return result;
    error cancelled(asio::error::operation_aborted, "the run was cancelled");
    cancelled.set_partial_run(std::make_shared<const run_result>(std::move(result)));
    throw cancelled;
}

asio::awaitable<stores::post_outcome> cancel_followed(
    run_inbox inbox, std::shared_ptr<handoff_engine::active_runs> active, std::string run_id, std::string call_id
)
{
    const stores::post_outcome outcome = co_await inbox.cancel_call(run_id, std::move(call_id));
    active->look(run_id);
    co_return outcome;
}

}  // namespace

class handoff_loop::impl
{
public:
    impl(client c, tool_registry tools, handoff_options options)
        : store_(options.store), stop_dropped_streams_(options.stop_dropped_streams),
          inputs_(std::move(c), std::move(tools), std::move(options)),
          active_(std::make_shared<handoff_engine::active_runs>())
    {}

    asio::awaitable<run_result> run(const chat_completion_request& request) const
    {
        if (!store_)
            return handoff_engine::run_to_end(inputs_.in_memory(request));
        return follow(inputs_.durable(handoff_engine::make_run_id(), request, true), active_);
    }

    asio::awaitable<run_result> run_or_resume(std::string run_id, const chat_completion_request& request) const
    {
        return follow(inputs_.durable(std::move(run_id), request, false), active_);
    }

    asio::awaitable<run_result> resume(std::string run_id) const
    {
        return follow(inputs_.durable(std::move(run_id)), active_);
    }

    run_stream stream(const chat_completion_request& request) const
    {
        if (store_)
            return stream(inputs_.durable(handoff_engine::make_run_id(), request, true));
        std::shared_ptr<handoff_engine::run_input> input = inputs_.in_memory(request);
        inputs_.stream_answers(*input);
        std::shared_ptr<handoff_engine::run_event_queue> events = input->events;
        return opened(std::move(events), handoff_engine::run_to_end(std::move(input)));
    }

    run_stream stream(std::string run_id, const chat_completion_request& request) const
    {
        return stream(inputs_.durable(std::move(run_id), request, false));
    }

    run_stream stream(std::string run_id) const { return stream(inputs_.durable(std::move(run_id))); }

    run_inbox inbox() const { return run_inbox(store_); }

    asio::awaitable<stores::post_outcome> cancel_call(std::string run_id, std::string call_id) const
    {
        return cancel_followed(inbox(), active_, std::move(run_id), std::move(call_id));
    }

    void stop(bool now) const { active_->stop(now); }

private:
    run_stream stream(std::shared_ptr<handoff_engine::durable_input> input) const
    {
        inputs_.stream_answers(*input);
        std::shared_ptr<handoff_engine::run_event_queue> events = input->events;
        return opened(std::move(events), follow(std::move(input), active_));
    }

    run_stream
    opened(std::shared_ptr<handoff_engine::run_event_queue> events, asio::awaitable<run_result> followed) const
    {
        return handoff_engine::open_run_stream(std::move(events), std::move(followed), stop_dropped_streams_);
    }

    std::shared_ptr<run_store> store_;
    bool stop_dropped_streams_;
    handoff_engine::loop_inputs inputs_;
    std::shared_ptr<handoff_engine::active_runs> active_;
};

handoff_loop::handoff_loop(client c, tool_registry tools, handoff_options options)
    : impl_(std::make_shared<const impl>(std::move(c), std::move(tools), std::move(options)))
{}

handoff_loop::handoff_loop(client c, tool_registry tools)
    : handoff_loop(std::move(c), std::move(tools), handoff_options{})
{}

asio::awaitable<run_result> handoff_loop::run(const chat_completion_request& request) const
{
    return impl_->run(request);
}

asio::awaitable<run_result>
handoff_loop::run_or_resume(std::string run_id, const chat_completion_request& request) const
{
    return impl_->run_or_resume(std::move(run_id), request);
}

asio::awaitable<run_result> handoff_loop::resume(std::string run_id) const
{
    return impl_->resume(std::move(run_id));
}

run_stream handoff_loop::stream(const chat_completion_request& request) const
{
    return impl_->stream(request);
}

run_stream handoff_loop::stream(std::string run_id, const chat_completion_request& request) const
{
    return impl_->stream(std::move(run_id), request);
}

run_stream handoff_loop::stream(std::string run_id) const
{
    return impl_->stream(std::move(run_id));
}

asio::awaitable<stores::post_outcome> handoff_loop::approve(std::string run_id, std::string call_id) const
{
    return impl_->inbox().approve(std::move(run_id), std::move(call_id));
}

asio::awaitable<stores::post_outcome>
handoff_loop::reject(std::string run_id, std::string call_id, std::string reason) const
{
    return impl_->inbox().reject(std::move(run_id), std::move(call_id), std::move(reason));
}

asio::awaitable<stores::post_outcome>
handoff_loop::provide_result(std::string run_id, std::string call_id, boost::json::value result) const
{
    return impl_->inbox().provide_result(std::move(run_id), std::move(call_id), std::move(result));
}

asio::awaitable<std::vector<waiting_call>> handoff_loop::list_waiting() const
{
    return impl_->inbox().list_waiting();
}

asio::awaitable<stores::post_outcome> handoff_loop::cancel_call(std::string run_id, std::string call_id) const
{
    return impl_->cancel_call(std::move(run_id), std::move(call_id));
}

run_inbox handoff_loop::inbox() const
{
    return impl_->inbox();
}

void handoff_loop::stop_now() const
{
    impl_->stop(true);
}

void handoff_loop::stop_after_turn() const
{
    impl_->stop(false);
}

}  // namespace dedalus
