// The part of a run in a store that waits for somebody outside.

#include "handoff/durable_state.hpp"

#include <algorithm>
#include <utility>

namespace dedalus::handoff_engine {

namespace core = handoff_core;

namespace {

std::optional<stores::time_point> expiry_of(const durable& r, const std::string& tool, time_point since)
{
    const tool_registry::entry* entry = r.input->tools->find(tool);
    if (entry == nullptr || entry->options.wait_limit == no_limit)
        return {};
    return core::stored_time(since + entry->options.wait_limit);
}

stores::wait_record wait_of(durable& r, const call_key& key, wait_kind kind)
{
    const core::call_record& call = r.m().call(key);
    core::wait_facts facts;
    facts.name = call.request.name;
    facts.arguments = core::reported_arguments(call.request);
    facts.since = r.journal.now();
    stores::wait_record wait;
    wait.key.call = core::stored_key(key);
    wait.key.kind = core::wait_name(kind);
    wait.fingerprint = call.fingerprint;
    wait.expires_at = expiry_of(r, call.request.name, facts.since);
    wait.body = core::wait_body(facts);
    return wait;
}

/// What the machine is told when the commit that says so is there.
struct told
{
    call_key key{};
    std::optional<tool_end> end{};  ///< empty: the call is approved
};

/// One commit about waits that have ended.
struct decided
{
    journal_commit commit{};
    std::vector<told> calls{};
};

bool waits(durable& r, const stores::wait_key& wait)
{
    const call_key key = core::core_key(wait.call);
    const std::vector<call_key>& open = r.m().open_keys();
    if (std::find(open.begin(), open.end(), key) == open.end())
        return false;
    const core::call_record& call = r.m().call(key);
    return call.state == core::call_state::waiting && core::wait_name(call.waits_for) == wait.kind;
}

std::optional<tool_end> end_by(durable& r, const core::decision& d, wait_kind kind)
{
    switch (d.what) {
    case core::decision::kind::approve:
        return {};
    case core::decision::kind::result:
        return core::result_end(d.value, r.definition.max_result_bytes);
    case core::decision::kind::reject:
        break;
    }
    return kind == wait_kind::unknown_outcome ? core::unknown_outcome_end() : core::rejected_end(d.reason);
}

void close(durable& r, decided& all, const stores::wait_key& wait, std::optional<tool_end> end, std::string inbox_id)
{
    const call_key key = core::core_key(wait.call);
    const core::call_record& call = r.m().call(key);
    if (end) {
        all.commit.entries.push_back(core::decided_entry(call.turn, key, inbox_id));
        all.commit.calls.push_back(finish_record(r, key, *end, r.journal.now()));
    }
    else {
        all.commit.entries.push_back(core::approval_entry(call.turn, key));
        // The attempt whose outcome is unknown does not count any more: a crash now must not ask again.
        if (call.waits_for == wait_kind::unknown_outcome)
            all.commit.calls.push_back(r.journal.record(key, stores::call_record_kind::abandon, call.attempts));
    }
    all.commit.closed_waits.push_back(wait);
    all.calls.push_back({key, std::move(end)});
}

void take(durable& r, decided& all, stores::inbox_item item)
{
    all.commit.consumed_inbox.push_back(item.inbox_id);
    if (!item.wait || !waits(r, *item.wait))
        return;
    const wait_kind kind = *core::to_wait_kind(item.wait->kind);
    const core::decision d = core::read_decision(item);
    if (d.what == core::decision::kind::approve && kind == wait_kind::external_result) {
        all.commit.waits.push_back(wait_of(r, core::core_key(item.wait->call), kind));
        return;
    }
    close(r, all, *item.wait, end_by(r, d, kind), std::move(item.inbox_id));
}

decided expired(durable& r)
{
    decided all;
    const stores::time_point now = core::stored_time(r.journal.now());
    for (const stores::wait_record& wait : r.waits) {
        if (wait.expires_at && *wait.expires_at <= now && waits(r, wait.key))
            close(r, all, wait.key, core::expired_end(), {});
    }
    return all;
}

asio::awaitable<void> write(durable& r, decided all)  // borrowed: r
{
    const std::vector<stores::wait_key> closed = all.commit.closed_waits;
    co_await commit(r, std::move(all.commit));
    std::erase_if(r.waits, [&](const stores::wait_record& wait) {
        return std::find(closed.begin(), closed.end(), wait.key) != closed.end();
    });
    for (told& each : all.calls) {
        if (each.end)
            r.m().finish(each.key, *std::move(each.end), r.journal.now(), r.journal.now());
        else
            r.m().approve(each.key);
    }
}

}  // namespace

asio::awaitable<void> write_waits(durable& r, std::vector<std::pair<call_key, wait_kind>> calls)  // borrowed: r
{
    journal_commit what;
    std::vector<stores::wait_record> added;
    for (const auto& [key, kind] : calls) {
        what.entries.push_back(core::wait_entry(r.m().call(key).turn, key, kind));
        added.push_back(wait_of(r, key, kind));
        r.m().hold(key, kind);
    }
    what.waits = added;
    co_await commit(r, std::move(what));
    r.waits.insert(r.waits.end(), added.begin(), added.end());
}

asio::awaitable<bool> take_decisions(durable& r)  // borrowed: r
{
    decided all;
    std::vector<stores::inbox_item> items = co_await r.journal.load_inbox();
    for (stores::inbox_item& item : items)
        take(r, all, std::move(item));
    if (items.empty())
        all = expired(r);
    const bool there = !items.empty() || !all.calls.empty();
    if (!there)
        co_return false;
    bool changed = false;
    try {
        co_await write(r, std::move(all));
    }
    catch (const run_changed&) {
        changed = true;  // a decision came first: it is in the inbox now
    }
    co_return there || changed;
}

}  // namespace dedalus::handoff_engine
