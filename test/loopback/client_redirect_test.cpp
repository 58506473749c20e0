#include <dedalus/dedalus.hpp>
#include <dedalus/testing/server.hpp>

#include "support/catch.hpp"
#include "support/client_fixture.hpp"
#include "support/run_coro.hpp"

#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

namespace client_redirect_test {

using namespace dedalus;
using namespace dedalus::testing;

namespace {

constexpr std::string_view endpoint = "/v1/chat/completions";

reply redirect_to(const std::string& location, int status = 307)
{
    reply answer = error_reply(status, "elsewhere");
    answer.headers.set("Location", location);
    return answer;
}

std::string text_of(std::istream& in)
{
    return {std::istreambuf_iterator<char>(in), {}};
}

/// Follows up to three redirects, with a credential in every place.
client_options following(const server& target, int max_redirects = 3)
{
    client_options options = test::options_for(target);
    options.api_key = "s3cr3t-key";
    options.x_api_key = "s3cr3t-x-key";
    options.provider_key = "s3cr3t-provider-key";
    options.headers = {{"Cookie", "s3cr3t=1"}, {"X-My-Token", "s3cr3t-token"}};
    options.retry.max_retries = 0;
    options.max_redirects = max_redirects;
    return options;
}

/// Trusts both servers.
client_options following(const server& first, const server& second)
{
    client_options options = following(first);
    std::ifstream file(second.ca_file());
    options.tls.ca_pem = text_of(file);
    return options;
}

int refused_status(const client_options& options)
{
    try {
        test::ask(options);
    }
    catch (const api_error& e) {
        return e.status();
    }
    return 0;
}

bool holds_secret(const received_request& request)
{
    for (const http_header& field : request.headers)
        if (field.value.find("s3cr3t") != std::string::npos)
            return true;
    return request.headers.contains("Authorization") || request.headers.contains("Cookie");
}

boost::asio::awaitable<void> ask_twice(boost::asio::any_io_executor executor, client_options options)
{
    const client asker(executor, std::move(options));
    const chat_completion_request request = test::hello();
    co_await asker.chat_completions(request);
    co_await asker.chat_completions(request);
}

boost::asio::awaitable<void> stream_and_ask(boost::asio::any_io_executor executor, client_options options)
{
    const client asker(executor, std::move(options));
    const chat_completion_request request = test::hello();
    chat_completion_stream stream = co_await asker.chat_completions_stream(request);
    while (const auto chunk = co_await stream.next())
        static_cast<void>(chunk);
    co_await asker.chat_completions(request);
}

boost::asio::awaitable<std::string> provided_key()
{
    co_return "s3cr3t-provided";
}

/// With credentials in the options of the call, too.
boost::asio::awaitable<void> ask_with_options(boost::asio::any_io_executor executor, client_options options)
{
    const client asker(executor, std::move(options));
    const chat_completion_request request = test::hello();
    const call_options wishes{
        .headers = {{"Authorization", "Bearer s3cr3t-of-the-call"}},
        .added_headers = {{"X-Added", "s3cr3t-added"}},
        .query = {{"key", "s3cr3t-query"}},
    };
    co_await asker.chat_completions(request, wishes);
}

}  // namespace

TEST_CASE("redirect: without the option a redirect is an error and leads nowhere")
{
    server first;
    const server second;
    first.enqueue(redirect_to(second.url() + std::string(endpoint)));
    CHECK(refused_status(following(first, 0)) == 307);
    CHECK(first.requests().size() == 1);
    CHECK(second.requests().empty());
}

TEST_CASE("redirect: within the origin everything goes along, on the same connection")
{
    const int status = GENERATE(307, 308);
    server target;
    target.enqueue(redirect_to(std::string(endpoint), status));
    CHECK_FALSE(test::ask(following(target)).text().empty());
    const std::vector<received_request> requests = target.requests();
    REQUIRE(requests.size() == 2);
    CHECK(requests[1].method == "POST");
    CHECK(requests[1].body == requests[0].body);
    CHECK(requests[1].headers.find("Authorization") == "Bearer s3cr3t-key");
    CHECK(requests[1].connection == requests[0].connection);
}

TEST_CASE("redirect: another origin gets the body and no credential, for answers and for streams")
{
    const bool stream = GENERATE(false, true);
    CAPTURE(stream);
    server first;
    const server second;
    first.enqueue(redirect_to(second.url() + std::string(endpoint)));
    if (stream) {
        const test::stream_outcome outcome = test::read_stream(following(first, second));
        outcome.rethrow();
        CHECK_FALSE(outcome.text().empty());
    }
    else {
        CHECK_FALSE(test::ask(following(first, second)).text().empty());
    }
    REQUIRE(first.requests().size() == 1);
    REQUIRE(second.requests().size() == 1);
    const received_request seen = second.requests()[0];
    CHECK(seen.method == "POST");
    CHECK(seen.body == first.requests()[0].body);
    CHECK_FALSE(holds_secret(seen));
    CHECK(holds_secret(first.requests()[0]));
}

TEST_CASE("redirect: no credential of a call, a provider or a hook goes to another origin")
{
    server first;
    const server second;
    first.enqueue(redirect_to(second.url() + std::string(endpoint)));
    client_options options = following(first, second);
    options.api_key.reset();
    options.credential_provider = provided_key;
    options.hooks.on_request = [](const request_view&) { return http_headers{{"X-From-Hook", "s3cr3t-hook"}}; };
    test::run_coro([&](boost::asio::any_io_executor executor) { return ask_with_options(executor, options); });
    REQUIRE(first.requests().size() == 1);
    REQUIRE(second.requests().size() == 1);
    CHECK(holds_secret(first.requests()[0]));
    const received_request seen = second.requests()[0];
    CHECK_FALSE(holds_secret(seen));
    CHECK(seen.target.find("s3cr3t") == std::string::npos);
}

TEST_CASE("redirect: credentials that were left behind do not come back, and the next call has them again")
{
    server first;
    server second;
    first.enqueue(redirect_to(second.url() + std::string(endpoint)));
    second.enqueue(redirect_to(first.url() + std::string(endpoint)));
    const client_options options = following(first, second);
    test::run_coro([&](boost::asio::any_io_executor executor) { return ask_twice(executor, options); });
    const std::vector<received_request> requests = first.requests();
    REQUIRE(requests.size() == 3);
    CHECK(holds_secret(requests[0]));
    CHECK_FALSE(holds_secret(requests[1]));
    CHECK(holds_secret(requests[2]));
}

TEST_CASE("redirect: a connection to another origin is not used for the next call")
{
    server first;
    const server second;
    first.enqueue(redirect_to(second.url() + std::string(endpoint)));
    const client_options options = following(first, second);
    test::run_coro([&](boost::asio::any_io_executor executor) { return stream_and_ask(executor, options); });
    CHECK(first.requests().size() == 2);
    CHECK(second.requests().size() == 1);
}

TEST_CASE("redirect: a retry begins at the origin again, with its credentials")
{
    server first;
    server second;
    first.enqueue(redirect_to(second.url() + std::string(endpoint)));
    second.enqueue(error_reply(503, "busy"));
    client_options options = following(first, second);
    options.retry.max_retries = 1;
    CHECK_FALSE(test::ask(options).text().empty());
    REQUIRE(first.requests().size() == 2);
    CHECK(holds_secret(first.requests()[1]));
    CHECK(second.requests().size() == 1);
}

TEST_CASE("redirect: a loop ends at the limit, with the redirect as the error")
{
    server target;
    for (int i = 0; i < 10; ++i)
        target.enqueue(redirect_to(std::string(endpoint)));
    CHECK(refused_status(following(target)) == 307);
    CHECK(target.requests().size() == 4);
}

TEST_CASE("redirect: none is followed from https to http, or with another method")
{
    server first;
    const server plain(test::plain_http());
    first.enqueue(redirect_to(plain.url() + std::string(endpoint)));
    CHECK(refused_status(following(first)) == 307);
    for (const int status : {301, 302, 303}) {
        first.enqueue(redirect_to(std::string(endpoint), status));
        CHECK(refused_status(following(first)) == status);
    }
    CHECK(plain.requests().empty());
    CHECK(first.requests().size() == 4);
}

TEST_CASE("redirect: a body that may hold MCP credentials in plaintext stays within the origin")
{
    server first;
    const server second;
    first.enqueue(redirect_to(second.url() + std::string(endpoint)));
    client_options options = following(first, second);
    options.plaintext_mcp_credentials = true;
    CHECK(refused_status(options) == 307);
    CHECK(second.requests().empty());
}

TEST_CASE("redirect: a negative number is refused")
{
    boost::asio::io_context context;
    CHECK_THROWS_AS(client(context.get_executor(), {.api_key = "k", .max_redirects = -1}), config_error);
}

}  // namespace client_redirect_test
