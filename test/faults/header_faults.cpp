#include "faults/fault.hpp"
#include "faults/fault_scenes.hpp"

#include <string>
#include <utility>

namespace test {

using namespace std::chrono_literals;
using dedalus::client_options;
using dedalus::http_headers;
using dedalus::testing::reply;
using dedalus::testing::reply_end;

namespace {

constexpr fault_end failure = again("connection_error connection response_header");

void limit_header(client_options& options)
{
    options.timeouts.response_header = 150ms;
}

void limit_header_bytes(client_options& options)
{
    options.limits.max_header_bytes = 4096;
}

std::function<fault_scene(bool, bool)> no_byte(reply_end end, option_change change = nullptr)
{
    return replying(
        [end](bool) {
            reply nothing;
            nothing.without_header = true;
            nothing.end = end;
            return nothing;
        },
        std::move(change)
    );
}

std::function<fault_scene(bool, bool)>
bytes(std::string raw, reply_end end = reply_end::close, option_change change = nullptr)
{
    return replying([raw = std::move(raw), end](bool) { return raw_reply(raw, end); }, std::move(change));
}

std::string header_with(const std::string& line)
{
    return "HTTP/1.1 200 OK\r\n" + line + "\r\nContent-Length: 2\r\n\r\n{}";
}

std::string many_lines()
{
    std::string lines;
    for (int i = 0; i < 500; ++i)
        lines += "X-" + std::to_string(i) + ": 0123456789\r\n";
    return "HTTP/1.1 200 OK\r\n" + lines + "\r\n";
}

/// An error answer of this status, with headers that could change what is made of it.
std::function<fault_scene(bool, bool)> status(int code, http_headers headers = {}, std::string error_code = "")
{
    return replying([code, headers = std::move(headers), error_code = std::move(error_code)](bool) {
        reply refusal = dedalus::testing::error_reply(code, "m", "", error_code);
        refusal.headers = headers;
        return refusal;
    });
}

std::function<fault_scene(bool, bool)> status_with(int code, std::string type, std::string body, reply_end end)
{
    return replying([code, type = std::move(type), body = std::move(body), end](bool) {
        reply refusal;
        refusal.status = code;
        refusal.headers = {{"Content-Type", type}};
        refusal.body = body;
        refusal.end = end;
        if (end != reply_end::keep_alive)
            refusal.stop_after = body.size() / 2;
        return refusal;
    });
}

constexpr fault_end server_error = again("internal_server_error internal_server");

}  // namespace

fault_group header_faults()
{
    return {
        "Waiting for the response header",
        {
            {"silent",
             no_byte(reply_end::silence, limit_header),
             everywhere(again("timeout_error timeout response_header"))},
            {"closed without a byte", no_byte(reply_end::close), everywhere(failure)},
            {"closed without a byte and without close_notify", no_byte(reply_end::cut), only_https(failure)},
            {"reset", no_byte(reply_end::reset), everywhere(failure)},
            {"closed in the status line", bytes("HTTP/1.1 20"), everywhere(failure)},
            {"closed in a header line", bytes("HTTP/1.1 200 OK\r\nContent-Le"), everywhere(failure)},
            {"silent in a header line",
             bytes("HTTP/1.1 200 OK\r\nContent-Le", reply_end::silence, limit_header),
             everywhere(again("timeout_error timeout response_header"))},
            {"not HTTP", bytes("SSH-2.0-OpenSSH_9.2\r\n"), everywhere(unreadable)},
            {"bytes of any value", bytes(std::string("\0\xff\x80\r\n\r\n\0", 8)), everywhere(unreadable)},
            {"HTTP/2", bytes("HTTP/2 200\r\n\r\n"), everywhere(unreadable)},
            {"a header line without a colon", bytes(header_with("nonsense")), everywhere(unreadable)},
            {"a length that is no number", bytes(header_with("Content-Length: 2x")), everywhere(unreadable)},
            {"two lengths", bytes(header_with("Content-Length: 3")), everywhere(unreadable)},
            {"one header line above the limit",
             bytes(header_with("X: " + std::string(5000, 'x')), reply_end::close, limit_header_bytes),
             everywhere(too_large)},
            {"a header above the limit",
             bytes(many_lines(), reply_end::close, limit_header_bytes),
             everywhere(too_large)},
        }};
}

fault_group status_faults()
{
    constexpr fault_end limited = again("rate_limit_error rate_limit");
    return {
        "Error answers",
        {
            {"307, redirects are off", status(307, {{"Location", "/elsewhere"}}), everywhere(once("api_error api"))},
            {"400", status(400), everywhere(once("bad_request_error bad_request"))},
            {"401", status(401), everywhere(once("authentication_error authentication"))},
            {"402", status(402), everywhere(once("payment_required_error payment_required"))},
            {"403", status(403), everywhere(once("permission_denied_error permission_denied"))},
            {"404", status(404), everywhere(once("not_found_error not_found"))},
            {"408", status(408), everywhere(again("api_error request_timeout"))},
            {"409", status(409), everywhere(again("conflict_error conflict"))},
            {"413", status(413), everywhere(once("api_error api"))},
            {"422", status(422), everywhere(once("unprocessable_entity_error unprocessable_entity"))},
            {"429", status(429), everywhere(limited)},
            {"429, the quota is used up",
             status(429, {}, "insufficient_quota"),
             everywhere(once("rate_limit_error rate_limit"))},
            {"429, `Retry-After` above the cap",
             status(429, {{"Retry-After", "3600"}}),
             everywhere(once("rate_limit_error rate_limit"))},
            {"500", status(500), everywhere(server_error)},
            {"400, `x-should-retry: true`",
             status(400, {{"x-should-retry", "true"}}),
             everywhere(again("bad_request_error bad_request"))},
            {"402, `x-should-retry: true`",
             status(402, {{"x-should-retry", "true"}}),
             everywhere(again("payment_required_error payment_required"))},
            {"500, `x-should-retry: false`",
             status(500, {{"x-should-retry", "false"}}),
             everywhere(once("internal_server_error internal_server"))},
            {"529", status(529), everywhere(server_error)},
            {"502 with an HTML body",
             status_with(502, "text/html", "<html>Bad gateway</html>", reply_end::keep_alive),
             everywhere(server_error)},
            {"503 with an empty body",
             status_with(503, "text/plain", "", reply_end::keep_alive),
             everywhere(server_error)},
            {"503 whose body is cut",
             status_with(503, "application/json", "{\"error\":{}}", reply_end::cut),
             everywhere(server_error)},
            {"503 whose body is reset",
             status_with(503, "application/json", "{\"error\":{}}", reply_end::reset),
             everywhere(server_error)},
        }};
}

}  // namespace test
