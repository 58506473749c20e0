#include "client/prepare_request.hpp"

#include "client/configuration.hpp"
#include "protocol/http_request_head.hpp"
#include "protocol/retry_decision.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <utility>

namespace dedalus {

namespace {

void set_unless_configured(http_headers& headers, std::string_view name, std::string value)
{
    if (!headers.contains(name))
        headers.set(std::string(name), std::move(value));
}

void change_headers(http_headers& headers, const call_options& options)
{
    for (const std::string& name : options.removed_headers)
        headers.erase(name);
    for (const http_header& field : options.headers)
        headers.set(field.name, field.value);
    for (const http_header& field : options.added_headers)
        headers.add(field.name, field.value);
}

http_headers headers_of(const chat_call& call)
{
    const bool posts = call.target.method == "POST";
    http_headers headers = *call.target.headers;
    if (!call.credential.empty() && !call.elsewhere)
        headers.set("Authorization", "Bearer " + call.credential);
    set_unless_configured(headers, "Accept", call.stream ? "text/event-stream, application/json" : "application/json");
    set_unless_configured(headers, "Accept-Encoding", call.stream ? "identity" : "gzip");
    set_unless_configured(headers, "X-Stainless-Retry-Count", std::to_string(call.retries_taken));
    if (posts && call.options.idempotency_key)
        headers.set("Idempotency-Key", *call.options.idempotency_key);
    else if (posts)
        set_unless_configured(headers, "Idempotency-Key", call.idempotency_key);
    // Another origin gets what take_detour() chose, and nothing of the caller.
    if (!call.elsewhere)
        change_headers(headers, call.options);
    if (!posts) {
        headers.erase("Idempotency-Key");
        headers.erase("Content-Type");
    }
    return headers;
}

}  // namespace

transport::http_request prepare_request(const chat_call& call)
{
    http_headers headers = headers_of(call);
    const http_headers wanted = call.client->observer->request(call, headers);
    for (const http_header& field : wanted) {
        if (!call.elsewhere)
            headers.set(field.name, field.value);
    }
    std::optional<std::size_t> content_length;
    if (call.target.method == "POST")
        content_length = call.body->size();
    protocol::base_url origin = call.target.transport->origin();
    if (call.target.redirected)
        origin.path_prefix.clear();
    return {
        protocol::http_request_head(call.target.method, origin, call.target.endpoint, headers, content_length),
        call.body,
        call.options.resend_on_dead_connection};
}

void check_call_options(const call_options& options)
{
    for (const http_header& field : options.headers)
        check_header(field, "call_options::headers");
    for (const http_header& field : options.added_headers)
        check_header(field, "call_options::added_headers");
    if (options.idempotency_key)
        check_header({"Idempotency-Key", *options.idempotency_key}, "call_options::idempotency_key");
    if (options.timeouts)
        check_timeouts(*options.timeouts);
    if (options.retry)
        protocol::check_retry(*options.retry);
}

void apply_call_options(chat_call& call, const call_options& options)
{
    call.options.removed_headers = options.removed_headers;
    call.options.headers = options.headers;
    call.options.added_headers = options.added_headers;
    call.options.idempotency_key = options.idempotency_key;
    call.options.raw_body = options.raw_body;
    call.options.resend_on_dead_connection = options.resend_on_dead_connection;
    if (options.retry)
        call.retry = *options.retry;
    if (options.timeouts) {
        call.limits.timeouts = *options.timeouts;
        call.total_of_body = protocol::phase_deadline(call_phase::total, call.start, options.timeouts->total);
        call.limits.total = call.total_of_body;
    }
}

}  // namespace dedalus
