#include <dedalus/dedalus.hpp>
#include <dedalus/testing/server.hpp>

#include "support/captured_stderr.hpp"
#include "support/catch.hpp"
#include "support/client_fixture.hpp"
#include "support/loopback_peer.hpp"

#include <cstdlib>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace client_secrets_test {

namespace asio = boost::asio;
using namespace dedalus;
using namespace dedalus::testing;

// Every place that can hold a secret holds one with this word. No sink may show it.

namespace {

constexpr std::string_view word = "s3cret";
const std::string word_in_base64 = "czNjcmV0";

/// DEDALUS_LOG, as long as it lives. Other threads must not run yet.
class log_environment
{
public:
    explicit log_environment(const char* level) { ::setenv("DEDALUS_LOG", level, 1); }

    ~log_environment() { ::unsetenv("DEDALUS_LOG"); }

    log_environment(const log_environment&) = delete;
    log_environment& operator=(const log_environment&) = delete;
};

/// What a hook or a catch may print of an error.
std::string printable(const error& failure)
{
    return std::string(failure.what()) + ' ' + failure.code().message() + '\n';
}

std::string printable(const attempt_view& attempt)
{
    return std::string(attempt.method) + ' ' + std::string(attempt.url) + '\n';
}

/// Hooks that print what they get, all but the answer itself: that is shown as it came.
client_hooks printing_hooks(const std::shared_ptr<std::string>& sink)
{
    client_hooks hooks;
    hooks.on_request = [sink](const request_view& view) {
        *sink += printable(view.attempt);
        for (const http_header& field : view.headers)
            *sink += field.name + ": " + field.value + '\n';
        return http_headers{{"X-Signature", "s3cret-hook"}};
    };
    hooks.on_response = [sink](const response_view& view) { *sink += printable(view.attempt); };
    hooks.on_retry = [sink](const retry_view& view) { *sink += printable(view.attempt) + printable(view.failure); };
    hooks.on_error = [sink](const failure_view& view) { *sink += printable(view.attempt) + printable(view.failure); };
    hooks.on_complete = [sink](const complete_view& view) { *sink += printable(view.attempt); };
    hooks.on_connection = [sink](const connection_view& view) { *sink += std::string(view.host) + '\n'; };
    return hooks;
}

client_options with_secrets(client_options options)
{
    options.api_key = "sk-s3cret-api-key";
    options.x_api_key = "s3cret-x-api-key";
    options.provider_key = "s3cret-provider-key";
    options.headers = {
        {"X-Tenant", "s3cret-tenant"},
        {"Cookie", "session=s3cret"},
        {"X-Auth-Token", "s3cret"},
        {"X-Unknown", "s3cret-unknown"}};
    options.query = {{"api_key", "s3cret-query"}, {"sig-token", "s3cret"}, {"v", "sk-s3cret-value"}};
    options.retry.max_retries = 1;
    options.tolerate_missing_done = false;
    return options;
}

chat_completion_request request_with_secrets()
{
    chat_completion_request request = test::hello();
    request.messages = {system_message{"s3cret-system"}, user_message{"s3cret-prompt"}};
    request.user = "s3cret-user";
    request.extra["x_internal"] = "s3cret-member";
    return request;
}

asio::awaitable<void> ask(client c)
{
    const chat_completion_request request = request_with_secrets();
    call_options call;
    call.headers = {{"X-Call", "s3cret-call"}};
    call.query = {{"password", "s3cret-call-query"}};
    call.idempotency_key = "s3cret-idempotency";
    const chat_completion answer = co_await c.chat_completions(request, call);
}

asio::awaitable<void> pull(client c)
{
    const chat_completion_request request = request_with_secrets();
    chat_completion_stream stream = co_await c.chat_completions_stream(request);
    while (const auto chunk = co_await stream.next()) {
    }
}

/// Runs the call under DEDALUS_LOG=debug. Gives what stood in the log, in hooks and in the error.
std::string sinks_of(client_options options, bool stream)
{
    const auto sink = std::make_shared<std::string>();
    options.hooks = printing_hooks(sink);
    const test::captured_stderr log;
    asio::io_context context;
    try {
        const client c(context.get_executor(), with_secrets(options));
        test::run_coro_on(context, stream ? pull(c) : ask(c));
    }
    catch (const error& e) {
        *sink += printable(e);
    }
    CHECK(log.text().find("debug request ") != std::string::npos);
    return *sink + log.text();
}

void check_clean(const std::string& sinks)
{
    CAPTURE(sinks);
    CHECK(sinks.find(word) == std::string::npos);
    CHECK(sinks.find(word_in_base64) == std::string::npos);
}

reply with_body(int status, const std::string& type, std::string body)
{
    reply r;
    r.status = status;
    r.headers = {
        {"Content-Type", type},
        {"Set-Cookie", "s3cret-cookie"},
        {"X-Debug-Token", "s3cret"},
        {"Location", "/login?token=s3cret"}};
    r.body = std::move(body);
    return r;
}

const std::string s3cret_event = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"s3cret\"}}]}\n\n";

}  // namespace

TEST_CASE("secrets: none is in the log, a hook or an error text, whatever the server answers")
{
    const log_environment debug("debug");
    server target(test::plain_http());
    reply cut = text_reply("s3cret-answer");
    cut.stop_after = cut.body.size() - 5;
    cut.end = reply_end::cut;
    reply garbage;
    garbage.raw = "s3cret s3cret\r\n\r\n";
    garbage.end = reply_end::close;
    const std::string events = "text/event-stream";
    const std::string json = "application/json";
    const reply answers[] = {
        text_reply("s3cret-answer"),
        with_body(302, json, "{\"error\":\"s3cret\"}"),
        error_reply(401, "wrong key s3cret", "a s3cret type", "a s3cret code"),
        error_reply(503, "s3cret", "a s3cret type", "a s3cret code"),
        with_body(
            422,
            json,
            R"({"detail":[{"loc":["body","s3cret"],"msg":"s3cret","type":"a s3cret type","input":"s3cret"}]})"
        ),
        with_body(500, "text/html", "<html>s3cret</html>"),
        with_body(200, "text/plain", "s3cret"),
        with_body(200, json, "{\"s3cret\":"),
        with_body(200, json, "{\"error\":{\"message\":\"s3cret\",\"code\":\"a s3cret code\"}}"),
        with_body(200, json, "{\"choices\":\"s3cret\"}"),
        with_body(200, events, s3cret_event),
        with_body(200, events, s3cret_event + "event: error\ndata: s3cret\n\n"),
        with_body(200, events, "data: {\"error\":{\"message\":\"s3cret\"}}\n\n"),
        with_body(200, events, "data: {\"s3cret\n\n"),
        with_body(200, events, "data: [DONE]s3cret\n\n"),
        cut,
        garbage,
    };
    for (const reply& answer : answers) {
        for (const bool stream : {false, true}) {
            CAPTURE(answer.status, answer.body, answer.raw, stream);
            target.enqueue(answer);
            check_clean(sinks_of(test::options_for(target), stream));
        }
    }
    for (const received_request& each : target.requests()) {
        REQUIRE(each.headers.find("X-Signature") == "s3cret-hook");
        REQUIRE(each.target.find("s3cret-query") != std::string::npos);
    }
}

TEST_CASE("secrets: the user and the password of a proxy are in the request to it alone")
{
    const log_environment debug("debug");
    const bool tls = GENERATE(false, true);
    const int status = GENERATE(407, 403, 502);
    std::string seen;
    {
        const test::loopback_peer proxy([&seen, status](test::peer_connection& client) {
            char c = 0;
            std::string head;
            while (!head.ends_with("\r\n\r\n") && client.read(std::span(&c, 1)) == 1)
                head += c;
            seen += head;
            client.write(
                "HTTP/1.1 " + std::to_string(status) + " s3cret\r\nX-Token: s3cret\r\nContent-Length: 6\r\n\r\ns3cret"
            );
            client.finish();
            client.wait_for_end();
        });
        client_options options;
        options.retry.initial_backoff = std::chrono::milliseconds(1);
        options.base_url = tls ? "https://api.test" : "http://api.test";
        options.proxy.url = "http://s3cret:s3cret@127.0.0.1:" + std::to_string(proxy.port());
        check_clean(sinks_of(options, false));
    }
    CHECK(seen.find(word_in_base64) != std::string::npos);
}

TEST_CASE("secrets: a key that cannot be used is not in the error that refuses it")
{
    asio::io_context context;
    const auto refusal = [&context](client_options options) -> std::string {
        try {
            const client refused(context.get_executor(), std::move(options));
        }
        catch (const config_error& e) {
            return printable(e);
        }
        FAIL("accepted");
        return {};
    };
    check_clean(refusal({.api_key = "s3cret\r\n"}));
    check_clean(refusal({.api_key = "k", .base_url = "ftp://s3cret:s3cret@host/?key=s3cret"}));
    check_clean(refusal({.api_key = "k", .headers = {{"X-Key", "s3cret\n"}}}));
    check_clean(refusal({.api_key = "k", .proxy = {.url = "socks5://s3cret:s3cret@host"}}));
    check_clean(refusal({.api_key = "k", .tls = {.private_key_pem = "s3cret", .private_key_password = "s3cret"}}));
}

}  // namespace client_secrets_test
