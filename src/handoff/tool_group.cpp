#include "handoff/tool_group.hpp"

#include "handoff/running_tool.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <exception>
#include <mutex>
#include <utility>

namespace dedalus::handoff_engine {

namespace asio = boost::asio;
namespace json = boost::json;

namespace {

constexpr std::chrono::milliseconds longest_backoff = std::chrono::seconds(30);

// What a tool has told of its progress, on any thread, and the strand has not taken yet. The newest alone: a tool that
// tells more than its run has time for must not fill the memory.
class untaken_progress
{
public:
    // False: take() is under way already.
    bool put(json::value shown)
    {
        const std::lock_guard lock(mutex_);
        if (!shown.is_null())
            shown_ = std::move(shown);
        return !std::exchange(under_way_, true);
    }

    json::value take()
    {
        const std::lock_guard lock(mutex_);
        under_way_ = false;
        return std::exchange(shown_, json::value());
    }

private:
    std::mutex mutex_;
    json::value shown_;  // null: the tool gets on, and shows nothing
    bool under_way_ = false;
};

// Of an attempt that failed.
bool may_be_tried_again(const running_tool& tool, const tool_end& end)
{
    switch (tool.start.effect) {
    case tool_effect::once:
    case tool_effect::external:
        return false;
    case tool_effect::probe:
        return end.nothing_happened || tool.options().probe != nullptr;
    default:
        return true;
    }
}

std::chrono::milliseconds pause_before_retry(const tool_options& options, int attempt)
{
    std::chrono::milliseconds wait = options.retry_backoff;
    for (int doubled = 1; doubled < attempt && wait < longest_backoff; ++doubled)
        wait *= 2;
    return std::min(wait, longest_backoff);
}

}  // namespace

tool_group::tool_group(strand s, std::chrono::milliseconds grace)
    : strand_(std::move(s)), grace_(grace), wake_(std::make_shared<asio::steady_timer>(strand_))
{}

tool_group::~tool_group() = default;

void tool_group::start(tool_start what)
{
    auto tool = std::make_shared<running_tool>(std::move(what));
    tools_.push_back(tool);
    std::weak_ptr<running_tool> self = tool;  // a context that somebody keeps does not keep the tool
    auto on_progress = [self, s = strand_, untaken = std::make_shared<untaken_progress>()](json::value shown) {
        if (!untaken->put(std::move(shown)))
            return;
        asio::dispatch(s, [self, untaken] {
            json::value newest = untaken->take();
            if (const std::shared_ptr<running_tool> running = self.lock())
                running->take_progress(std::move(newest));
        });
    };
    // On its own strand a coroutine is entered at once.
    tool->enter(std::chrono::steady_clock::now(), std::move(on_progress));
    // run_tool() lets nothing out but what fails while it ends, and then the tool counts as failed.
    auto on_end = [tool, wake = wake_](std::exception_ptr failure) {
        if (failure)
            tool->value.reset();
        tool->ended = true;
        wake->cancel();
    };
    asio::co_spawn(strand_, run_tool(tool), asio::bind_cancellation_slot(tool->cancel.slot(), std::move(on_end)));
}

void tool_group::wake()
{
    woken_ = true;
    wake_->cancel();
}

asio::awaitable<void> tool_group::wait()
{
    if (std::exchange(woken_, false) || any_ended())
        co_return;
    wake_->expires_at(next_deadline());
    boost::system::error_code ignored;  // woken by cancel(), by the deadline, or cancelled: the caller looks at it all
    co_await wake_->async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    woken_ = false;
}

std::vector<ended_call> tool_group::take_ended(limit_point now)
{
    std::vector<ended_call> result;
    const std::vector<std::shared_ptr<running_tool>> tools = tools_;  // a probe may be added
    for (const std::shared_ptr<running_tool>& tool : tools) {
        if (tool->is_overdue(now)) {
            tool->timed_out = now >= tool->hard_deadline ? tool->options().timeout : tool->options().idle_timeout;
            tool->request_cancel(later(now, grace_));
            continue;
        }
        if (tool->start.early && tool->is_over(now))
            tool->deadline = limit_point::max();
        if (tool->start.early || !tool->is_over(now))
            continue;
        const bool is_probe = tool->start.task == tool_task::probe;
        if (tool->ended && tool->value && !is_probe && (tool->timed_out || tool->reported)) {
            ended_call& late = result.emplace_back();
            late.key = tool->start.call.key;
            late.task = tool->start.task;
            late.end = handoff_core::result_end(*tool->value, tool->start.max_result_bytes);
            late.entered = tool->entered;
            late.late = true;
        }
        if (!tool->reported)
            report(*tool, now, result);
        tool->reported = true;
        tool->deadline = limit_point::max();
    }
    std::erase_if(tools_, [](const auto& tool) { return tool->ended && tool->reported; });
    const auto due =
        std::stable_partition(retries_.begin(), retries_.end(), [now](const retry& r) { return r.due > now; });
    for (auto each = due; each != retries_.end(); ++each) {
        ended_call& again = result.emplace_back();
        again.key = std::move(each->key);
        again.again = true;
    }
    retries_.erase(due, retries_.end());
    return result;
}

void tool_group::report(running_tool& tool, limit_point now, std::vector<ended_call>& to)
{
    if (tool.start.task == tool_task::probe)
        return report_probe(tool, now, to);
    tool_end end = tool.end();
    if (follows_up(tool, end, now))
        return;
    ended_call& ended = to.emplace_back();
    ended.key = tool.start.call.key;
    ended.task = tool.start.task;
    ended.end = std::move(end);
    ended.entered = tool.entered;
}

// Whether the call goes on. When the run stops it does not, and whoever takes the run up again judges it.
bool tool_group::follows_up(running_tool& tool, tool_end& end, limit_point now)
{
    const bool wants_more = end.outcome == tool_outcome::error && end.retryable && may_be_tried_again(tool, end) &&
                            tool.start.call.attempt <= tool.options().max_retries;
    const bool can_ask = tool.start.effect == tool_effect::probe && tool.options().probe != nullptr;
    // What still runs may yet act, whatever its probe says now.
    const bool unclear = end.outcome == tool_outcome::timeout && can_ask && !end.nothing_happened && tool.ended;
    if (!wants_more && !unclear)
        return false;
    if (stopping_) {
        end = handoff_core::cancelled_end();
        return false;
    }
    if (wants_more && (!can_ask || end.nothing_happened)) {
        retry_later(tool, now);
        return true;
    }
    tool_start ask = tool.start;
    ask.task = tool_task::probe;
    start(std::move(ask));
    running_tool& probe = *tools_.back();
    probe.held = end;
    probe.held_limit = tool.timed_out;
    probe.entered = tool.entered;
    return true;
}

void tool_group::report_probe(running_tool& tool, limit_point now, std::vector<ended_call>& to)
{
    const bool did_not_happen = tool.answer.known && !tool.answer.result;
    if (tool.held && !tool.held_limit && did_not_happen && !stopping_)
        return retry_later(tool, now);
    ended_call& ended = to.emplace_back();
    ended.key = tool.start.call.key;
    ended.entered = tool.entered;
    ended.asked = tool.answer;
    if (tool.answer.result)
        ended.end = handoff_core::result_end(*tool.answer.result, tool.start.max_result_bytes);
    else if (stopping_)
        ended.end = handoff_core::cancelled_end();
    else if (tool.held_limit && did_not_happen)
        ended.end = handoff_core::timeout_end(*tool.held_limit, handoff_core::effect_seen::nothing);
    else if (tool.held)
        ended.end = *tool.held;
}

void tool_group::retry_later(const running_tool& tool, limit_point now)
{
    retries_.push_back({tool.start.call.key, later(now, pause_before_retry(tool.options(), tool.start.call.attempt))});
}

bool tool_group::any_open() const
{
    return !retries_.empty() || std::any_of(tools_.begin(), tools_.end(), [](const auto& tool) {
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
    const limit_point give_up_at = later(std::chrono::steady_clock::now(), grace_);
    for (const std::shared_ptr<running_tool>& tool : tools_) {
        if (tool->start.early)
            tool->request_cancel(give_up_at);
    }
}

asio::awaitable<void> tool_group::discard_early()
{
    cancel_early();
    const limit_point until = later(std::chrono::steady_clock::now(), grace_);
    while (early_running() > 0 && std::chrono::steady_clock::now() < until) {
        wake_->expires_at(until);
        boost::system::error_code ignored;  // woken by the end of a tool
        co_await wake_->async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
    std::erase_if(tools_, [](const auto& tool) { return tool->start.early && tool->ended; });
}

void tool_group::cancel()
{
    stopping_ = true;
    retries_.clear();
    const limit_point give_up_at = later(std::chrono::steady_clock::now(), grace_);
    for (const std::shared_ptr<running_tool>& tool : tools_)
        tool->request_cancel(give_up_at);
    wake();
}

void tool_group::cancel(const call_key& key)
{
    std::erase_if(retries_, [&key](const retry& r) { return r.key == key; });
    for (const std::shared_ptr<running_tool>& tool : tools_) {
        if (tool->start.call.key != key)
            continue;
        tool->reported = true;
        tool->request_cancel(limit_point::max());
    }
    wake();
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
    for (const retry& each : retries_)
        next = std::min(next, each.due);
    return next;
}

}  // namespace dedalus::handoff_engine
