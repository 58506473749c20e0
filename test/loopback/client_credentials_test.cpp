#include <dedalus/dedalus.hpp>
#include <dedalus/testing/server.hpp>

#include "support/cancel_when.hpp"
#include "support/catch.hpp"
#include "support/client_fixture.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <exception>
#include <stdexcept>
#include <string>
#include <vector>

namespace client_credentials_test {

namespace asio = boost::asio;
namespace json = boost::json;
using namespace dedalus;
using namespace dedalus::testing;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view secret = "s3cr3t-token";

chat_completion_request with_credentials()
{
    chat_completion_request request = test::hello();
    request.mcp_servers = std::vector<mcp_server>{"acme/kb", mcp_server_spec{.name = "mail", .slug = "acme/mail"}};
    request.credentials = std::vector<credential>{
        {.connection_name = "mail", .values = {{"api_key", std::string(secret)}, {"port", 25}}},
        {.connection_name = "kb", .values = {{"token", std::string(secret)}}},
    };
    return request;
}

/// Options for an API and an authorization server that are two servers with one CA, or one.
client_options options_for(const server& api, const server& authorization)
{
    client_options options = test::options_for(api);
    options.mcp_authorization_server = authorization.url();
    return options;
}

std::string header_of(const received_request& request, std::string_view name)
{
    return std::string(request.headers.find(name).value_or("(absent)"));
}

/// Checks that the credentials reached the API encrypted for `authorization`, in every server.
void check_sealed(const received_request& seen, const server& authorization)
{
    CHECK(seen.body.find(secret) == std::string::npos);
    const json::object body = json::parse(seen.body).as_object();
    CHECK_FALSE(body.contains("credentials"));
    const json::array& servers = body.at("mcp_servers").as_array();
    REQUIRE(servers.size() == 2);
    CHECK(servers[0].at("slug") == "acme/kb");
    CHECK(servers[0].at("name") == "acme/kb");
    CHECK(servers[1].at("name") == "mail");
    CHECK(servers[0].at("credentials") == servers[1].at("credentials"));
    const json::object& sealed = servers[0].at("credentials").as_object();
    REQUIRE(sealed.size() == 2);
    CHECK(authorization.open_credential(sealed.at("mail").as_string()) == R"({"api_key":"s3cr3t-token","port":25})");
    CHECK(authorization.open_credential(sealed.at("kb").as_string()) == R"({"token":"s3cr3t-token"})");
}

template <class Error>
Error failure(const client_options& options, const chat_completion_request& request)
{
    try {
        test::ask(options, request);
    }
    catch (const Error& e) {
        CHECK(std::string(e.what()).find(secret) == std::string::npos);
        return e;
    }
    FAIL("no error");
    throw std::logic_error("not reached");
}

asio::awaitable<void> ask_twice(client c, chat_completion_request request)
{
    co_await c.chat_completions(request);
    co_await c.chat_completions(request);
}

asio::awaitable<void> ask_once(client c, chat_completion_request request, int& answers /* borrowed */)
{
    co_await c.chat_completions(request);
    ++answers;
}

void ignore_failure(std::exception_ptr) {}

reply silent()
{
    reply r;
    r.without_header = true;
    r.end = reply_end::silence;
    return r;
}

}  // namespace

TEST_CASE("credentials: they reach the API encrypted, over HTTPS")
{
    server api;
    test::ask(options_for(api, api), with_credentials());
    REQUIRE(api.requests().size() == 1);
    check_sealed(api.requests()[0], api);
    CHECK(header_of(api.requests()[0], "Authorization") == "Bearer test-key");
}

TEST_CASE("credentials: an authorization server is spoken to over TLS also when the API is not")
{
    server api(test::plain_http());
    server authorization;
    client_options options = options_for(api, authorization);
    options.retry.max_retries = 0;
    CHECK(failure<connection_error>(options, with_credentials()).phase() == call_phase::tls);
    CHECK(api.requests().empty());
    options.tls.ca_file = authorization.ca_file();
    test::ask(options, with_credentials());
    check_sealed(api.requests().at(0), authorization);
}

TEST_CASE("credentials: a stream carries them as well")
{
    server api(test::plain_http());
    const test::stream_outcome outcome = test::read_stream(options_for(api, api), with_credentials());
    outcome.rethrow();
    CHECK_FALSE(outcome.text().empty());
    check_sealed(api.requests().at(0), api);
}

TEST_CASE("credentials: every request of a handoff loop carries them")
{
    server api(test::plain_http());
    chat_completion_request request = with_credentials();
    tool_registry tools;
    tools.add({.name = "clock"}, [](json::object, tool_context&) -> asio::awaitable<json::value> { co_return "noon"; });
    test::run_coro([&](asio::any_io_executor executor) -> asio::awaitable<run_result> {
        return handoff_loop(client(executor, options_for(api, api)), tools).run(request);
    });
    REQUIRE(api.requests().size() == 2);
    for (const received_request& each : api.requests())
        check_sealed(each, api);
    CHECK(api.lookups().size() == 1);
}

TEST_CASE("credentials: the authorization server is told no key and no header of the user")
{
    server api(test::plain_http());
    server authorization(test::plain_http());
    client_options options = options_for(api, authorization);
    options.x_api_key = "second-key";
    options.provider_key = "provider-key";
    options.headers = {{"X-Tenant", "acme"}, {"Cookie", "mine"}};
    test::ask(options, with_credentials());

    REQUIRE(authorization.lookups().size() == 1);
    const received_request seen = authorization.lookups()[0];
    CHECK(seen.method == "GET");
    CHECK(seen.target == "/.well-known/jwks.json");
    CHECK(seen.body.empty());
    CHECK(header_of(seen, "Accept") == "application/json");
    for (const http_header& field : seen.headers) {
        CAPTURE(field.name);
        CHECK(field.value.find("key") == std::string::npos);
    }
    for (const char* name :
         {"Authorization",
          "x-api-key",
          "X-Provider-Key",
          "X-Tenant",
          "Cookie",
          "Idempotency-Key",
          "Content-Type",
          "Content-Length"})
        CHECK(header_of(seen, name) == "(absent)");
    CHECK(authorization.requests().empty());
    CHECK(api.lookups().empty());
    check_sealed(api.requests().at(0), authorization);
}

TEST_CASE("credentials: the key is fetched when it is needed, and once")
{
    server api(test::plain_http());
    const client_options options = options_for(api, api);
    test::ask(options);
    chat_completion_request servers_alone = with_credentials();
    servers_alone.credentials.reset();
    test::ask(options, servers_alone);
    CHECK(api.lookups().empty());
    test::run_coro([&](asio::any_io_executor executor) {
        return ask_twice(client(executor, options), with_credentials());
    });
    CHECK(api.lookups().size() == 1);
    CHECK(api.requests().size() == 4);
}

TEST_CASE("credentials: calls that need the key at the same time fetch it once")
{
    server api(test::plain_http());
    reply slow = error_reply(503, "later");
    slow.delay = 100ms;
    api.enqueue_lookup(slow);
    asio::io_context context;
    const client c(context.get_executor(), options_for(api, api));
    int answers = 0;
    for (int i = 0; i < 5; ++i)
        asio::co_spawn(context, ask_once(c, with_credentials(), answers), ignore_failure);
    context.run_for(test::coro_deadline);
    CHECK(answers == 5);
    CHECK(api.lookups().size() == 2);
}

TEST_CASE("credentials: who waited for a fetch that failed fetches for himself")
{
    server api(test::plain_http());
    reply refusal = error_reply(404, "no");
    refusal.delay = 100ms;
    api.enqueue_lookup(refusal);
    asio::io_context context;
    const client c(context.get_executor(), options_for(api, api));
    int answers = 0;
    for (int i = 0; i < 2; ++i)
        asio::co_spawn(context, ask_once(c, with_credentials(), answers), ignore_failure);
    context.run_for(test::coro_deadline);
    CHECK(answers == 1);
    CHECK(api.lookups().size() == 2);
}

TEST_CASE("credentials: a fetch that fails for a moment is repeated, and the request is sent once")
{
    server api(test::plain_http());
    api.enqueue_lookup(error_reply(503, "later"));
    reply cut = json_reply({{"keys", json::array()}});
    cut.stop_after = 3;
    cut.end = reply_end::cut;
    api.enqueue_lookup(cut);
    const chat_completion answer = test::ask(options_for(api, api), with_credentials());
    CHECK(answer.info.retries_taken == 0);
    CHECK(api.lookups().size() == 3);
    CHECK(header_of(api.lookups()[2], "X-Stainless-Retry-Count") == "2");
    REQUIRE(api.requests().size() == 1);
    CHECK(header_of(api.requests()[0], "X-Stainless-Retry-Count") == "0");
}

TEST_CASE("credentials: without a key nothing is sent, and the error says whose fault it is")
{
    server api(test::plain_http());
    const client_options options = options_for(api, api);

    SECTION("a status")
    {
        api.enqueue_lookup(error_reply(404, "no such thing"));
        const auto e = failure<not_found_error>(options, with_credentials());
        CHECK(e.server() == "the MCP authorization server");
        CHECK(std::string(e.what()).find("404 from the MCP authorization server") != std::string::npos);
    }
    SECTION("a status that is repeated in vain")
    {
        for (int i = 0; i < 3; ++i)
            api.enqueue_lookup(error_reply(500, "broken"));
        CHECK(failure<internal_server_error>(options, with_credentials()).retries_taken() == 2);
    }
    SECTION("no key set")
    {
        api.enqueue_lookup(json_reply(json::array()));
        const auto e = failure<response_format_error>(options, with_credentials());
        CHECK(e.problem().starts_with("the key set of the MCP authorization server: it is not an object"));
        CHECK(e.body_head() == "[]");
    }
    SECTION("a weak key")
    {
        api.enqueue_lookup(json_reply(json::parse(R"({"keys":[{"kty":"RSA","use":"enc","n":"AQAB","e":"AQAB"}]})")));
        CHECK(failure<response_format_error>(options, with_credentials()).problem().ends_with("shorter than 2048 bits")
        );
    }
    SECTION("a key set without end")
    {
        reply large;
        large.body = R"({"keys":[)" + std::string(300 * 1024, ' ') + "]}";
        api.enqueue_lookup(large);
        CHECK(failure<response_format_error>(options, with_credentials()).code() == errc::limit_exceeded);
    }
    CHECK(api.requests().empty());
}

TEST_CASE("credentials: the fetch of the key is under the limits of the call")
{
    server api(test::plain_http());
    client_options options = options_for(api, api);
    options.retry.max_retries = 0;
    api.enqueue_lookup(silent());
    SECTION("the response header")
    {
        options.timeouts.response_header = 50ms;
        CHECK(failure<timeout_error>(options, with_credentials()).phase() == call_phase::response_header);
    }
    SECTION("the total")
    {
        options.timeouts.total = 50ms;
        CHECK(failure<timeout_error>(options, with_credentials()).phase() == call_phase::total);
    }
    CHECK(api.requests().empty());
}

TEST_CASE("credentials: cancelling ends the fetch of the key and the wait for that of another call")
{
    server api(test::plain_http());
    api.enqueue_lookup(silent());
    asio::io_context context;
    const client c(context.get_executor(), options_for(api, api));
    int answers = 0;
    SECTION("the fetch")
    {
        try {
            test::cancel_when(context, ask_once(c, with_credentials(), answers), [&] {
                return api.lookups().size() == 1;
            });
            FAIL("not cancelled");
        }
        catch (const error& e) {
            CHECK(e.code() == asio::error::operation_aborted);
        }
    }
    SECTION("the wait, while the fetch goes on")
    {
        asio::cancellation_signal first;
        asio::co_spawn(
            context,
            ask_once(c, with_credentials(), answers),
            asio::bind_cancellation_slot(first.slot(), ignore_failure)
        );
        while (api.lookups().empty())
            context.run_one_for(1ms);
        std::exception_ptr failure;
        asio::cancellation_signal second;
        asio::co_spawn(
            context,
            ask_once(c, with_credentials(), answers),
            asio::bind_cancellation_slot(second.slot(), [&](std::exception_ptr e) { failure = e; })
        );
        context.poll();
        second.emit(asio::cancellation_type::terminal);
        while (!failure)
            context.run_one_for(1ms);
        try {
            std::rethrow_exception(failure);
        }
        catch (const error& e) {
            CHECK(e.code() == asio::error::operation_aborted);
        }
        first.emit(asio::cancellation_type::terminal);
        context.run_for(test::coro_deadline);
    }
    CHECK(context.stopped());
    CHECK(answers == 0);
    CHECK(api.lookups().size() == 1);
    CHECK(api.requests().empty());
    CHECK(api.wait_for_connections_open(0, 5s));
}

TEST_CASE("credentials: what is wrong with them is an error of the call itself")
{
    asio::io_context context;
    const client c(context.get_executor(), {.api_key = "k"});
    chat_completion_request request = with_credentials();
    request.mcp_servers.reset();
    CHECK_THROWS_AS(c.chat_completions(request), invalid_request_error);
    request = with_credentials();
    request.credentials.reset();
    request.extra["credentials"] = json::array{json::object{{"connection_name", "x"}, {"values", secret}}};
    CHECK_THROWS_AS(c.chat_completions_stream(request), invalid_request_error);
    request = with_credentials();
    request.deferred_calls_raw = "no list";
    CHECK_THROWS_AS(c.chat_completions(request), invalid_request_error);
}

TEST_CASE("credentials: a body that is too large with them is not sent")
{
    server api(test::plain_http());
    client_options options = options_for(api, api);
    test::ask(options, with_credentials());
    options.limits.max_request_bytes = api.requests().at(0).body.size() - 1;
    CHECK(failure<invalid_request_error>(options, with_credentials()).retries_taken() == 0);
    CHECK(api.requests().size() == 1);
}

TEST_CASE("credentials: they are sent in plaintext only when the client was told so")
{
    server api(test::plain_http());
    client_options options = test::options_for(api);
    options.plaintext_mcp_credentials = true;
    const chat_completion_request request = with_credentials();
    test::ask(options, request);
    CHECK(api.lookups().empty());
    const json::object body = json::parse(api.requests().at(0).body).as_object();
    CHECK(body.at("credentials").at(0).at("values").at("api_key").as_string() == std::string(secret));
    CHECK(body.at("mcp_servers").at(0) == "acme/kb");
}

TEST_CASE("credentials: deferred calls are sent byte for byte beside them")
{
    server api(test::plain_http());
    api.enqueue(text_reply("x"));
    chat_completion_request request = with_credentials();
    request.deferred_calls_raw = R"([ {"id":"d","name":"n","arguments":{"n":1.0}} ])";
    test::ask(options_for(api, api), request);
    const received_request seen = api.requests().at(0);
    CHECK(seen.body.find(R"("deferred_calls":[ {"id":"d","name":"n","arguments":{"n":1.0}} ]})") != std::string::npos);
    check_sealed(seen, api);
}

TEST_CASE("credentials: raw messages are sent byte for byte beside them")
{
    server api(test::plain_http());
    api.enqueue(text_reply("x"));
    chat_completion_request request = with_credentials();
    request.messages_raw = R"([ {"role":"user","content":"a\/b"} ])";
    test::ask(options_for(api, api), request);
    const received_request seen = api.requests().at(0);
    CHECK(seen.body.find(R"("messages":[ {"role":"user","content":"a\/b"} ],)") != std::string::npos);
    check_sealed(seen, api);
}

TEST_CASE("credentials: an answer that is an error tells nothing of them")
{
    server api(test::plain_http());
    api.enqueue(error_reply(400, "no"));
    const auto e = failure<bad_request_error>(options_for(api, api), with_credentials());
    CHECK(e.server().empty());
    CHECK(e.message().find(secret) == std::string::npos);
    CHECK(e.body().find(secret) == std::string::npos);
}

}  // namespace client_credentials_test
