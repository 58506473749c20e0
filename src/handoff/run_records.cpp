#include "handoff/run_records.hpp"

#include <dedalus/json.hpp>

#include "codec/raw_json.hpp"
#include "crypto/sha256.hpp"
#include "handoff/decision.hpp"
#include "handoff/record_names.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <boost/json/value_from.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>

namespace dedalus::handoff_core {

namespace json = boost::json;

namespace {

new_entry entry(std::string_view kind, int turn, const json::object& body, std::string raw = {})
{
    return {std::string(kind), turn, json::serialize(body), std::move(raw)};
}

json::object naming(const call_key& key)
{
    return {{"call", key.call_id}, {"occurrence", key.occurrence}};
}

json::object decided(const call_key& key, bool approved, const wait_end& end)
{
    json::object body = naming(key);
    body["approved"] = approved;
    body["by"] = end.by;
    if (!end.inbox_id.empty())
        body["inbox_id"] = end.inbox_id;
    return body;
}

std::int64_t microseconds(time_point t)
{
    return stored_time(t).time_since_epoch().count();
}

}  // namespace

json::object profile_object(const wire_profile& profile)
{
    return {
        {"deferred_in_assistant", profile.deferred_in_assistant},
        {"server_results_as_tool_messages", profile.server_results_as_tool_messages},
        {"correlation_id_lasts", profile.correlation_id_lasts},
        {"send_max_turns", sent_turns_names.name_of(profile.send_max_turns)},
        {"partial_answers", profile.partial_answers},
        {"accept_missing_end", profile.accept_missing_end}};
}

namespace {

json::object scheduling_object(const scheduling_rules& rules)
{
    return {
        {"unknown_dependency", unknown_dependency_names.name_of(rules.unknown_dependency)},
        {"cycle", cycle_names.name_of(rules.cycle)},
        {"deferred_dependency", deferred_dependency_names.name_of(rules.deferred_dependency)},
        {"unknown_tool", bad_call_names.name_of(rules.unknown_tool)},
        {"invalid_arguments", bad_call_names.name_of(rules.invalid_arguments)}};
}

}  // namespace

std::vector<std::string> demands_of(const run_definition& definition)
{
    std::vector<std::string> demands;
    if (definition.rules != batch_rules())
        demands.emplace_back("scheduling");
    return demands;
}

new_entry input_entry(const run_definition& definition)
{
    json::array tools;
    for (const auto& [name, effect] : definition.tools) {
        json::object tool{{"name", name}, {"effect", effect_names.name_of(effect)}};
        if (definition.rules.run_anyway.contains(name))
            tool["run_anyway"] = true;
        tools.push_back(std::move(tool));
    }
    chat_completion_request request = definition.request;
    std::string deferred = std::move(request.deferred_calls_raw);
    json::object body{
        {"request", json::value_from(request)},
        {"max_turns", definition.max_turns},
        {"max_concurrency", definition.max_concurrency},
        {"max_result_bytes", definition.max_result_bytes},
        {"extensions", definition.extensions},
        {"dialect", dialect_names.name_of(definition.dialect)},
        {"profile", profile_object(definition.profile)},
        {"needs_credentials", definition.needs_credentials},
        {"toolset", std::move(tools)}};
    if (!definition.connections.empty())
        body["connections"] = json::value_from(definition.connections);
    if (!definition.labels.empty())
        body["labels"] = json::value_from(definition.labels);
    const batch_limits usual;
    if (definition.limits.max_calls != usual.max_calls)
        body["max_calls"] = definition.limits.max_calls;
    if (definition.limits.max_edges != usual.max_edges)
        body["max_dependencies"] = definition.limits.max_edges;
    if (definition.rules.of_run != scheduling_rules())
        body["scheduling"] = scheduling_object(definition.rules.of_run);
    if (definition.expires_at)
        body["expires_at_us"] = microseconds(*definition.expires_at);
    if (!definition.ids_from.empty())
        body["ids_from"] = definition.ids_from;
    return entry("input", 0, body, std::move(deferred));
}

new_entry
intent_entry(const request_facts& facts, std::string_view request_key, std::string_view body_sha256, bool streamed)
{
    const json::object body{
        {"attempt", facts.attempt},
        {"epoch", facts.epoch},
        {"cap", facts.reserved},
        {"step", step_names.name_of(facts.step)},
        {"key", request_key},
        {"sha256", body_sha256},
        {"stream", streamed}};
    return entry("intent", facts.turn, body);
}

new_entry response_entry(int turn, std::string raw, const response_info& info, bool streamed)
{
    json::object body{{"status", info.status}, {"request_id", info.request_id}};
    if (streamed)
        body["streamed"] = true;
    if (const auto deferred = codec::raw_member(raw, "deferred"); deferred && deferred->starts_with('[')) {
        const std::int64_t from = deferred->data() - raw.data();
        body["deferred"] = json::array{from, from + static_cast<std::int64_t>(deferred->size())};
    }
    return entry("response", turn, body, std::move(raw));
}

new_entry lost_entry(int turn, std::string_view why)
{
    return entry("send_unknown", turn, {{"why", why}});
}

new_entry refusal_entry(int turn, refusal_kind kind, int status)
{
    return entry("http_error", turn, {{"status", status}, {"then", refusal_names.name_of(kind)}});
}

new_entry wait_entry(int turn, const call_key& key, wait_kind kind)
{
    json::object body = naming(key);
    body["kind"] = wait_name(kind);
    return entry("call_wait", turn, body);
}

new_entry approval_entry(int turn, const call_key& key, const approval& how, const wait_end& end)
{
    json::object body = decided(key, true, end);
    if (how.always)
        body["always"] = true;
    if (how.arguments)
        body["arguments"] = *how.arguments;
    return entry("call_decision", turn, body);
}

new_entry decided_entry(int turn, const call_key& key, const wait_end& end)
{
    return entry("call_decision", turn, decided(key, false, end));
}

new_entry added_input_entry(int turn, const std::vector<message>& messages)
{
    return entry("input", turn, {{"messages", write_messages(messages)}});
}

new_entry note_entry(int turn, std::string_view code, std::string_view text)
{
    return entry("note", turn, {{"code", code}, {"text", text}});
}

new_entry suspended_entry(int turn, stop_reason reason)
{
    return entry("note", turn, {{"suspended", to_string(reason)}});
}

bool is_suspension(const stores::log_entry& entry)
{
    return entry.kind == "note" && entry.body.starts_with(R"({"suspended":)");
}

bool is_suspension_for(const stores::log_entry& entry, stop_reason reason)
{
    return entry.kind == "note" && entry.body == suspended_entry(0, reason).body;
}

bool is_diagnostic(const stores::log_entry& entry, std::string_view code)
{
    return entry.kind == "note" && entry.body.starts_with(R"({"code":")" + std::string(code) + '"');
}

bool is_for_people(const stores::log_entry& entry)
{
    return std::ranges::any_of(
        std::array{stop_reason::approval, stop_reason::external_result, stop_reason::unknown_tool_outcome},
        [&entry](stop_reason reason) { return is_suspension_for(entry, reason); }
    );
}

new_entry end_entry(int turn, run_phase phase, stop_reason reason)
{
    return entry("end", turn, {{"phase", to_string(phase)}, {"stop_reason", to_string(reason)}});
}

namespace {

std::string add_blob(std::string bytes, stores::blob_map& blobs)
{
    std::string name = crypto::sha256_hex(bytes);
    blobs.emplace(name, std::move(bytes));
    return name;
}

void put_text(json::object& body, const std::string& text, end_storage storage)
{
    if (text.size() > storage.most_inline)
        body["text_blob"] = add_blob(text, storage.blobs);
    else
        body["text"] = text;
}

void put_value(json::object& body, const json::value& value, end_storage storage)
{
    std::string text = json::serialize(value);
    if (text.size() > storage.most_inline)
        body["value_blob"] = add_blob(std::move(text), storage.blobs);
    else
        body["value"] = value;
}

}  // namespace

std::string start_body(std::optional<time_point> deadline)
{
    if (!deadline)
        return {};
    return json::serialize(json::object{{"deadline_us", microseconds(*deadline)}});
}

std::string finish_body(const tool_end& end, time_point entered)
{
    stores::blob_map none;
    return finish_body(end, entered, {std::numeric_limits<std::size_t>::max(), none});
}

// A result is kept once: as the text that is sent, of which the value can be read, unless the text was cut.
std::string finish_body(const tool_end& end, time_point entered, end_storage storage)
{
    json::object body{{"outcome", outcome_names.name_of(end.outcome)}, {"entered_us", microseconds(entered)}};
    put_text(body, end.content, storage);
    const bool whole_string = end.value.is_string() && std::string_view(end.value.get_string()) == end.content;
    if (end.outcome == tool_outcome::ok && !whole_string) {
        if (json::serialize(end.value) == end.content)
            body["is_json"] = true;
        else
            put_value(body, end.value, storage);
    }
    if (!end.kind.empty())
        body["kind"] = end.kind;
    if (!end.outcome_known)
        body["outcome_known"] = false;
    if (end.note)
        body["note"] = *end.note;
    return json::serialize(body);
}

std::string unstored_body(const tool_end& end, time_point entered)
{
    json::object body{
        {"outcome", outcome_names.name_of(end.outcome)},
        {"entered_us", microseconds(entered)},
        {"text_sha256", crypto::sha256_hex(end.content)},
        {"text_bytes", end.content.size()}};
    if (end.note)
        body["note"] = *end.note;
    return json::serialize(body);
}

std::string wait_body(const wait_facts& facts)
{
    json::array decisions;
    for (const wait_decision each : facts.decisions)
        decisions.emplace_back(wait_decision_names.name_of(each));
    json::object body{
        {"name", facts.name},
        {"arguments", facts.arguments},
        {"since_us", microseconds(facts.since)},
        {"on_expiry", expiry_names.name_of(facts.on_expiry)},
        {"decisions", std::move(decisions)}};
    if (!facts.summary.empty())
        body["summary"] = facts.summary;
    return json::serialize(body);
}

std::string_view wait_name(wait_kind kind) noexcept
{
    return wait_names.name_of(kind);
}

std::optional<wait_kind> to_wait_kind(std::string_view name) noexcept
{
    return wait_names.value_of(name);
}

}  // namespace dedalus::handoff_core
