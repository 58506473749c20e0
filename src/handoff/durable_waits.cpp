// The part of a run in a store that waits for somebody outside.

#include <dedalus/stores/store_error.hpp>

#include "crypto/sha256.hpp"
#include "handoff/decision.hpp"
#include "handoff/durable_state.hpp"
#include "support/utf8.hpp"

#include <boost/json/object.hpp>

#include <algorithm>
#include <exception>
#include <iterator>
#include <utility>

namespace dedalus::handoff_engine {

namespace core = handoff_core;
namespace json = boost::json;

namespace {

// By the store's clock, which refuses decisions from then on.
std::optional<stores::time_point> expiry_of(const durable& r, const std::string& tool)
{
    const tool_registry::entry* entry = r.input->tools->find(tool);
    if (entry == nullptr || entry->options.wait_limit > core::longest_limit)
        return {};
    return core::stored_time(r.journal.store_now() + entry->options.wait_limit);
}

std::string summary_of(const tool_options& options, const std::optional<json::object>& arguments)
{
    constexpr std::size_t most_bytes = 1024;
    if (!options.summary || !arguments)
        return {};
    try {
        const std::string text = options.summary(*arguments);
        return support::is_utf8(text) ? std::string(support::utf8_prefix(text, most_bytes)) : std::string();
    }
    catch (const std::exception&) {
        return {};
    }
}

stores::wait_record wait_of(durable& r, const call_key& key, wait_kind kind)
{
    const core::requested_call request = core::request_to_run(r.m().call(key));
    core::wait_facts facts;
    facts.name = request.name;
    facts.arguments = core::reported_arguments(request);
    facts.since = r.journal.now();
    if (const tool_registry::entry* entry = r.input->tools->find(request.name)) {
        facts.on_expiry = entry->options.on_expiry;
        facts.summary = summary_of(entry->options, request.arguments);
        facts.decisions = core::allowed_decisions(entry->options.decisions, kind);
    }
    stores::wait_record wait;
    wait.key.call = core::stored_key(key);
    wait.key.kind = core::wait_name(kind);
    wait.fingerprint = core::fingerprint(request);
    wait.expires_at = expiry_of(r, request.name);
    wait.body = core::wait_body(facts);
    if (r.input->make_token) {
        std::string& token = r.tokens[wait.key] = r.input->make_token();
        wait.token_sha256 = crypto::sha256_hex(token);
    }
    return wait;
}

/// What the machine is told when the commit that says so is there.
struct told
{
    call_key key{};
    std::optional<tool_end> end{};  ///< empty: the call is approved
    core::approval how{};
};

/// One commit about waits that have ended.
struct decided
{
    journal_commit commit{};
    std::vector<told> calls{};
    std::vector<message> input{};
    std::vector<std::pair<std::string, std::string>> notes{};  ///< what is to be said besides: code, text
    bool fails_run = false;
    bool has_more = false;  ///< the inbox has items for the next commit
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

// Empty: the call is approved.
std::optional<tool_end> end_by(durable& r, const core::decision& d, wait_kind kind)
{
    switch (d.what) {
    case core::decision::kind::result:
        return core::result_end(d.value, r.definition.max_result_bytes);
    case core::decision::kind::error:
        return core::error_end(d.text, r.definition.max_result_bytes, r.texts.redact);
    case core::decision::kind::reject:
        return kind == wait_kind::unknown_outcome ? core::unknown_outcome_end(d.text) : core::rejected_end(d.text);
    default:
        return {};
    }
}

void say(durable& r, decided& all, const char* code, std::string text)
{
    all.commit.entries.push_back(core::note_entry(r.m().turn(), code, text));
    all.notes.emplace_back(code, std::move(text));
}

void finish_wait(durable& r, decided& all, const stores::wait_key& wait, tool_end end, const core::wait_end& by)
{
    const call_key key = core::core_key(wait.call);
    r.describe(key, end);
    all.commit.entries.push_back(core::decided_entry(r.m().call(key).turn, key, by));
    all.commit.calls.push_back(finish_record(r, key, end, r.journal.now()));
    all.commit.closed_waits.push_back(wait);
    all.calls.push_back({key, std::move(end), {}});
}

void approve_wait(durable& r, decided& all, const stores::wait_key& wait, core::approval how, const core::wait_end& by)
{
    const call_key key = core::core_key(wait.call);
    const core::call_record& call = r.m().call(key);
    if (call.waits_for == wait_kind::approval && !how.arguments) {
        if (const std::string problem = unfit_arguments(r, call); !problem.empty())
            return finish_wait(r, all, wait, core::unfit_arguments_end(problem), by);
    }
    all.commit.entries.push_back(core::approval_entry(call.turn, key, how, by));
    // The attempt whose outcome is unknown does not count any more: a crash now must not ask again.
    if (call.waits_for == wait_kind::unknown_outcome)
        all.commit.calls.push_back(r.journal.record(key, stores::call_record_kind::abandon, call.attempts));
    all.commit.closed_waits.push_back(wait);
    all.calls.push_back({key, {}, std::move(how)});
}

const stores::wait_record* find_wait(const durable& r, const stores::wait_key& key)
{
    const auto found = std::ranges::find(r.waits, key, &stores::wait_record::key);
    return found == r.waits.end() ? nullptr : &*found;
}

// A decision that cannot be followed leaves the call waiting as it was, for the next one.
void wait_on(durable& r, decided& all, const stores::wait_key& key)
{
    if (const stores::wait_record* wait = find_wait(r, key)) {
        all.commit.waits.push_back(*wait);
        all.commit.waits.back().decided_by.clear();
    }
}

void take_call_decision(durable& r, decided& all, const stores::inbox_item& item, core::decision d)
{
    const stores::wait_key& wait = *item.wait;
    const core::call_record& call = r.m().call(core::core_key(wait.call));
    // Who writes to the store by himself may write what run_inbox would not.
    const stores::wait_record* stored = find_wait(r, wait);
    const std::vector<wait_decision> wanted =
        stored == nullptr ? std::vector<wait_decision>() : core::read_wait(stored->body).decisions;
    if (core::is_order(d.what) || !core::is_allowed(d.what, core::allowed_decisions(wanted, call.waits_for)))
        return wait_on(r, all, wait);
    const core::wait_end by{core::decision_name(d.what), item.inbox_id};
    if (std::optional<tool_end> end = end_by(r, d, call.waits_for))
        return finish_wait(r, all, wait, *std::move(end), by);
    core::approval how;
    how.always = d.what == core::decision::kind::approve_always;
    if (d.what == core::decision::kind::edit) {
        const tool_registry::entry* entry = r.input->tools->find(call.request.name);
        const std::string problem = entry != nullptr && entry->check ? entry->check(d.arguments) : std::string();
        if (!problem.empty()) {
            say(r, all, "edit_refused", "the arguments given for the call " + call.key.call_id + ": " + problem);
            return wait_on(r, all, wait);
        }
        how.arguments = std::move(d.arguments);
    }
    approve_wait(r, all, wait, std::move(how), by);
}

// One that cannot be read is put aside: it must not keep the run from the others.
std::optional<core::decision> read_or_note(durable& r, decided& all, const stores::inbox_item& item)
{
    try {
        return core::read_decision(item);
    }
    catch (const store_error& e) {
        say(r, all, "decision_unreadable", "the decision " + item.inbox_id + ": " + e.what());
        return {};
    }
}

// A call that somebody does not want any more ends as it stands: what its tool still gives is too late.
void cancel_open_call(durable& r, decided& all, const std::string& call_id, const std::string& inbox_id)
{
    const std::vector<call_key>& open = r.m().open_keys();
    const auto found =
        std::find_if(open.rbegin(), open.rend(), [&](const call_key& key) { return key.call_id == call_id; });
    if (found == open.rend() || r.m().call(*found).state == core::call_state::finished)
        return;
    const core::call_record& call = r.m().call(*found);
    const bool began = call.attempts > 0 && effect_of(r, call.request.name) != tool_effect::pure;
    tool_end end = core::cancelled_call_end(began);
    if (call.state == core::call_state::waiting) {
        const stores::wait_key wait{core::stored_key(*found), std::string(core::wait_name(call.waits_for))};
        return finish_wait(
            r, all, wait, std::move(end), {core::decision_name(core::decision::kind::cancel_call), inbox_id}
        );
    }
    r.describe(*found, end);
    all.commit.calls.push_back(finish_record(r, *found, end, r.journal.now()));
    all.calls.push_back({*found, std::move(end), {}});
}

void take(durable& r, decided& all, const stores::inbox_item& item)
{
    all.commit.consumed_inbox.push_back(item.inbox_id);
    std::optional<core::decision> d = read_or_note(r, all, item);
    if (!item.wait) {
        if (d && d->what == core::decision::kind::cancel_call)
            return cancel_open_call(r, all, d->text, item.inbox_id);
        if (!d || d->what != core::decision::kind::add_input)
            return;
        all.commit.entries.push_back(core::added_input_entry(r.m().turn(), d->messages));
        std::ranges::move(d->messages, std::back_inserter(all.input));
    }
    else if (!waits(r, *item.wait)) {
        return;
    }
    else if (d) {
        take_call_decision(r, all, item, *std::move(d));
    }
    else {
        wait_on(r, all, *item.wait);
    }
}

bool ends_a_call(const decided& all)
{
    return std::ranges::any_of(all.calls, [](const told& each) { return each.end.has_value(); });
}

// What an end does to the other calls is known when it is stored: what was posted after it goes with the next commit.
// A decision about the same wait is too late and goes with this one, as a store closes no wait that has one.
void take_some(durable& r, decided& all, const std::vector<stores::inbox_item>& inbox)
{
    const std::vector<stores::wait_key>& closed = all.commit.closed_waits;
    for (const stores::inbox_item& item : inbox) {
        if (!ends_a_call(all))
            take(r, all, item);
        else if (item.wait && std::ranges::find(closed, *item.wait) != closed.end())
            all.commit.consumed_inbox.push_back(item.inbox_id);
        else
            all.has_more = true;
    }
}

void expire(durable& r, decided& all, const stores::wait_record& wait)
{
    const wait_kind kind = r.m().call(core::core_key(wait.key.call)).waits_for;
    const core::wait_facts facts = core::read_wait(wait.body);
    const core::wait_end by{"expired", {}};
    switch (facts.on_expiry) {
    case wait_expiry::fail_run:
        all.fails_run = true;
        return;
    case wait_expiry::keep:
        all.commit.waits.push_back(wait);
        all.commit.waits.back().expires_at = expiry_of(r, facts.name);
        return;
    case wait_expiry::auto_approve:
        if (kind == wait_kind::approval)
            return approve_wait(r, all, wait.key, {}, by);
        break;
    case wait_expiry::reject:
        break;
    }
    tool_end end = kind == wait_kind::unknown_outcome ? core::unknown_outcome_end() : core::expired_end();
    finish_wait(r, all, wait.key, std::move(end), by);
}

// What came to be known of calls without a decision.
decided look_at_waits(durable& r)
{
    decided all;
    const stores::time_point now = core::stored_time(r.journal.store_now());
    for (const stores::wait_record& wait : r.waits) {
        if (!waits(r, wait.key))
            continue;
        const call_key key = core::core_key(wait.key.call);
        const bool unknown = r.m().call(key).waits_for == wait_kind::unknown_outcome;
        std::optional<core::finished_call> known = unknown ? adoptable(r, key) : std::nullopt;
        if (known)
            finish_wait(r, all, wait.key, std::move(known->end), {"late_result", {}});
        else if (wait.expires_at && *wait.expires_at <= now)
            expire(r, all, wait);
    }
    return all;
}

void replace(std::vector<stores::wait_record>& waits, const stores::wait_record& by)
{
    for (stores::wait_record& wait : waits) {
        if (wait.key == by.key)
            wait = by;
    }
}

asio::awaitable<void> write(durable& r, decided all)  // borrowed: r
{
    const std::vector<stores::wait_key> closed = all.commit.closed_waits;
    const std::vector<stores::wait_record> kept = all.commit.waits;
    co_await commit(r, std::move(all.commit));
    if (all.has_more)
        r.inbox_seen = true;
    std::erase_if(r.waits, [&](const stores::wait_record& wait) {
        return std::find(closed.begin(), closed.end(), wait.key) != closed.end();
    });
    for (const stores::wait_record& wait : kept)
        replace(r.waits, wait);
    for (told& each : all.calls) {
        if (each.end) {
            r.tools.cancel(each.key);
            r.m().finish(each.key, *std::move(each.end), r.journal.now(), r.journal.now());
        }
        else {
            r.m().approve(each.key, r.journal.now(), each.how);
        }
    }
    if (!all.input.empty())
        r.m().add_input(std::move(all.input));
    for (auto& [code, text] : all.notes)
        r.m().note(std::move(code), std::move(text));
}

}  // namespace

asio::awaitable<void> write_waits(durable& r, waiting_calls calls)  // borrowed: r
{
    journal_commit what;
    std::vector<stores::wait_record> added;
    for (const auto& [key, kind] : calls) {
        what.entries.push_back(core::wait_entry(r.m().call(key).turn, key, kind));
        added.push_back(wait_of(r, key, kind));
        r.m().hold(key, kind, r.journal.now());
    }
    what.waits = added;
    co_await commit(r, std::move(what));
    r.waits.insert(r.waits.end(), added.begin(), added.end());
}

asio::awaitable<bool> take_decisions(durable& r)  // borrowed: r
{
    stores::stored_run outside = co_await r.journal.load_outside();
    r.late = std::move(outside.late);
    if (hear_cancellation(r, outside.inbox))
        co_return true;
    decided all;
    take_some(r, all, outside.inbox);
    if (outside.inbox.empty() && !r.tools.any_open())
        all = look_at_waits(r);
    if (all.fails_run) {
        journal_commit nothing;  // but the end
        co_await end_run(r, run_phase::failed, stop_reason::expired, std::move(nothing));
        co_return true;
    }
    if (outside.inbox.empty() && all.calls.empty() && all.commit.waits.empty())
        co_return false;
    try {
        co_await write(r, std::move(all));
    }
    catch (const run_changed&) {
        co_return true;  // a decision came first: it is in the inbox now
    }
    co_return true;
}

}  // namespace dedalus::handoff_engine
