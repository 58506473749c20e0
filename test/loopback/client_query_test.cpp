#include <dedalus/dedalus.hpp>
#include <dedalus/testing/server.hpp>

#include "support/catch.hpp"
#include "support/client_fixture.hpp"
#include "support/recording_logger.hpp"

#include <memory>
#include <string>
#include <vector>

namespace client_query_test {

namespace asio = boost::asio;
using namespace dedalus;
using namespace dedalus::testing;

namespace {

const std::string endpoint = "/v1/chat/completions";

client_options with_query(const server& target)
{
    client_options options = test::options_for(target);
    options.query = {{"api-version", "2024-10"}, {"tenant", "a b"}};
    return options;
}

asio::awaitable<void> ask(client c)
{
    const chat_completion_request request = test::hello();
    const chat_completion answer = co_await c.chat_completions(request);
}

asio::awaitable<void> ask_with(client c, call_options options)
{
    const chat_completion_request request = test::hello();
    const chat_completion answer = co_await c.chat_completions(request, options);
}

asio::awaitable<void> ask_derived(client parent, client_changes changes)
{
    const client derived = parent.with_options(changes);
    co_await ask(derived);
}

asio::awaitable<void> stream_and_lookup(client c)
{
    const chat_completion_request request = test::hello();
    chat_completion_stream stream = co_await c.chat_completions_stream(request);
    while (const auto chunk = co_await stream.next()) {
    }
    const chat_completion answer = co_await c.deferred_completion("r-1");
}

}  // namespace

TEST_CASE("query: the parameters of the client come with every request to the API")
{
    server target(test::plain_http());
    target.enqueue(error_reply(503, "x"));
    target.enqueue_lookup(text_reply("later"));
    test::run_coro([&](asio::any_io_executor executor) {
        return stream_and_lookup(client(executor, with_query(target)));
    });
    REQUIRE(target.requests().size() == 2);
    for (const received_request& each : target.requests())
        CHECK(each.target == endpoint + "?api-version=2024-10&tenant=a%20b");
    REQUIRE(target.lookups().size() == 1);
    CHECK(target.lookups().at(0).target == "/v1/chat/deferred-completion/r-1?api-version=2024-10&tenant=a%20b");
}

TEST_CASE("query: a call replaces the parameters of its names and keeps the others")
{
    server target(test::plain_http());
    call_options call;
    call.query = {{"tenant", "mine"}, {"x", "1"}};
    test::run_coro([&](asio::any_io_executor executor) { return ask_with(client(executor, with_query(target)), call); }
    );
    CHECK(target.requests().at(0).target == endpoint + "?api-version=2024-10&tenant=mine&x=1");
}

TEST_CASE("query: a derived client has those of its parent, replaces some or leaves all out")
{
    server target(test::plain_http());
    client_changes changes;
    changes.query = {{"api-version", "2025-01"}};
    std::string expected = endpoint + "?tenant=a%20b&api-version=2025-01";
    SECTION("some") {}
    SECTION("all")
    {
        changes.replace_query = true;
        expected = endpoint + "?api-version=2025-01";
    }
    test::run_coro([&](asio::any_io_executor executor) {
        return ask_derived(client(executor, with_query(target)), changes);
    });
    CHECK(target.requests().at(0).target == expected);
}

TEST_CASE("query: secrets among the parameters of the client are masked in the log")
{
    server target(test::plain_http());
    auto log = std::make_shared<test::recording_logger>(log_level::debug);
    client_options options = with_query(target);
    options.logger = log;
    options.query.push_back({"subscription-key", "s3cret"});
    test::run_coro([&](asio::any_io_executor executor) { return ask(client(executor, options)); });
    CHECK(target.requests().at(0).target.ends_with("subscription-key=s3cret"));
    CHECK(log->text().find("subscription-key=<redacted>") != std::string::npos);
    CHECK(log->text().find("s3cret") == std::string::npos);
}

}  // namespace client_query_test
