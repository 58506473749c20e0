#include "handoff/session.hpp"

#include "codec/parse_json.hpp"
#include "support/ascii.hpp"

#include <boost/json/value.hpp>
#include <boost/system/error_code.hpp>

#include <algorithm>
#include <array>
#include <span>
#include <string_view>
#include <utility>

namespace dedalus::handoff_core {

namespace json = boost::json;

namespace {

constexpr int bad_request = 400;
constexpr int unprocessable = 422;
constexpr std::array<std::string_view, 5> session_words{
    "session", "correlation_id", "correlation id", "deferred_calls", "deferred calls"};
constexpr std::array<std::string_view, 5> tool_message_words{
    "tool message", "tool_call", "tool call", "role 'tool'", "role \"tool\""};

constexpr std::array<std::string_view, 4> extension_words{
    "handoff_mode", "max_turns", "correlation_id", "deferred_calls"};
constexpr std::array<std::string_view, 12> unknown_member_words{
    "unknown field",
    "unknown parameter",
    "unknown argument",
    "unknown property",
    "unrecognized field",
    "unrecognized parameter",
    "unrecognized request argument",
    "unexpected field",
    "extra field",
    "extra inputs",
    "extra_forbidden",
    "additional propert"};

std::string small_letters(std::string_view text)
{
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(), support::ascii_lower);
    return result;
}

bool has_any(std::string_view text, std::span<const std::string_view> words)
{
    return std::any_of(words.begin(), words.end(), [text](std::string_view word) {
        return text.find(word) != std::string_view::npos;
    });
}

std::string spoken_of(const api_error& error)
{
    std::string text = error.message() + '\n' + error.api_code() + '\n' + error.type() + '\n' + error.param();
    for (const validation_item& item : error.validation())
        text += '\n' + item.location + '\n' + item.message;
    return small_letters(text);
}

id_set ids_of(const std::vector<deferred_call>& calls)
{
    id_set ids;
    for (const deferred_call& call : calls)
        ids.insert(call.id);
    return ids;
}

id_set ids_of(std::string_view raw)
{
    boost::system::error_code ec;
    const json::value parsed = codec::parse_json(raw, ec);
    if (ec.failed() || !parsed.is_array())
        throw invalid_request_error("deferred_calls_raw is not a JSON array");
    id_set ids;
    for (const json::value& call : parsed.get_array()) {
        const json::value* id = call.is_object() ? call.get_object().if_contains("id") : nullptr;
        if (id != nullptr && id->is_string())
            ids.emplace(std::string_view(id->get_string()));
    }
    return ids;
}

}  // namespace

server_session::server_session(const chat_completion_request& request)
    : correlation_id_(request.correlation_id.value_or(""))
{
    if (request.deferred_calls_raw.empty()) {
        set_deferred(request.deferred_calls, {});
        return;
    }
    deferred_raw_ = request.deferred_calls_raw;
    deferred_ids_ = ids_of(deferred_raw_);
}

void server_session::update(const chat_completion& answer, bool id_lasts)
{
    step_ = resume_step::session;
    if (answer.correlation_id && !answer.correlation_id->empty())
        correlation_id_ = *answer.correlation_id;
    else if (!id_lasts)
        correlation_id_.clear();
    set_deferred(answer.deferred, answer.deferred_raw);
}

bool server_session::fall_back(const api_error& error)
{
    return (refuses_to_resume(error) || refuses_extensions(error)) && step_down();
}

bool server_session::step_down()
{
    if (step_ == resume_step::session && !correlation_id_.empty()) {
        step_ = resume_step::stateless;
        correlation_id_.clear();
        return true;
    }
    const bool may_replan = step_ == resume_step::stateless || !deferred_ids_.empty();
    if (step_ == resume_step::replan || !may_replan)
        return false;
    step_ = resume_step::replan;
    set_deferred({}, {});
    return true;
}

void server_session::write(chat_completion_request& request, bool client_tools) const
{
    request.correlation_id.reset();
    request.deferred_calls.clear();
    request.deferred_calls_raw.clear();
    if (!correlation_id_.empty())
        request.correlation_id = correlation_id_;
    if (!deferred_raw_.empty())
        request.deferred_calls_raw = deferred_raw_;
    else
        request.deferred_calls = deferred_;
    if (step_ == resume_step::replan)
        request.handoff_mode = false;
    else if (client_tools && !request.handoff_mode && !request.extra.contains("handoff_mode"))
        request.handoff_mode = true;
}

void server_session::set_deferred(std::vector<deferred_call> calls, std::string raw)
{
    deferred_ = std::move(calls);
    deferred_raw_ = deferred_.empty() ? std::string() : std::move(raw);
    deferred_ids_ = ids_of(deferred_);
}

bool refuses_extensions(const api_error& error)
{
    if (error.status() != bad_request && error.status() != unprocessable)
        return false;
    const std::string text = spoken_of(error);
    return has_any(text, extension_words) || has_any(text, unknown_member_words);
}

bool refuses_to_resume(const api_error& error)
{
    const std::string text = spoken_of(error);
    switch (error.status()) {
    case bad_request:
    case unprocessable:
        return has_any(text, session_words) || has_any(text, tool_message_words);
    case 404:
    case 409:
    case 410:
        return has_any(text, session_words);
    default:
        return false;
    }
}

}  // namespace dedalus::handoff_core
