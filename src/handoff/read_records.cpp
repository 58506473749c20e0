// The reading half of run_records.hpp.

#include <dedalus/json.hpp>
#include <dedalus/stores/store_error.hpp>

#include "codec/decode_chat.hpp"
#include "codec/parse_json.hpp"
#include "codec/raw_json.hpp"
#include "crypto/sha256.hpp"
#include "handoff/decision.hpp"
#include "handoff/exchange_failure.hpp"
#include "handoff/member_reader.hpp"
#include "handoff/record_names.hpp"
#include "handoff/run_records.hpp"
#include "handoff/utc_time.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <boost/json/value_to.hpp>
#include <boost/system/error_code.hpp>

#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>

namespace dedalus::handoff_core {

namespace json = boost::json;

namespace {

[[noreturn]] void damaged(const char* what)
{
    throw store_error(store_errc::damaged, what);
}

time_point moment_of(std::int64_t micros, std::string_view name)
{
    const stores::time_point time{std::chrono::microseconds(micros)};
    if (!is_time_of_system(time))
        member_reader::fail(name);
    return time;
}

time_point moment(member_reader& body, std::string_view name)
{
    return moment_of(body.required_integer(name), name);
}

call_key named(member_reader& body)
{
    std::string id = body.required_text("call");
    return {std::move(id), body.required_int("occurrence")};
}

// Of the ways to end, those that the answers alone do not tell.
stop_reason to_stop_reason(std::string_view name) noexcept
{
    for (const stop_reason reason :
         {stop_reason::budget,
          stop_reason::protocol_error,
          stop_reason::cancelled,
          stop_reason::unknown_tool_outcome,
          stop_reason::expired,
          stop_reason::session_lost,
          stop_reason::tool_fatal})
    {
        if (to_string(reason) == name)
            return reason;
    }
    return stop_reason::error;
}

request_answered read_answer(const stores::log_entry& entry)
{
    member_reader body = read_object(entry.body);
    request_answered event;
    event.answer = codec::decode_chat_completion(entry.raw);
    event.answer.info.status = body.required_int("status");
    event.answer.info.request_id = body.required_text("request_id");
    event.at = entry.at;
    return event;
}

call_held read_held(member_reader body, time_point at)
{
    const std::optional<wait_kind> kind = to_wait_kind(body.required_text("kind"));
    if (!kind)
        damaged("a call of the run waits for something that is not known");
    return call_held{named(body), *kind, at};
}

std::optional<log_event> read_decided(member_reader body, time_point at)
{
    if (!body.required_boolean("approved"))
        return {};  // the finish record of the call says how it ended
    call_approved event;
    event.at = at;
    event.key = named(body);
    event.how.always = body.boolean("always").value_or(false);
    event.how.arguments = body.object("arguments");
    return event;
}

run_ended read_end(const stores::log_entry& entry)
{
    member_reader body = read_object(entry.body);
    run_ended event;
    event.reason = to_stop_reason(body.required_text("stop_reason"));
    event.phase = to_run_phase(body.required_text("phase")).value_or(run_phase::failed);
    event.at = entry.at;
    return event;
}

// Other notes are for whoever reads the log.
std::optional<log_event> read_note(member_reader body)
{
    noted event;
    event.code = body.text("code").value_or("");
    event.text = body.text("text").value_or("");
    if (event.code.empty())
        return {};
    return event;
}

// Bytes that the member names; nothing when it is absent.
std::optional<std::string> blob_named(member_reader& body, std::string_view member, const stores::blob_map& blobs)
{
    const std::optional<std::string> name = body.text(member);
    if (!name)
        return {};
    return blob_of(blobs, *name);
}

std::string read_content(member_reader& body, const stores::blob_map& blobs)
{
    std::optional<std::string> blob = blob_named(body, "text_blob", blobs);
    return blob ? *std::move(blob) : body.required_text("text");
}

// What is not there is the content, unless that was cut.
json::value read_value(member_reader& body, const std::string& content, const stores::blob_map& blobs)
{
    boost::system::error_code ec;
    const bool is_json = body.boolean("is_json").value_or(false);
    if (const std::optional<std::string> blob = blob_named(body, "value_blob", blobs))
        return codec::parse_json(*blob, ec);
    json::object rest = body.rest();
    if (json::value* value = rest.if_contains("value"))
        return std::move(*value);
    return is_json ? codec::parse_json(content, ec) : json::value(content);
}

// A result of which only that is stored.
std::optional<unstored_text> read_unstored(member_reader& body)
{
    std::optional<std::string> sha256 = body.text("text_sha256");
    if (!sha256)
        return {};
    return unstored_text{*std::move(sha256), body.required_integer("text_bytes")};
}

finished_call read_finish_members(member_reader body, const stores::blob_map& blobs)
{
    finished_call result;
    result.entered = moment(body, "entered_us");
    const std::optional<tool_outcome> outcome = outcome_names.value_of(body.required_text("outcome"));
    if (!outcome)
        damaged("a call of the run ended in a way that is not known");
    result.end.outcome = *outcome;
    result.end.unstored = read_unstored(body);
    if (const std::optional<unstored_text>& gone = result.end.unstored)
        result.end.content = "[not stored: " + std::to_string(gone->bytes) + " bytes, SHA-256 " + gone->sha256 + "]";
    else
        result.end.content = read_content(body, blobs);
    result.end.kind = body.text("kind").value_or("");
    result.end.outcome_known = body.boolean("outcome_known").value_or(true);
    result.end.note = body.text("note");
    if (result.end.outcome != tool_outcome::ok || result.end.unstored)
        return result;
    result.end.value = read_value(body, result.end.content, blobs);
    return result;
}

void read_toolset(run_definition& definition, json::array list)
{
    for (json::value& one : list) {
        if (!one.is_object())
            member_reader::fail("toolset");
        member_reader tool(std::move(one.get_object()));
        std::string name = tool.required_text("name");
        // A name that is not known is one of a newer version: the strictest class.
        const tool_effect effect = effect_names.value_of(tool.required_text("effect")).value_or(tool_effect::once);
        if (tool.boolean("run_anyway").value_or(false))
            definition.rules.run_anyway.insert(name);
        definition.tools.emplace_back(std::move(name), effect);
    }
}

template <class Names, class Rule>
void read_rule(member_reader& body, std::string_view name, const Names& names, Rule& rule)
{
    const std::optional<std::string> text = body.text(name);
    if (!text)
        return;
    const std::optional<Rule> known = names.value_of(*text);
    if (!known)
        member_reader::fail(name);
    rule = *known;
}

scheduling_rules read_scheduling(member_reader body)
{
    scheduling_rules rules;
    read_rule(body, "unknown_dependency", unknown_dependency_names, rules.unknown_dependency);
    read_rule(body, "cycle", cycle_names, rules.cycle);
    read_rule(body, "deferred_dependency", deferred_dependency_names, rules.deferred_dependency);
    read_rule(body, "unknown_tool", bad_call_names, rules.unknown_tool);
    read_rule(body, "invalid_arguments", bad_call_names, rules.invalid_arguments);
    return rules;
}

std::vector<std::string> read_texts(std::string_view name, const json::array& list)
{
    std::vector<std::string> texts;
    for (const json::value& one : list) {
        if (!one.is_string())
            member_reader::fail(name);
        texts.emplace_back(one.get_string());
    }
    return texts;
}

// What an older run does not say is as it was then.
wire_profile read_profile(member_reader body)
{
    wire_profile profile;
    profile.deferred_in_assistant = body.boolean("deferred_in_assistant").value_or(true);
    profile.server_results_as_tool_messages = body.boolean("server_results_as_tool_messages").value_or(true);
    profile.correlation_id_lasts = body.boolean("correlation_id_lasts").value_or(true);
    profile.accept_missing_end = body.boolean("accept_missing_end").value_or(false);
    profile.partial_answers = body.boolean("partial_answers").value_or(false);
    read_rule(body, "send_max_turns", sent_turns_names, profile.send_max_turns);
    return profile;
}

}  // namespace

run_definition read_definition(const stores::log_entry& entry)
{
    if (entry.kind != "input")
        damaged("the log of the run does not begin with its request");
    constexpr int most = std::numeric_limits<int>::max();
    member_reader body = read_object(entry.body);
    run_definition result;
    result.request = json::value_to<chat_completion_request>(json::value(body.required_object("request")));
    result.request.deferred_calls_raw = entry.raw;
    result.max_turns = body.required_integer("max_turns", 1, most);
    result.max_concurrency = static_cast<std::size_t>(body.required_integer("max_concurrency", 1, most));
    result.max_result_bytes = static_cast<std::size_t>(body.required_integer("max_result_bytes"));
    result.extensions = body.required_boolean("extensions");
    result.dialect = dialect_names.value_of(body.text("dialect").value_or("")).value_or(dialect::dedalus);
    result.needs_credentials = body.required_boolean("needs_credentials");
    result.connections = read_texts("connections", body.array("connections").value_or(json::array()));
    for (const auto& [name, value] : body.object("labels").value_or(json::object()))
        result.labels.emplace(name, value.is_string() ? std::string(value.get_string()) : std::string());
    if (const std::optional<std::int64_t> expires = body.integer("expires_at_us"))
        result.expires_at = moment_of(*expires, "expires_at_us");
    if (std::optional<json::object> profile = body.object("profile"))
        result.profile = read_profile(member_reader(*std::move(profile)));
    result.ids_from = body.text("ids_from").value_or("");
    if (const std::optional<std::int64_t> calls = body.integer("max_calls", 1))
        result.limits.max_calls = static_cast<std::size_t>(*calls);
    if (const std::optional<std::int64_t> edges = body.integer("max_dependencies", 1))
        result.limits.max_edges = static_cast<std::size_t>(*edges);
    if (std::optional<json::object> scheduling = body.object("scheduling"))
        result.rules.of_run = read_scheduling(member_reader(*std::move(scheduling)));
    read_toolset(result, body.required_array("toolset"));
    return result;
}

std::optional<stored_intent> last_intent(const std::vector<stores::log_entry>& entries)
{
    const auto found = std::find_if(entries.rbegin(), entries.rend(), [](const stores::log_entry& entry) {
        return entry.kind == "intent";
    });
    if (found == entries.rend())
        return {};
    member_reader body = read_object(found->body);
    stored_intent result;
    result.turn = static_cast<int>(found->turn);
    result.epoch = body.required_int("epoch");
    result.cap = body.required_integer("cap");
    result.sha256 = body.required_text("sha256");
    result.streamed = body.boolean("stream");
    return result;
}

std::optional<log_event> read_event(const stores::log_entry& entry)
{
    if (entry.kind == "intent")
        return request_sent{static_cast<int>(entry.turn), read_object(entry.body).required_integer("cap"), entry.at};
    if (is_answer(entry.kind))
        return read_answer(entry);
    if (entry.kind == "send_unknown")
        return request_lost{read_object(entry.body).required_text("why") == why_unreadable};
    if (entry.kind == "http_error") {
        const std::string then = read_object(entry.body).required_text("then");
        return request_refused{refusal_names.value_of(then).value_or(refusal_kind::final)};
    }
    if (entry.kind == "call_wait")
        return read_held(read_object(entry.body), entry.at);
    if (entry.kind == "call_decision")
        return read_decided(read_object(entry.body), entry.at);
    if (entry.kind == "note")
        return read_note(read_object(entry.body));
    if (entry.kind == "end")
        return read_end(entry);
    if (entry.kind == "input" && entry.seq > 1)
        return input_added{read_messages(read_object(entry.body).required_array("messages"))};
    return {};
}

facts_by_call read_calls(const stores::stored_run& run)
{
    return read_calls(run.calls, run.blobs);
}

facts_by_call read_calls(const std::vector<stores::call_record>& records, const stores::blob_map& blobs)
{
    facts_by_call result;
    for (const stores::call_record& record : records) {
        call_facts& facts = result[core_key(record.key)];
        switch (record.kind) {
        case stores::call_record_kind::start:
            facts.attempts = static_cast<int>(record.attempt);
            facts.started = record.at;
            facts.fence = record.fence;
            facts.open = true;
            break;
        case stores::call_record_kind::abandon:
            facts.open = false;
            break;
        case stores::call_record_kind::finish:
            facts.finished = read_finish_body(record.body, blobs);
            facts.finished->finished = record.at;
            break;
        }
    }
    return result;
}

wait_facts read_wait(std::string_view text)
{
    member_reader body = read_object(text);
    wait_facts result;
    result.name = body.required_text("name");
    result.arguments = body.required_value("arguments");
    result.since = moment(body, "since_us");
    result.summary = body.text("summary").value_or("");
    // Those of a newer version cannot be made here.
    for (const std::string& name : read_texts("decisions", body.array("decisions").value_or(json::array()))) {
        if (const std::optional<wait_decision> known = wait_decision_names.value_of(name))
            result.decisions.push_back(*known);
    }
    result.on_expiry = expiry_names.value_of(body.text("on_expiry").value_or("")).value_or(wait_expiry::reject);
    return result;
}

finished_call read_finish_body(std::string_view body, const stores::blob_map& blobs)
{
    return read_finish_members(read_object(body), blobs);
}

std::vector<std::string> blobs_of_finish(std::string_view text)
{
    member_reader body = read_object(text);
    std::vector<std::string> names;
    for (const std::string_view member : {"text_blob", "value_blob"}) {
        if (std::optional<std::string> name = body.text(member))
            names.push_back(*std::move(name));
    }
    return names;
}

const std::string& blob_of(const stores::blob_map& blobs, const std::string& name)
{
    const auto found = blobs.find(name);
    if (found == blobs.end())
        damaged("a result of the run is missing");
    if (crypto::sha256_hex(found->second) != name)
        damaged("a result of the run was altered");
    return found->second;
}

bool is_answer(std::string_view kind) noexcept
{
    return kind == "response";
}

bool tells_deferred(std::string_view body)
{
    return codec::raw_member(body, "deferred").has_value();
}

}  // namespace dedalus::handoff_core
