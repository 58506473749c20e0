#include "testing/request_router.hpp"

#include "testing/conversation_rules.hpp"
#include "testing/raw_members.hpp"
#include "testing/request_schema.hpp"
#include "testing/request_view.hpp"
#include "testing/validation_report.hpp"

#include <boost/beast/core/string.hpp>
#include <boost/json/parse.hpp>

#include <exception>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>

namespace dedalus::testing {

namespace json = boost::json;

namespace {

constexpr const char* chat_path = "/v1/chat/completions";
constexpr std::string_view deferred_path = "/v1/chat/deferred-completion/";
constexpr std::string_view key_set_path = "/.well-known/jwks.json";
constexpr std::size_t max_json_depth = 200;

std::string_view path_of(const received_request& request)
{
    const std::string_view target = request.target;
    return target.substr(0, target.find('?'));
}

bool has_json_content_type(const received_request& request)
{
    std::string_view value = request.headers.find("content-type").value_or("");
    value = value.substr(0, value.find(';'));
    while (value.ends_with(' '))
        value.remove_suffix(1);
    return boost::beast::iequals(value, "application/json");
}

reply method_not_allowed(const char* allowed)
{
    reply r = error_reply(405, "Method not allowed", "invalid_request_error");
    r.headers.add("Allow", allowed);
    return r;
}

reply models_reply()
{
    json::array models;
    for (const char* id : {"openai/gpt-5", "openai/gpt-5-nano"})
        models.push_back({{"id", id}, {"provider", "openai"}, {"created_at", "2025-08-07T00:00:00Z"}});
    return json_reply(json::object{{"object", "list"}, {"data", std::move(models)}});
}

reply malformed_json_reply(const std::string& reason, std::string_view body)
{
    validation_report report;
    report.add(location("body"), "json_invalid", "JSON decode error: " + reason, json::value(body.size()));
    return json_reply(report.body(), 422);
}

/// The body as JSON, or the reply to a body that is none.
std::variant<json::value, reply> parse_body(const std::string& body)
{
    json::parse_options options;
    options.max_depth = max_json_depth;
    boost::system::error_code ec;
    json::value parsed = json::parse(body, ec, {}, options);
    if (ec)
        return malformed_json_reply(ec.message(), body);
    if (parsed.is_object()) {
        std::set<std::string_view> names;
        for (const auto& [name, value] : raw_members(body))
            if (!names.insert(name).second)
                return malformed_json_reply("duplicate key " + std::string(name), body);
    }
    return parsed;
}

}  // namespace

request_router::request_router(const server_options& options, server_state& state)
    : api_key_(options.api_key), partial_answers_(options.partial_answers), state_(state),
      behaviour_(options.session_lifetime, options.stream_delay), deferred_(options.deferred_polls)
{}

reply request_router::answer(const received_request& request)
{
    try {
        return route(request);
    }
    catch (const std::exception& e) {
        return error_reply(500, std::string("The test server failed: ") + e.what(), "server_error");
    }
}

reply request_router::route(const received_request& request)
{
    const std::string_view path = path_of(request);
    const bool reads = request.method == "GET" || request.method == "HEAD";
    if (path == chat_path) {
        state_.record(request);
        return request.method == "POST" ? answer_chat(request) : method_not_allowed("POST");
    }
    if (path == key_set_path || path.starts_with(deferred_path)) {
        state_.record_lookup(request);
        return request.method == "GET" ? answer_lookup(request, path) : method_not_allowed("GET");
    }
    if (path == "/health")
        return reads ? json_reply(json::object{{"status", "ok"}}) : method_not_allowed("GET");
    if (path == "/v1/models") {
        if (!reads)
            return method_not_allowed("GET");
        return authorized(request) ? models_reply()
                                   : error_reply(401, "No valid API key", "authentication_error", "invalid_api_key");
    }
    return error_reply(404, "There is nothing at " + std::string(path), "invalid_request_error", "unknown_url");
}

reply request_router::answer_lookup(const received_request& request, std::string_view path)
{
    const bool for_key = path == key_set_path;
    if (!for_key && !authorized(request))
        return error_reply(401, "No valid API key", "authentication_error", "invalid_api_key");
    if (std::optional<reply> scripted = state_.next_scripted_lookup())
        return std::move(*scripted);
    return for_key ? json_reply(opener_.key_set()) : deferred_.take(path.substr(deferred_path.size()));
}

bool request_router::authorized(const received_request& request) const
{
    if (api_key_.empty())
        return true;
    const std::string_view value = request.headers.find("authorization").value_or("");
    constexpr std::string_view scheme = "Bearer ";
    return boost::beast::iequals(value.substr(0, scheme.size()), scheme) && value.substr(scheme.size()) == api_key_;
}

reply request_router::answer_chat(const received_request& request)
{
    if (!authorized(request))
        return error_reply(401, "No valid API key", "authentication_error", "invalid_api_key");
    if (!has_json_content_type(request))
        return error_reply(415, "The content type must be application/json", "invalid_request_error");
    std::variant<json::value, reply> parsed = parse_body(request.body);
    if (reply* refusal = std::get_if<reply>(&parsed))
        return std::move(*refusal);
    const json::value& body = std::get<json::value>(parsed);
    validation_report report;
    check_request_schema(body, report);
    if (!report.ok())
        return json_reply(report.body(), 422);
    if (std::optional<reply> refusal = check_conversation(body.get_object(), partial_answers_))
        return std::move(*refusal);
    return answer_valid(request, body.get_object());
}

reply request_router::answer_valid(const received_request& request, const json::object& body)
{
    if (std::optional<reply> scripted = state_.next_scripted_reply())
        return std::move(*scripted);
    if (const request_handler handler = state_.handler())
        if (std::optional<reply> handled = handler(request, body))
            return std::move(*handled);
    reply answer = behaviour_.answer(body, request.body);
    if (bool_member(body, "deferred").value_or(false) && !bool_member(body, "stream").value_or(false))
        return deferred_.add(std::move(answer));
    return answer;
}

}  // namespace dedalus::testing
