#include "client/call_observer.hpp"

#include "client/chat_call.hpp"
#include "protocol/http_request_head.hpp"
#include "protocol/redaction.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace dedalus {

namespace {

constexpr std::size_t max_logged_body_bytes = 2048;

std::string url_of(const chat_call& call)
{
    const protocol::base_url& origin = call.target.transport->origin();
    return protocol::redacted_url(origin.scheme + "://" + origin.authority() + origin.target(call.target.endpoint));
}

attempt_view view_of(const chat_call& call, std::string_view url)
{
    return {call.id, call.retries_taken + 1, call.target.method, url};
}

/// Whether hooks see this call: the fetch of a key is none of the user's.
bool is_users(const chat_call& call)
{
    return call.target.server.empty();
}

/// `name: value` of each, in one text.
std::string text_of(const http_headers& headers)
{
    std::string text;
    for (const http_header& field : protocol::redacted_headers(headers))
        text.append(text.empty() ? "" : ", ").append(field.name).append(": ").append(field.value);
    return text;
}

bool may_be_set(const http_header& field)
{
    return protocol::valid_header_name(field.name) && protocol::valid_header_value(field.value) &&
           !protocol::reserved_header_name(field.name);
}

std::string_view name_of(connection_event event)
{
    switch (event) {
    case connection_event::opened:
        return "connection_opened";
    case connection_event::reused:
        return "connection_reused";
    case connection_event::closed:
        return "connection_closed";
    }
    return "connection";
}

std::string_view name_of(close_reason reason)
{
    switch (reason) {
    case close_reason::none:
        return "none";
    case close_reason::abandoned:
        return "abandoned";
    case close_reason::not_reusable:
        return "not_reusable";
    case close_reason::idle:
        return "idle";
    }
    return "unknown";
}

}  // namespace

call_observer::call_observer(client_hooks hooks, std::shared_ptr<logger> log, bool log_bodies)
    : hooks_(std::move(hooks)), log_(std::move(log)), log_bodies_(log_bodies)
{}

http_headers call_observer::request(const chat_call& call, const http_headers& headers)
{
    const bool asked = hooks_.on_request && is_users(call);
    if (log_->enabled(log_level::debug)) {
        fields values = fields_of(call);
        values.push_back({"method", std::string(call.target.method)});
        values.push_back({"url", url_of(call)});
        values.push_back({"headers", text_of(headers)});
        if (log_bodies_)
            values.push_back({"body", protocol::shortened(*call.body, max_logged_body_bytes)});
        write(log_level::debug, "request", values);
    }
    if (!asked)
        return {};
    try {
        const std::string url = url_of(call);
        const http_headers shown = protocol::redacted_headers(headers);
        http_headers wanted = hooks_.on_request({view_of(call, url), shown, call.body->size()});
        if (std::all_of(wanted.begin(), wanted.end(), may_be_set))
            return wanted;
    }
    catch (...) {
    }
    hook_failed("on_request");
    return {};
}

void call_observer::response(const chat_call& call, const response_info& info)
{
    if (log_->enabled(log_level::debug)) {
        fields values = fields_of(call);
        values.push_back({"status", std::to_string(info.status)});
        values.push_back({"headers", text_of(info.headers)});
        write(log_level::debug, "response", values);
    }
    if (!hooks_.on_response || !is_users(call))
        return;
    const std::string url = url_of(call);
    call_hook("on_response", hooks_.on_response, response_view{view_of(call, url), info});
}

void call_observer::body(const chat_call& call, std::string_view body)
{
    if (!log_bodies_ || !log_->enabled(log_level::debug))
        return;
    fields values = fields_of(call);
    values.push_back({"body", protocol::shortened(body, max_logged_body_bytes)});
    write(log_level::debug, "body", values);
}

void call_observer::retry(const chat_call& call, const error& failure, std::chrono::milliseconds wait)
{
    if (log_->enabled(log_level::info)) {
        fields values = fields_of(call);
        values.push_back({"wait_ms", std::to_string(wait.count())});
        values.push_back({"error", failure.what()});
        write(log_level::info, "retry", values);
    }
    if (!hooks_.on_retry || !is_users(call))
        return;
    const std::string url = url_of(call);
    call_hook("on_retry", hooks_.on_retry, retry_view{view_of(call, url), failure, wait});
}

void call_observer::completed(const chat_call& call, const response_info& info)
{
    if (log_->enabled(log_level::info)) {
        fields values = fields_of(call);
        values.push_back({"status", std::to_string(info.status)});
        values.push_back({"total_us", std::to_string(info.timings.total.count())});
        write(log_level::info, "complete", values);
    }
    if (!hooks_.on_complete || !is_users(call))
        return;
    const std::string url = url_of(call);
    call_hook("on_complete", hooks_.on_complete, complete_view{view_of(call, url), info});
}

void call_observer::failed(const chat_call& call, const error& failure)
{
    if (log_->enabled(log_level::info)) {
        fields values = fields_of(call);
        values.push_back({"total_us", std::to_string(failure.info().timings.total.count())});
        values.push_back({"error", failure.what()});
        write(log_level::info, "failed", values);
    }
    if (!hooks_.on_error || !is_users(call))
        return;
    const std::string url = url_of(call);
    call_hook("on_error", hooks_.on_error, failure_view{view_of(call, url), failure});
}

void call_observer::log_connection(connection_event event, close_reason reason, std::string_view host)
{
    if (!log_->enabled(log_level::debug))
        return;
    fields values{{"host", std::string(host)}};
    if (event == connection_event::closed)
        values.push_back({"reason", std::string(name_of(reason))});
    write(log_level::debug, name_of(event), values);
}

void call_observer::connection(connection_event event, close_reason reason, std::string_view host) noexcept
{
    // Called by a destructor, too.
    try {
        log_connection(event, reason, host);
    }
    catch (...) {
    }
    if (hooks_.on_connection)
        call_hook("on_connection", hooks_.on_connection, connection_view{event, reason, host});
}

void call_observer::warn(std::string_view problem)
{
    if (log_->enabled(log_level::warn))
        write(log_level::warn, "configuration", {{"problem", std::string(problem)}});
}

call_observer::fields call_observer::fields_of(const chat_call& call) const
{
    fields values;
    values.reserve(8);
    values.push_back({"call", std::to_string(call.id)});
    values.push_back({"attempt", std::to_string(call.retries_taken + 1)});
    if (call.answered && !call.answered->request_id.empty())
        values.push_back({"request_id", call.answered->request_id});
    return values;
}

void call_observer::write(log_level level, std::string_view event, const fields& values) noexcept
{
    try {
        log_->log(level, event, values);
    }
    catch (...) {
        // A log that cannot be written is no reason for a call to fail.
    }
}

// The text of the exception is not shown: it is the user's, and may hold anything.
void call_observer::hook_failed(std::string_view name) noexcept
{
    if (hook_failed_.exchange(true) || !log_->enabled(log_level::error))
        return;
    write(log_level::error, "hook_failed", {{"hook", std::string(name)}});
}

template <class Hook, class View>
void call_observer::call_hook(std::string_view name, const Hook& hook, const View& view) noexcept
{
    try {
        hook(view);
    }
    catch (...) {
        hook_failed(name);
    }
}

}  // namespace dedalus
