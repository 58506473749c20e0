#include "handoff/tool_group.hpp"

#include <dedalus/client_options.hpp>

#include "handoff/tool_context_data.hpp"

#include <boost/asio/dispatch.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/json/value.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>
#include <exception>
#include <utility>

namespace dedalus::handoff_engine {

namespace asio = boost::asio;
namespace json = boost::json;

namespace {

using clock = std::chrono::steady_clock;

// no_limit, and what comes near to it, would overflow.
limit_point later(limit_point from, std::chrono::milliseconds duration)
{
    const auto room = std::chrono::duration_cast<std::chrono::milliseconds>(limit_point::max() - from);
    return duration < room ? from + duration : limit_point::max();
}

// The location that Boost adds to what() of a system_error names source files, which are none of the model's business.
std::string text_of(const std::exception& e)
{
    const auto* system = dynamic_cast<const boost::system::system_error*>(&e);
    if (system != nullptr && system->code().has_location())
        return system->code().message();
    return e.what();
}

}  // namespace

struct tool_group::running_tool
{
    explicit running_tool(tool_start what) : start(std::move(what)), entry(start.tools->find(start.call.name)) {}

    const tool_options& options() const { return entry->options; }

    void set_deadline() { deadline = std::min(hard_deadline, later(last_progress, options().idle_timeout)); }

    void take_progress(json::value what)
    {
        if (ended || timed_out)
            return;
        last_progress = clock::now();
        set_deadline();
        if (start.on_progress && !start.early)
            start.on_progress(start.call.key, std::move(what));
    }

    void enter(limit_point now, std::function<void(json::value)> on_progress)
    {
        entered = std::chrono::system_clock::now();
        last_progress = now;
        hard_deadline = later(now, options().timeout);
        set_deadline();
        auto told = std::make_shared<tool_context::data>();
        told->run_id = start.run_id;
        told->call_id = start.call.key.call_id;
        told->attempt = start.call.attempt;
        told->fence = start.fence;
        told->idempotency_key = handoff_core::idempotency_key(start.run_id, start.call.key);
        told->deadline = hard_deadline;
        told->on_progress = std::move(on_progress);
        told->dependency_results = std::move(start.call.dependency_results);
        context.emplace(std::move(told));
    }

    void request_cancel()
    {
        if (ended || cancel_requested)
            return;
        cancel_requested = true;
        cancel.emit(asio::cancellation_type::terminal);
    }

    // False: the tool is not run.
    bool resolve_arguments()
    {
        if (!start.resolve || start.in_place_of_tool)
            return true;
        call_arguments call{start.call.key.call_id, start.call.name, std::move(start.call.arguments)};
        start.call.arguments = start.resolve(call, context->dependency_results());
        const std::string problem = entry->check ? entry->check(start.call.arguments) : std::string();
        if (!problem.empty())
            misfit = handoff_core::unfit_arguments_end(problem);
        return !misfit;
    }

    tool_end end() const
    {
        if (misfit)
            return *misfit;
        if (timed_out)
            return handoff_core::timeout_end(*timed_out, options().effect == tool_effect::once);
        if (value)
            return handoff_core::result_end(*value, start.max_result_bytes);
        if (cancel_requested)
            return handoff_core::cancelled_end();
        return handoff_core::error_end(failure, start.max_result_bytes);
    }

    tool_start start;
    const tool_registry::entry* entry;
    std::optional<tool_context> context;
    asio::cancellation_signal cancel;
    time_point entered{};
    limit_point hard_deadline = limit_point::max();
    limit_point last_progress{};
    limit_point deadline = limit_point::max();  ///< when it is to be looked at
    bool cancel_requested = false;
    std::optional<std::chrono::milliseconds> timed_out{};  ///< the limit that passed
    bool reported = false;
    bool ended = false;
    std::optional<json::value> value;
    std::string failure = "the tool failed";
    std::optional<tool_end> misfit{};  ///< set: the tool was not run, because of its arguments
};

tool_group::tool_group(strand s, std::chrono::milliseconds grace)
    : strand_(std::move(s)), grace_(grace), wake_(std::make_shared<asio::steady_timer>(strand_))
{}

tool_group::~tool_group() = default;

void tool_group::start(tool_start what)
{
    auto tool = std::make_shared<running_tool>(std::move(what));
    tools_.push_back(tool);
    std::weak_ptr<running_tool> self = tool;  // a context that somebody keeps does not keep the tool
    auto on_progress = [self, s = strand_](json::value shown) {
        asio::dispatch(s, [self, shown = std::move(shown)]() mutable {
            if (const std::shared_ptr<running_tool> running = self.lock())
                running->take_progress(std::move(shown));
        });
    };
    tool->enter(clock::now(), std::move(on_progress));  // on its own strand a coroutine is entered at once
    // run() lets nothing out but what fails while it ends, and then the tool counts as failed.
    auto on_end = [tool, wake = wake_](std::exception_ptr failure) {
        if (failure)
            tool->value.reset();
        tool->ended = true;
        wake->cancel();
    };
    asio::co_spawn(strand_, run(tool), asio::bind_cancellation_slot(tool->cancel.slot(), std::move(on_end)));
}

bool tool_group::has_arguments(running_tool& tool)
{
    try {
        return tool.resolve_arguments();
    }
    catch (const std::exception& e) {
        tool.misfit = handoff_core::unresolved_arguments_end(text_of(e));
    }
    catch (...) {
        tool.misfit = handoff_core::unresolved_arguments_end("");
    }
    return false;
}

asio::awaitable<void> tool_group::run(std::shared_ptr<running_tool> tool)
{
    if (!has_arguments(*tool))
        co_return;
    try {
        json::object arguments = std::move(tool->start.call.arguments);
        const tool_handler& own = tool->start.in_place_of_tool;
        const tool_handler& handler = own ? own : tool->entry->handler;
        asio::awaitable<json::value> body = handler(std::move(arguments), *tool->context);
        tool->value = co_await std::move(body);
    }
    catch (const std::exception& e) {
        tool->failure = text_of(e);
    }
    catch (...) {
        tool->failure = "the tool failed with an unknown exception";
    }
}

asio::awaitable<void> tool_group::wait()
{
    if (any_ended())
        co_return;
    wake_->expires_at(next_deadline());
    boost::system::error_code ignored;  // woken by cancel(), by the deadline, or cancelled: the caller looks at it all
    co_await wake_->async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

std::vector<ended_call> tool_group::take_ended(limit_point now)
{
    std::vector<ended_call> result;
    for (const std::shared_ptr<running_tool>& tool : tools_) {
        const bool overdue = !tool->ended && !tool->reported && now >= tool->deadline;
        if (overdue && !tool->timed_out) {
            tool->timed_out = now >= tool->hard_deadline ? tool->options().timeout : tool->options().idle_timeout;
            tool->deadline = later(now, grace_);
            tool->request_cancel();
            continue;
        }
        if (tool->start.early && overdue)
            tool->deadline = limit_point::max();
        if (tool->start.early || (!tool->ended && !overdue))
            continue;
        if (!tool->reported) {
            ended_call& ended = result.emplace_back();
            ended.key = tool->start.call.key;
            ended.end = tool->end();
            ended.entered = tool->entered;
            tool->deadline = limit_point::max();
        }
        if (tool->ended && tool->timed_out && tool->value) {
            ended_call& late = result.emplace_back();
            late.key = tool->start.call.key;
            late.late = true;
        }
        tool->reported = true;
    }
    std::erase_if(tools_, [](const auto& tool) { return tool->ended && tool->reported; });
    return result;
}

bool tool_group::any_open() const
{
    return std::any_of(tools_.begin(), tools_.end(), [](const auto& tool) {
        return !tool->reported && !tool->start.early;
    });
}

std::size_t tool_group::early_running() const
{
    return static_cast<std::size_t>(std::count_if(tools_.begin(), tools_.end(), [](const auto& tool) {
        return tool->start.early && !tool->ended;
    }));
}

bool tool_group::has_early(const call_key& key) const
{
    return std::any_of(tools_.begin(), tools_.end(), [&key](const auto& tool) {
        return tool->start.early && tool->start.call.key == key;
    });
}

bool tool_group::adopt(const call_key& key, const std::string& fingerprint)
{
    for (const std::shared_ptr<running_tool>& tool : tools_) {
        if (tool->start.early != fingerprint || tool->start.call.key != key || tool->cancel_requested)
            continue;
        tool->start.early.reset();
        return true;
    }
    return false;
}

void tool_group::cancel_early()
{
    for (const std::shared_ptr<running_tool>& tool : tools_) {
        if (tool->start.early)
            tool->request_cancel();
    }
}

asio::awaitable<void> tool_group::discard_early()
{
    cancel_early();
    while (early_running() > 0) {
        wake_->expires_at(limit_point::max());
        boost::system::error_code ignored;  // woken by the end of a tool
        co_await wake_->async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
    std::erase_if(tools_, [](const auto& tool) { return tool->start.early.has_value(); });
}

void tool_group::cancel()
{
    for (const std::shared_ptr<running_tool>& tool : tools_)
        tool->request_cancel();
}

asio::awaitable<void> tool_group::drain()
{
    while (std::any_of(tools_.begin(), tools_.end(), [](const auto& tool) { return !tool->ended; })) {
        wake_->expires_at(limit_point::max());
        boost::system::error_code ignored;  // woken by the end of a tool
        co_await wake_->async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
}

bool tool_group::any_ended() const
{
    return std::any_of(tools_.begin(), tools_.end(), [](const auto& tool) {
        return tool->ended && !tool->start.early;
    });
}

limit_point tool_group::next_deadline() const
{
    limit_point next = limit_point::max();
    for (const std::shared_ptr<running_tool>& tool : tools_)
        next = std::min(next, tool->deadline);
    return next;
}

}  // namespace dedalus::handoff_engine
