#include <dedalus/error.hpp>
#include <dedalus/handoff/run_inbox.hpp>

#include "handoff/checkpoint_head.hpp"
#include "handoff/decision.hpp"
#include "handoff/identifiers.hpp"
#include "handoff/issue_tokens.hpp"
#include "handoff/run_records.hpp"

#include <algorithm>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <variant>

namespace dedalus {

namespace asio = boost::asio;

namespace {

namespace core = handoff_core;

/// A run without its log.
asio::awaitable<stores::stored_run> load_waits(std::shared_ptr<run_store> store, std::string run_id)
{
    stores::load_request request;
    request.run_id = std::move(run_id);
    request.from_seq = std::numeric_limits<std::int64_t>::max();
    stores::load_result loaded = co_await store->load(std::move(request));
    co_return std::move(loaded.run);
}

bool is_open(const stores::wait_record& wait)
{
    return wait.decided_by.empty();
}

waiting_call to_waiting_call(const std::string& run_id, const stores::wait_record& wait, wait_kind kind)
{
    core::wait_facts facts = core::read_wait(wait.body);
    waiting_call call;
    call.run_id = run_id;
    call.call_id = wait.key.call.call_id;
    call.occurrence = static_cast<int>(wait.key.call.occurrence);
    call.name = std::move(facts.name);
    call.arguments = std::move(facts.arguments);
    call.summary = std::move(facts.summary);
    call.fingerprint = wait.fingerprint;
    call.kind = kind;
    call.decisions = core::allowed_decisions(facts.decisions, kind);
    call.since = facts.since;
    if (wait.expires_at)
        call.expires_at = *wait.expires_at;
    return call;
}

/// What somebody who decides says of himself.
struct decider
{
    std::string token{};        ///< empty: the store is at hand
    std::string fingerprint{};  ///< empty: of the call as it is
    std::string inbox_id{};     ///< empty: any
};

std::string id_of(decider& who)
{
    return who.inbox_id.empty() ? handoff_engine::make_inbox_id() : std::move(who.inbox_id);
}

// A call waits for one thing at a time, so that its latest open wait is the one meant; a decided one tells who was
// too late. What may come for the second time is about the wait that it was about, although the call waits for
// something else by now.
const stores::wait_record*
find_wait(const stores::stored_run& run, const std::string& call_id, const decider& who, core::decision::kind what)
{
    const stores::wait_record* found = nullptr;
    for (const stores::wait_record& wait : run.waits) {
        if (wait.key.call.call_id != call_id || (!who.fingerprint.empty() && wait.fingerprint != who.fingerprint))
            continue;
        const std::optional<wait_kind> kind = core::to_wait_kind(wait.key.kind);
        if (!who.inbox_id.empty() && (!kind || !core::may_decide(what, *kind)))
            continue;
        if (found == nullptr || is_open(wait) || !is_open(*found))
            found = &wait;
    }
    return found;
}

asio::awaitable<stores::post_outcome>
post(std::shared_ptr<run_store> store, std::string run_id, std::string call_id, core::decision decision, decider who)
{
    const stores::stored_run run = co_await load_waits(store, run_id);
    const stores::wait_record* wait = find_wait(run, call_id, who, decision.what);
    const std::optional<wait_kind> kind = wait == nullptr ? std::nullopt : core::to_wait_kind(wait->key.kind);
    // A token is for one call.
    const bool goes_too_far = decision.what == core::decision::kind::approve_always && !who.token.empty();
    if (!kind || !core::may_decide(decision.what, *kind) || goes_too_far)
        co_return stores::post_outcome::refused;
    const core::wait_facts facts = core::read_wait(wait->body);
    const std::vector<wait_decision> allowed = core::allowed_decisions(facts.decisions, *kind);
    if (!core::is_allowed(decision.what, allowed))
        co_return stores::post_outcome::not_allowed;
    stores::post_request request;
    request.run_id = std::move(run_id);
    request.inbox_id = id_of(who);
    request.wait = wait->key;
    request.fingerprint = wait->fingerprint;
    request.trusted = who.token.empty();
    request.token = std::move(who.token);
    request.kind = core::decision_name(decision.what);
    request.body = core::decision_body(decision);
    co_return co_await store->post(std::move(request));
}

asio::awaitable<stores::post_outcome>
order(std::shared_ptr<run_store> store, std::string run_id, core::decision decision, decider who)
{
    if (!who.token.empty())
        co_return stores::post_outcome::refused;
    stores::post_request request;
    request.run_id = std::move(run_id);
    request.inbox_id = id_of(who);
    request.kind = core::decision_name(decision.what);
    request.body = core::decision_body(decision);
    co_return co_await store->post(std::move(request));
}

core::decision decide(core::decision::kind what)
{
    core::decision decision;
    decision.what = what;
    return decision;
}

void check_input(const std::vector<message>& messages)
{
    const bool right = std::ranges::all_of(messages, [](const message& each) {
        return std::holds_alternative<user_message>(each) || std::holds_alternative<system_message>(each) ||
               std::holds_alternative<developer_message>(each);
    });
    if (!right || messages.empty())
        throw invalid_request_error("only messages of users, systems and developers can be added to a run");
}

// The end of a run closes no wait: there is nothing left to decide on.
asio::awaitable<std::vector<waiting_call>> waits_of(std::shared_ptr<run_store> store, std::string run_id)
{
    const stores::stored_run run = co_await load_waits(store, run_id);
    std::vector<waiting_call> result;
    if (is_terminal(run.head.phase))
        co_return result;
    for (const stores::wait_record& wait : run.waits) {
        const std::optional<wait_kind> kind = core::to_wait_kind(wait.key.kind);
        if (kind && is_open(wait))
            result.push_back(to_waiting_call(run_id, wait, *kind));
    }
    co_return result;
}

asio::awaitable<std::vector<waiting_call>> waits_with_tokens(std::shared_ptr<run_store> store, std::string run_id)
{
    std::function<std::string()> make_token = handoff_engine::make_wait_token;
    const std::map<stores::wait_key, std::string> tokens =
        co_await handoff_engine::issue_tokens(store, run_id, std::move(make_token));
    std::vector<waiting_call> calls = co_await waits_of(store, std::move(run_id));
    std::erase_if(calls, [&tokens](waiting_call& call) {
        const stores::call_key key{call.call_id, call.occurrence};
        const auto token = tokens.find({key, std::string(core::wait_name(call.kind))});
        if (token != tokens.end())
            call.token = token->second;
        return token == tokens.end();
    });
    co_return calls;
}

// By age; a run that changes its phase meanwhile is there once.
using runs_by_age = std::set<std::pair<stores::time_point, std::string>>;

asio::awaitable<runs_by_age> runs_in(std::shared_ptr<run_store> store, run_phase phase)
{
    runs_by_age found;
    stores::list_query query;
    query.phase = phase;
    do {
        stores::list_page page = co_await store->list(query);
        for (stores::run_summary& run : page.runs)
            found.emplace(run.created_at, std::move(run.run_id));
        query.cursor = std::move(page.next);
    } while (!query.cursor.empty());
    co_return found;
}

// Calls wait while others of their turn run, too.
asio::awaitable<std::vector<waiting_call>> all_waits(std::shared_ptr<run_store> store)
{
    runs_by_age runs = co_await runs_in(store, run_phase::executing);
    runs_by_age suspended = co_await runs_in(store, run_phase::suspended);
    runs.merge(suspended);
    std::vector<waiting_call> result;
    for (const auto& [since, id] : runs) {
        const std::vector<waiting_call> calls = co_await waits_of(store, id);
        result.insert(result.end(), calls.begin(), calls.end());
    }
    co_return result;
}

// Whether what is added could be sent; of a run that has ended the store knows better.
bool takes_input(const stores::stored_run& run)
{
    if (run.rev == 0)
        return false;
    const core::checkpoint_budget budget = core::decode_head(run.head.bytes).budget;
    return budget.spent < budget.limit || is_terminal(run.head.phase);
}

asio::awaitable<stores::post_outcome>
post_input(std::shared_ptr<run_store> store, std::string run_id, core::decision decision, decider who)
{
    const stores::stored_run run = co_await load_waits(store, run_id);
    if (!takes_input(run))
        co_return stores::post_outcome::refused;
    co_return co_await order(std::move(store), std::move(run_id), std::move(decision), std::move(who));
}

}  // namespace

run_inbox::run_inbox(std::shared_ptr<run_store> store) : store_(std::move(store))
{
    if (!store_)
        throw config_error("a run_inbox needs a store");
}

run_inbox run_inbox::with_token(std::string token) const
{
    if (token.empty())
        throw config_error("an empty token is nobody's");
    run_inbox result = *this;
    result.token_ = std::move(token);
    return result;
}

run_inbox run_inbox::with_fingerprint(std::string fingerprint) const
{
    run_inbox result = *this;
    result.fingerprint_ = std::move(fingerprint);
    return result;
}

run_inbox run_inbox::with_id(std::string inbox_id) const
{
    if (inbox_id.empty())
        throw config_error("an empty id names nothing");
    run_inbox result = *this;
    result.id_ = std::move(inbox_id);
    return result;
}

asio::awaitable<stores::post_outcome> run_inbox::approve(std::string run_id, std::string call_id) const
{
    core::decision decision = decide(core::decision::kind::approve);
    return post(store_, std::move(run_id), std::move(call_id), std::move(decision), {token_, fingerprint_, id_});
}

asio::awaitable<stores::post_outcome> run_inbox::approve_always(std::string run_id, std::string call_id) const
{
    core::decision decision = decide(core::decision::kind::approve_always);
    return post(store_, std::move(run_id), std::move(call_id), std::move(decision), {token_, fingerprint_, id_});
}

asio::awaitable<stores::post_outcome>
run_inbox::approve_edited(std::string run_id, std::string call_id, boost::json::object arguments) const
{
    core::decision decision = decide(core::decision::kind::edit);
    decision.arguments = std::move(arguments);
    return post(store_, std::move(run_id), std::move(call_id), std::move(decision), {token_, fingerprint_, id_});
}

asio::awaitable<stores::post_outcome>
run_inbox::reject(std::string run_id, std::string call_id, std::string reason) const
{
    core::decision decision = decide(core::decision::kind::reject);
    decision.text = std::move(reason);
    return post(store_, std::move(run_id), std::move(call_id), std::move(decision), {token_, fingerprint_, id_});
}

asio::awaitable<stores::post_outcome> run_inbox::reject(std::string run_id, std::string call_id) const
{
    return reject(std::move(run_id), std::move(call_id), std::string());
}

asio::awaitable<stores::post_outcome>
run_inbox::provide_result(std::string run_id, std::string call_id, boost::json::value result) const
{
    core::decision decision = decide(core::decision::kind::result);
    decision.value = std::move(result);
    return post(store_, std::move(run_id), std::move(call_id), std::move(decision), {token_, fingerprint_, id_});
}

asio::awaitable<stores::post_outcome>
run_inbox::provide_error(std::string run_id, std::string call_id, std::string text) const
{
    core::decision decision = decide(core::decision::kind::error);
    decision.text = std::move(text);
    return post(store_, std::move(run_id), std::move(call_id), std::move(decision), {token_, fingerprint_, id_});
}

asio::awaitable<stores::post_outcome> run_inbox::cancel_call(std::string run_id, std::string call_id) const
{
    core::decision decision = decide(core::decision::kind::cancel_call);
    decision.text = std::move(call_id);
    return order(store_, std::move(run_id), std::move(decision), {token_, {}, id_});
}

asio::awaitable<stores::post_outcome> run_inbox::cancel_run(std::string run_id) const
{
    return order(store_, std::move(run_id), decide(core::decision::kind::cancel_run), {token_, {}, id_});
}

asio::awaitable<stores::post_outcome>
run_inbox::add_input(std::string run_id, const std::vector<message>& messages) const
{
    check_input(messages);
    core::decision decision = decide(core::decision::kind::add_input);
    decision.messages = messages;
    return post_input(store_, std::move(run_id), std::move(decision), {token_, {}, id_});
}

asio::awaitable<std::vector<waiting_call>> run_inbox::list_waiting(std::string run_id) const
{
    return waits_of(store_, std::move(run_id));
}

asio::awaitable<std::vector<waiting_call>> run_inbox::renew_tokens(std::string run_id) const
{
    if (!token_.empty())
        throw config_error("only who has the store can renew tokens");
    return waits_with_tokens(store_, std::move(run_id));
}

asio::awaitable<std::vector<waiting_call>> run_inbox::list_waiting() const
{
    return all_waits(store_);
}

}  // namespace dedalus
