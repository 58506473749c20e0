#include "handoff/durable_head.hpp"

#include <dedalus/json.hpp>
#include <dedalus/version.hpp>

#include "crypto/sha256.hpp"
#include "handoff/record_names.hpp"
#include "handoff/utc_time.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/value_from.hpp>

#include <algorithm>
#include <utility>

namespace dedalus::handoff_engine {

namespace core = handoff_core;

namespace {

constexpr std::size_t most_toolset_bytes = std::size_t{4} * 1024;
constexpr std::size_t most_wait_bytes = std::size_t{4} * 1024;
constexpr std::size_t most_request_bytes = 1024;
constexpr std::size_t most_connection_bytes = 512;
constexpr std::size_t wait_overhead_bytes = 320;  // of names, fingerprint, hash of a token and a time
constexpr std::size_t most_session_bytes = 1024;
constexpr std::size_t schema_digits = 16;  // enough to see a change; a head is written with each commit

std::string schema_sha256(const std::vector<tool>& tools, const std::string& name)
{
    for (const tool& one : tools) {
        const auto* function = std::get_if<function_tool>(&one);
        if (function != nullptr && function->function.name == name)
            return crypto::sha256_hex(boost::json::serialize(boost::json::value_from(function->function)))
                .substr(0, schema_digits);
    }
    return {};
}

boost::json::array toolset_of(const core::run_definition& definition)
{
    boost::json::array tools;
    for (const auto& [name, effect] : definition.tools) {
        boost::json::object tool{{"name", name}, {"effect", to_string(effect)}};
        if (std::string schema = schema_sha256(definition.request.tools, name); !schema.empty())
            tool["schema_sha256"] = std::move(schema);
        tools.push_back(std::move(tool));
    }
    if (boost::json::serialize(tools).size() > most_toolset_bytes)
        return {};
    return tools;
}

// Model and parameters. What is long is a text, and stands in the log.
boost::json::object parameters_of(chat_completion_request request)
{
    const std::string tools = boost::json::serialize(boost::json::value_from(request.tools));
    request.messages.clear();
    request.tools.clear();
    request.extra.clear();
    boost::json::object members = boost::json::value_from(request).as_object();
    for (const char* name :
         {"messages",
          "tools",
          "functions",
          "mcp_servers",
          "system_instruction",
          "prediction",
          "credentials",
          "deferred_calls",
          "correlation_id"})
        members.erase(name);
    members["tools_ref"] = crypto::sha256_hex(tools).substr(0, schema_digits);
    if (boost::json::serialize(members).size() > most_request_bytes)
        return {};
    return members;
}

// What a process has to have to go on with the run. The key of the API it has always to have.
boost::json::object needs_of(const core::run_definition& definition)
{
    boost::json::object needs{{"api_key", true}};
    if (!definition.needs_credentials)
        return needs;
    boost::json::array names(definition.connections.begin(), definition.connections.end());
    if (boost::json::serialize(names).size() > most_connection_bytes)
        names.clear();
    needs["credentials"] = std::move(names);
    return needs;
}

boost::json::object profile_of(const core::run_definition& definition)
{
    boost::json::object profile = core::profile_object(definition.profile);
    profile["extensions"] = definition.extensions ? "dedalus" : "none";
    profile["dialect"] = core::dialect_names.name_of(definition.dialect);
    return profile;
}

const stores::wait_record* wait_named(const std::vector<stores::wait_record>& waits, const stores::wait_key& key)
{
    const auto found = std::find_if(waits.rbegin(), waits.rend(), [&](const auto& wait) { return wait.key == key; });
    return found == waits.rend() ? nullptr : &*found;
}

// The calls that wait once the commit is done.
std::vector<stores::wait_record> open_waits(durable& r, const journal_commit& what)
{
    std::vector<stores::wait_record> open;
    std::size_t bytes = 0;
    for (const call_key& key : r.m().open_keys()) {
        const core::call_record& call = r.m().call(key);
        if (call.state != core::call_state::waiting)
            continue;
        stores::wait_key wait_key{core::stored_key(key), std::string(core::wait_name(call.waits_for))};
        const auto closed = std::find(what.closed_waits.begin(), what.closed_waits.end(), wait_key);
        const stores::wait_record* wait = wait_named(what.waits, wait_key);
        if (wait == nullptr)
            wait = wait_named(r.waits, wait_key);
        if (closed != what.closed_waits.end() || wait == nullptr)
            continue;
        bytes += key.call_id.size() + wait_overhead_bytes;
        if (bytes > most_wait_bytes)
            break;
        open.push_back(*wait);
    }
    return open;
}

void describe_calls(durable& r, const journal_commit& what, core::checkpoint_head& head)
{
    const std::optional<logged_answer> answer = r.journal.last_answer(what.entries);
    if (answer && answer->has_deferred && r.m().has_deferred())
        head.deferred_seq = answer->seq;
    if (!r.m().calls_open())
        return;
    if (answer)
        head.plan_seq = answer->seq;
    head.waits = open_waits(r, what);
}

void describe_budget(durable& r, core::checkpoint_head& head)
{
    const turn_account& turns = r.m().turns();
    head.budget.limit = turns.limit;
    // A server may have used more than it was allowed to; only a run that has ended says so.
    head.budget.spent = is_terminal(head.phase) ? turns.spent() : std::min(turns.spent(), turns.limit);
    head.budget.per_request_cap = r.definition.request.max_turns;
    head.budget.assumed = turns.assumed;
    head.budget.charged_unknown = turns.charged_unknown;
    if (head.phase != run_phase::sending)
        return;
    head.attempt = r.attempt;
    head.budget.reserved = r.m().sent().reserved;
}

}  // namespace

run_phase phase_of(const core::run_machine& machine)
{
    if (machine.ended())
        return machine.report().phase();
    if (machine.calls_open())
        return run_phase::executing;
    return machine.sending() ? run_phase::sending : run_phase::ready;
}

void describe(durable& r, journal_commit& what)
{
    core::checkpoint_head head = r.head;
    head.phase = what.head.phase;
    head.wakeup_at = what.head.wakeup_at;
    head.turn = r.m().turn();
    if (r.m().correlation_id().size() <= most_session_bytes)
        head.correlation_id = r.m().correlation_id();
    describe_budget(r, head);
    describe_calls(r, what, head);
    for (const std::string& name : r.m().always_approved())
        head.sticky.push_back(boost::json::object{{"tool", name}});
    const std::string reason(to_string(r.m().report().reason()));
    if (head.phase == run_phase::suspended) {
        const std::string since = core::to_utc_text(core::stored_time(r.journal.now()));
        head.suspended = boost::json::object{{"reason", reason}, {"since", since}};
        if (head.expires_at && (!head.wakeup_at || *head.expires_at < *head.wakeup_at))
            head.wakeup_at = head.expires_at;
    }
    else if (is_terminal(head.phase)) {
        head.stop_reason = reason;
    }
    what.head = std::move(head);
}

core::checkpoint_head head_of(const core::run_definition& definition, const std::string& run_id)
{
    core::checkpoint_head head;
    head.writer = writer_of_heads();
    head.run_id = run_id;
    head.labels = definition.labels;
    head.budget.limit = definition.max_turns;
    head.profile = profile_of(definition);
    head.request = parameters_of(definition.request);
    head.toolset = toolset_of(definition);
    head.needs = needs_of(definition);
    head.must_understand = core::demands_of(definition);
    if (definition.expires_at)
        head.expires_at = core::stored_time(*definition.expires_at);
    return head;
}

void keep(core::checkpoint_head& head, const core::checkpoint_head& loaded)
{
    head.minor = loaded.minor;
    head.parent_run = loaded.parent_run;
    head.labels = loaded.labels;
    head.extra = loaded.extra;
    for (const std::string& what : loaded.must_understand)
        core::demand(head, what);
    for (boost::json::object core::checkpoint_head::*member :
         {&core::checkpoint_head::profile, &core::checkpoint_head::request, &core::checkpoint_head::needs})
    {
        if (!(loaded.*member).empty())
            head.*member = loaded.*member;
    }
}

boost::json::object writer_of_heads()
{
    return {{"sdk", "dedalus-cpp"}, {"version", DEDALUS_VERSION_STRING}};
}

}  // namespace dedalus::handoff_engine
