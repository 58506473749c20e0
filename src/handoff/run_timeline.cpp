#include <dedalus/handoff/run_timeline.hpp>
#include <dedalus/json.hpp>

#include "codec/parse_json.hpp"
#include "handoff/checkpoint_head.hpp"
#include "handoff/member_reader.hpp"
#include "handoff/rebuild.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value_from.hpp>
#include <boost/system/error_code.hpp>

#include <algorithm>
#include <map>
#include <utility>

namespace dedalus {

namespace core = handoff_core;
namespace json = boost::json;

namespace {

json::object body_of(const stores::log_entry& entry)
{
    boost::system::error_code failure;
    json::value body = codec::parse_json(entry.body, failure);
    if (failure.failed() || !body.is_object())
        throw store_error(store_errc::damaged, "a log entry that is no JSON object");
    return std::move(body.get_object());
}

/// Turns the log into requests and waits.
class log_reader
{
public:
    explicit log_reader(run_timeline& to) : to_(to) {}

    void read(const stores::log_entry& entry)
    {
        if (entry.kind == "intent")
            begin_request(entry);
        else if (core::is_answer(entry.kind))
            end_request(entry, request_outcome::answered);
        else if (entry.kind == "http_error")
            end_request(entry, request_outcome::refused);
        else if (entry.kind == "send_unknown")
            end_request(entry, request_outcome::unknown);
        else if (entry.kind == "call_wait")
            begin_wait(entry);
        else if (entry.kind == "call_decision")
            end_wait(entry);
    }

    std::map<core::call_key, std::vector<timeline_wait>> waits;

private:
    void begin_request(const stores::log_entry& entry)
    {
        core::member_reader in(body_of(entry));
        timeline_request& request = to_.requests.emplace_back();
        request.turn = static_cast<int>(entry.turn);
        request.attempt = static_cast<int>(in.required_integer("attempt", 1));
        request.reserved = in.required_integer("cap");
        request.fence = entry.fence;
        request.sent = entry.at;
    }

    void end_request(const stores::log_entry& entry, request_outcome outcome)
    {
        if (to_.requests.empty())
            core::member_reader::fail("log");
        core::member_reader in(body_of(entry));
        timeline_request& request = to_.requests.back();
        request.ended = entry.at;
        request.outcome = outcome;
        request.status = static_cast<int>(in.integer("status").value_or(0));
    }

    static core::call_key key_of(core::member_reader& in)
    {
        std::string call_id = in.required_text("call");
        return {std::move(call_id), static_cast<int>(in.required_integer("occurrence"))};
    }

    void begin_wait(const stores::log_entry& entry)
    {
        core::member_reader in(body_of(entry));
        std::vector<timeline_wait>& known = waits[key_of(in)];
        const wait_kind kind = core::to_wait_kind(in.required_text("kind")).value_or(wait_kind::approval);
        if (!known.empty() && !known.back().ended && known.back().kind == kind)
            return;  // it goes on waiting: tool_options::on_expiry
        timeline_wait& wait = known.emplace_back();
        wait.kind = kind;
        wait.since = entry.at;
    }

    void end_wait(const stores::log_entry& entry)
    {
        core::member_reader in(body_of(entry));
        std::vector<timeline_wait>& known = waits[key_of(in)];
        if (known.empty())
            return;
        known.back().ended = entry.at;
        known.back().approved = in.boolean("approved").value_or(false);
        known.back().by = in.text("by").value_or("");
    }

    run_timeline& to_;
};

std::map<core::call_key, std::vector<timeline_attempt>> read_attempts(const std::vector<stores::call_record>& records)
{
    std::map<core::call_key, std::vector<timeline_attempt>> all;
    for (const stores::call_record& record : records) {
        std::vector<timeline_attempt>& attempts = all[core::core_key(record.key)];
        if (record.kind == stores::call_record_kind::start)
            attempts.push_back({record.fence, record.at, false});
        else if (record.kind == stores::call_record_kind::abandon && !attempts.empty())
            attempts.back().abandoned = true;
    }
    return all;
}

timeline_call_state state_of(const core::call_record& record, const core::facts_by_call& facts)
{
    if (record.state == core::call_state::finished)
        return timeline_call_state::finished;
    if (record.state == core::call_state::waiting)
        return timeline_call_state::waiting;
    const auto known = facts.find(record.key);
    const bool started = known != facts.end() && known->second.open;
    return started ? timeline_call_state::started : timeline_call_state::planned;
}

std::vector<timeline_call> read_timeline_calls(
    const stores::stored_run& run,
    const core::run_definition& definition,
    const core::run_machine& machine,
    const core::facts_by_call& facts,
    std::map<core::call_key, std::vector<timeline_wait>> waits
)
{
    std::map<core::call_key, std::vector<timeline_attempt>> attempts = read_attempts(run.calls);
    std::vector<timeline_call> calls;
    for (const core::call_record& record : machine.calls()) {
        timeline_call& call = calls.emplace_back();
        call.result = core::to_tool_result(record);
        call.occurrence = record.key.occurrence;
        const auto tool =
            std::ranges::find(definition.tools, record.request.name, [](const auto& t) { return t.first; });
        if (tool != definition.tools.end())
            call.effect = tool->second;
        call.state = state_of(record, facts);
        call.attempts = std::move(attempts[record.key]);
        call.waits = std::move(waits[record.key]);
    }
    return calls;
}

stop_reason reason_named(std::string_view name)
{
    for (int i = 0; i <= static_cast<int>(stop_reason::held); ++i) {
        if (to_string(static_cast<stop_reason>(i)) == name)
            return static_cast<stop_reason>(i);
    }
    return stop_reason::stopped;  // one of a newer version
}

std::string model_text(const model_selection& model)
{
    const json::value value = json::value_from(model);
    return value.is_string() ? std::string(value.get_string()) : json::serialize(value);
}

void read_head(run_timeline& timeline, core::checkpoint_head head)
{
    timeline.labels = std::move(head.labels);
    timeline.wakeup_at = head.wakeup_at;
    timeline.result.phase = head.phase;
    if (!head.suspended)
        return;
    core::member_reader in(*std::move(head.suspended));
    timeline.result.stop_reason = reason_named(in.text("reason").value_or(""));
    timeline.suspended_since = in.time("since");
}

}  // namespace

run_timeline timeline_of(const stores::stored_run& run)
{
    core::checkpoint_head head = core::read_checkpoint(run);
    if (run.entries.empty())
        core::member_reader::fail("log");
    const core::run_definition definition = core::read_definition(run.entries.front());
    const core::facts_by_call facts = core::read_calls(run);
    core::run_machine machine = core::rebuild_machine(run, definition, facts);

    run_timeline timeline;
    timeline.result = machine.result();
    timeline.result.resumes = static_cast<int>(std::max<std::int64_t>(0, run.fence - 1));
    core::add_wait_facts(timeline.result.waiting, run.waits);
    read_head(timeline, std::move(head));
    timeline.model = model_text(definition.request.model);
    timeline.begun = run.entries.front().at;
    timeline.changed = run.entries.back().at;
    for (const stores::call_record& record : run.calls)
        timeline.changed = std::max(timeline.changed, record.at);

    log_reader log(timeline);
    for (const stores::log_entry& entry : run.entries)
        log.read(entry);
    timeline.calls = read_timeline_calls(run, definition, machine, facts, std::move(log.waits));
    return timeline;
}

}  // namespace dedalus
