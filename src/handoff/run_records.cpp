#include "handoff/run_records.hpp"

#include <dedalus/json.hpp>

#include "codec/raw_json.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <boost/json/value_from.hpp>

#include <chrono>

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

std::string_view refusal_name(refusal_kind kind) noexcept
{
    switch (kind) {
    case refusal_kind::fall_back:
        return "fall_back";
    case refusal_kind::not_worked:
        return "not_worked";
    case refusal_kind::final:
    case refusal_kind::unknown:
        break;
    }
    return "final";
}

std::string_view step_name(resume_step step) noexcept
{
    switch (step) {
    case resume_step::session:
        return "session";
    case resume_step::stateless:
        return "stateless";
    case resume_step::replan:
        return "replan";
    }
    return "session";
}

std::int64_t microseconds(time_point t)
{
    return stored_time(t).time_since_epoch().count();
}

}  // namespace

new_entry input_entry(const run_definition& definition)
{
    json::array tools;
    for (const auto& [name, effect] : definition.tools)
        tools.push_back(json::object{{"name", name}, {"effect", to_string(effect)}});
    chat_completion_request request = definition.request;
    std::string deferred = std::move(request.deferred_calls_raw);
    const json::object body{
        {"request", json::value_from(request)},
        {"max_turns", definition.max_turns},
        {"max_concurrency", definition.max_concurrency},
        {"max_result_bytes", definition.max_result_bytes},
        {"extensions", definition.extensions},
        {"needs_credentials", definition.needs_credentials},
        {"toolset", std::move(tools)}};
    return entry("input", 0, body, std::move(deferred));
}

new_entry intent_entry(const request_facts& facts, std::string_view request_key, std::string_view body_sha256)
{
    const json::object body{
        {"attempt", facts.attempt},
        {"epoch", facts.epoch},
        {"cap", facts.reserved},
        {"step", step_name(facts.step)},
        {"key", request_key},
        {"sha256", body_sha256}};
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
    return entry("http_error", turn, {{"status", status}, {"then", refusal_name(kind)}});
}

new_entry wait_entry(int turn, const call_key& key, wait_kind kind)
{
    json::object body = naming(key);
    body["kind"] = wait_name(kind);
    return entry("call_wait", turn, body);
}

new_entry approval_entry(int turn, const call_key& key)
{
    json::object body = naming(key);
    body["approved"] = true;
    return entry("call_decision", turn, body);
}

new_entry decided_entry(int turn, const call_key& key, std::string_view inbox_id)
{
    json::object body = naming(key);
    body["approved"] = false;
    body["inbox_id"] = inbox_id;
    return entry("call_decision", turn, body);
}

new_entry suspended_entry(int turn, stop_reason reason)
{
    return entry("note", turn, {{"suspended", to_string(reason)}});
}

new_entry end_entry(int turn, run_phase phase, stop_reason reason)
{
    return entry("end", turn, {{"phase", to_string(phase)}, {"stop_reason", to_string(reason)}});
}

// A result is kept once: as the text that is sent, of which the value can be read, unless the text was cut.
std::string finish_body(const tool_end& end, time_point entered)
{
    json::object body{
        {"outcome", to_string(end.outcome)}, {"text", end.content}, {"entered_us", microseconds(entered)}};
    const bool whole_string = end.value.is_string() && std::string_view(end.value.get_string()) == end.content;
    if (end.outcome == tool_outcome::ok && !whole_string) {
        if (json::serialize(end.value) == end.content)
            body["is_json"] = true;
        else
            body["value"] = end.value;
    }
    return json::serialize(body);
}

std::string wait_body(const wait_facts& facts)
{
    return json::serialize(json::object{
        {"name", facts.name}, {"arguments", facts.arguments}, {"since_us", microseconds(facts.since)}});
}

std::string decision_body(const decision& d)
{
    json::object body;
    if (d.what == decision::kind::result)
        body["value"] = d.value;
    if (d.what == decision::kind::reject)
        body["reason"] = d.reason;
    return json::serialize(body);
}

std::string_view wait_name(wait_kind kind) noexcept
{
    switch (kind) {
    case wait_kind::approval:
        return "approval";
    case wait_kind::external_result:
        return "external";
    case wait_kind::unknown_outcome:
        break;
    }
    return "unknown_outcome";
}

std::string_view decision_name(decision::kind kind) noexcept
{
    switch (kind) {
    case decision::kind::approve:
        return "approve";
    case decision::kind::reject:
        return "reject";
    case decision::kind::result:
        break;
    }
    return "result";
}

}  // namespace dedalus::handoff_core
