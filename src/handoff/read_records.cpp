// The reading half of run_records.hpp.

#include <dedalus/json.hpp>
#include <dedalus/stores/store_error.hpp>

#include "codec/decode_chat.hpp"
#include "codec/parse_json.hpp"
#include "codec/raw_json.hpp"
#include "handoff/run_records.hpp"
#include "handoff/utc_time.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <boost/json/value_to.hpp>
#include <boost/system/error_code.hpp>

#include <array>
#include <chrono>
#include <utility>

namespace dedalus::handoff_core {

namespace json = boost::json;

namespace {

[[noreturn]] void damaged(const char* what)
{
    throw store_error(store_errc::damaged, what);
}

json::object object_of(std::string_view text)
{
    boost::system::error_code ec;
    json::value parsed = codec::parse_json(text, ec);
    if (ec.failed() || !parsed.is_object())
        damaged("a record of the run is not a JSON object");
    return std::move(parsed.get_object());
}

const json::value& member(const json::object& object, std::string_view name)
{
    const json::value* value = object.if_contains(name);
    if (value == nullptr)
        damaged("a record of the run lacks a member");
    return *value;
}

std::int64_t number(const json::object& object, std::string_view name)
{
    const json::value& value = member(object, name);
    if (!value.is_int64())
        damaged("a record of the run has a member that is no number");
    return value.get_int64();
}

std::string text(const json::object& object, std::string_view name)
{
    const json::value& value = member(object, name);
    if (!value.is_string())
        damaged("a record of the run has a member that is no text");
    return std::string(value.get_string());
}

bool truth(const json::object& object, std::string_view name)
{
    const json::value& value = member(object, name);
    if (!value.is_bool())
        damaged("a record of the run has a member that is no truth value");
    return value.get_bool();
}

time_point moment(const json::object& object, std::string_view name)
{
    const stores::time_point time(std::chrono::microseconds(number(object, name)));
    if (!is_time_of_system(time))
        damaged("a record of the run has a time that no clock shows");
    return time;
}

call_key named(const json::object& body)
{
    return {text(body, "call"), static_cast<int>(number(body, "occurrence"))};
}

// A name that is not known is one of a newer version: the strictest class.
tool_effect to_effect(std::string_view name) noexcept
{
    constexpr std::array<std::pair<std::string_view, tool_effect>, 5> effects{
        {{"pure", tool_effect::pure},
         {"keyed", tool_effect::keyed},
         {"transactional", tool_effect::transactional},
         {"probe", tool_effect::probe},
         {"external", tool_effect::external}}};
    for (const auto& [known, effect] : effects) {
        if (known == name)
            return effect;
    }
    return tool_effect::once;
}

tool_outcome to_outcome(std::string_view name)
{
    constexpr std::array outcomes{
        tool_outcome::ok,
        tool_outcome::error,
        tool_outcome::timeout,
        tool_outcome::cancelled,
        tool_outcome::skipped_dependency,
        tool_outcome::invalid_arguments,
        tool_outcome::unknown_tool,
        tool_outcome::rejected,
        tool_outcome::expired,
        tool_outcome::unknown_outcome};
    for (const tool_outcome outcome : outcomes) {
        if (to_string(outcome) == name)
            return outcome;
    }
    damaged("a call of the run ended in a way that is not known");
}

// Of the ways to end, those that no answer tells.
stop_reason to_stop_reason(std::string_view name) noexcept
{
    for (const stop_reason reason : {stop_reason::budget, stop_reason::cancelled, stop_reason::unknown_tool_outcome}) {
        if (to_string(reason) == name)
            return reason;
    }
    return stop_reason::error;
}

refusal_kind to_refusal(std::string_view name) noexcept
{
    if (name == "fall_back")
        return refusal_kind::fall_back;
    return name == "not_worked" ? refusal_kind::not_worked : refusal_kind::final;
}

request_answered read_answer(const stores::log_entry& entry)
{
    const json::object body = object_of(entry.body);
    request_answered event;
    event.answer = codec::decode_chat_completion(entry.raw);
    event.answer.info.status = static_cast<int>(number(body, "status"));
    event.answer.info.request_id = text(body, "request_id");
    event.at = entry.at;
    return event;
}

std::optional<run_event> read_event(const stores::log_entry& entry)
{
    if (entry.kind == "intent")
        return request_sent{static_cast<int>(entry.turn), number(object_of(entry.body), "cap")};
    if (is_answer(entry.kind))
        return read_answer(entry);
    if (entry.kind == "send_unknown")
        return request_lost{};
    if (entry.kind == "http_error")
        return request_refused{to_refusal(text(object_of(entry.body), "then"))};
    if (entry.kind == "call_wait") {
        const json::object body = object_of(entry.body);
        const std::optional<wait_kind> kind = to_wait_kind(text(body, "kind"));
        if (!kind)
            damaged("a call of the run waits for something that is not known");
        return call_held{named(body), *kind};
    }
    if (entry.kind == "end")
        return run_ended{to_stop_reason(text(object_of(entry.body), "stop_reason")), entry.at};
    if (entry.kind == "call_decision") {
        const json::object body = object_of(entry.body);
        if (truth(body, "approved"))
            return call_approved{named(body)};
    }
    return {};
}

finished_call read_finish(const stores::call_record& record)
{
    const json::object body = object_of(record.body);
    finished_call result;
    result.finished = record.at;
    result.entered = moment(body, "entered_us");
    result.end.outcome = to_outcome(text(body, "outcome"));
    result.end.content = text(body, "text");
    if (result.end.outcome != tool_outcome::ok)
        return result;
    boost::system::error_code ec;
    if (const json::value* value = body.if_contains("value"))
        result.end.value = *value;
    else if (body.contains("is_json"))
        result.end.value = codec::parse_json(result.end.content, ec);
    else
        result.end.value = json::string(result.end.content);
    return result;
}

}  // namespace

run_definition read_definition(const stores::log_entry& entry)
{
    if (entry.kind != "input")
        damaged("the log of the run does not begin with its request");
    const json::object body = object_of(entry.body);
    run_definition result;
    result.request = json::value_to<chat_completion_request>(member(body, "request"));
    result.request.deferred_calls_raw = entry.raw;
    result.max_turns = number(body, "max_turns");
    result.max_concurrency = static_cast<std::size_t>(number(body, "max_concurrency"));
    result.max_result_bytes = static_cast<std::size_t>(number(body, "max_result_bytes"));
    result.extensions = truth(body, "extensions");
    result.needs_credentials = truth(body, "needs_credentials");
    const json::value& tools = member(body, "toolset");
    if (!tools.is_array())
        damaged("the toolset of the run is no array");
    for (const json::value& tool : tools.get_array()) {
        if (!tool.is_object())
            damaged("a tool of the run is no object");
        result.tools.emplace_back(text(tool.get_object(), "name"), to_effect(text(tool.get_object(), "effect")));
    }
    return result;
}

std::vector<run_event> read_events(const std::vector<stores::log_entry>& entries)
{
    std::vector<run_event> events;
    for (const stores::log_entry& entry : entries) {
        if (std::optional<run_event> event = read_event(entry))
            events.push_back(*std::move(event));
    }
    return events;
}

facts_by_call read_calls(const std::vector<stores::call_record>& records)
{
    facts_by_call result;
    for (const stores::call_record& record : records) {
        call_facts& facts = result[core_key(record.key)];
        switch (record.kind) {
        case stores::call_record_kind::start:
            facts.attempts = static_cast<int>(record.attempt);
            facts.started = record.at;
            facts.open = true;
            break;
        case stores::call_record_kind::abandon:
            facts.open = false;
            break;
        case stores::call_record_kind::finish:
            facts.finished = read_finish(record);
            break;
        }
    }
    return result;
}

wait_facts read_wait(std::string_view body)
{
    const json::object object = object_of(body);
    wait_facts result;
    result.name = text(object, "name");
    result.arguments = member(object, "arguments");
    result.since = moment(object, "since_us");
    return result;
}

decision read_decision(const stores::inbox_item& item)
{
    const json::object body = object_of(item.body);
    decision result;
    if (item.kind == "approve") {
        result.what = decision::kind::approve;
    }
    else if (item.kind == "result") {
        result.what = decision::kind::result;
        result.value = member(body, "value");
    }
    else if (item.kind == "reject") {
        result.what = decision::kind::reject;
        result.reason = text(body, "reason");
    }
    else {
        damaged("a decision about the run is of a kind that is not known");
    }
    return result;
}

std::optional<wait_kind> to_wait_kind(std::string_view name) noexcept
{
    for (const wait_kind kind : {wait_kind::approval, wait_kind::external_result, wait_kind::unknown_outcome}) {
        if (wait_name(kind) == name)
            return kind;
    }
    return {};
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
