// The part of a run in a store that makes results again which are not stored: tool_options::do_not_store_value.

#include "crypto/sha256.hpp"
#include "handoff/durable_open.hpp"
#include "handoff/durable_state.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dedalus::handoff_engine {

namespace core = handoff_core;

namespace {

constexpr std::string_view unmade = "value_not_made";

bool is_gone(const core::call_record& call)
{
    return call.end.unstored.has_value();
}

bool needs(const core::call_record& call, const core::call_record& other)
{
    return std::ranges::find(call.request.dependencies, other.key.call_id) != call.request.dependencies.end();
}

// One whose result is gone, and that needs no such one; of a cycle the first.
std::optional<call_key> next_unstored(durable& r)
{
    std::vector<const core::call_record*> gone;
    for (const core::call_record& call : r.m().calls()) {
        if (is_gone(call))
            gone.push_back(&call);
    }
    if (gone.empty())
        return {};
    const auto free = std::ranges::find_if(gone, [&gone](const core::call_record* call) {
        return std::ranges::none_of(gone, [call](const core::call_record* other) { return needs(*call, *other); });
    });
    return free == gone.end() ? gone.front()->key : (*free)->key;
}

// What the tool is started with; in the run the call stays as it has ended.
core::ready_call ready_again(durable& r, const call_key& key)
{
    core::run_machine aside = r.m();
    return aside.start_again(key, r.journal.now());
}

// There is no record of such a start: it has no effect, and its call has ended. Whoever asks to stop ends it, and the
// wait for another attempt, too.
asio::awaitable<tool_end> run_again(durable& r, core::ready_call call)  // borrowed: r
{
    tool_start first = start_of(r, call);
    r.tools.start(std::move(first));
    while (r.tools.any_open()) {
        co_await r.tools.wait();
        for (ended_call& ended : r.tools.take_ended(std::chrono::steady_clock::now())) {
            if (ended.key != call.key)
                continue;
            if (!ended.again)
                co_return std::move(ended.end);
            ++call.attempt;
            r.tools.start(start_of(r, call));
        }
    }
    co_return core::cancelled_end();
}

// False: its tool is not here, or has an effect by now, or failed.
asio::awaitable<bool> make_again(durable& r, call_key key)  // borrowed: r
{
    const std::string name = r.m().call(key).request.name;
    if (options_of(r, name) == nullptr || effect_of(r, name) != tool_effect::pure || r.stop->asked_now())
        co_return false;
    co_await r.journal.hold_lease();
    if (r.stop->asked_now())
        co_return false;
    core::ready_call call = ready_again(r, key);
    tool_end end = co_await run_again(r, std::move(call));
    if (end.outcome != tool_outcome::ok) {
        if (end.outcome != tool_outcome::cancelled && !tells_unmade(*r.loaded))
            r.note(std::string(unmade), "the call " + key.call_id + " could not run again: " + end.text);
        co_return false;
    }
    tool_end& known = r.facts.at(key).finished->end;
    const bool changed = crypto::sha256_hex(end.content) != known.unstored->sha256;
    end.note = known.note;
    known = std::move(end);
    make_machine(r, *r.loaded);
    if (changed)
        r.note("value_changed", "the call " + key.call_id + " gave another result when it ran again");
    co_return true;
}

// Another process may have the tool, or more luck with it.
asio::awaitable<void> suspend_unmade(durable& r)  // borrowed: r
{
    if (r.stop->asked_now())
        co_return co_await stop_run(r);
    journal_commit what;
    what.head.wakeup_at = core::stored_time(r.journal.store_now() + r.input->lease);
    co_await suspend(r, stop_reason::unstored_value, std::move(what));
}

}  // namespace

bool lacks_results(durable& r)
{
    return std::ranges::any_of(r.m().calls(), is_gone);
}

bool tells_unmade(const stores::stored_run& run)
{
    const std::size_t size = run.entries.size();
    return core::is_suspension_for(run.entries.back(), stop_reason::unstored_value) && size > 1 &&
           core::is_diagnostic(run.entries[size - 2], unmade);
}

bool is_unstored(const durable& r, const std::string& tool)
{
    const tool_options* options = options_of(r, tool);
    return options != nullptr && options->do_not_store_value;
}

asio::awaitable<bool> make_unstored(durable& r)  // borrowed: r
{
    for (std::optional<call_key> key = next_unstored(r); key; key = next_unstored(r)) {
        const bool made = co_await make_again(r, *key);
        if (!made) {
            co_await suspend_unmade(r);
            co_return false;
        }
    }
    r.loaded.reset();
    co_return true;
}

}  // namespace dedalus::handoff_engine
