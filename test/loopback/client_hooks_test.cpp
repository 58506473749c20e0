#include <dedalus/dedalus.hpp>
#include <dedalus/testing/server.hpp>

#include "support/catch.hpp"
#include "support/client_fixture.hpp"
#include "support/recording_logger.hpp"

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace client_hooks_test {

namespace asio = boost::asio;
using namespace dedalus;
using namespace dedalus::testing;

namespace {

using trace = std::shared_ptr<std::vector<std::string>>;

std::string attempt_text(const attempt_view& attempt)
{
    return '#' + std::to_string(attempt.attempt);
}

std::string connection_text(const connection_view& view)
{
    switch (view.event) {
    case connection_event::opened:
        return "opened";
    case connection_event::reused:
        return "reused";
    case connection_event::closed:
        break;
    }
    return view.reason == close_reason::idle        ? "closed idle"
           : view.reason == close_reason::abandoned ? "closed abandoned"
                                                    : "closed not reusable";
}

client_hooks hooks_into(trace seen)
{
    client_hooks hooks;
    hooks.on_request = [seen](const request_view& view) {
        seen->push_back("request " + attempt_text(view.attempt));
        return http_headers{{"traceparent", "00-trace-" + std::to_string(view.attempt.attempt)}};
    };
    hooks.on_response = [seen](const response_view& view) {
        seen->push_back("response " + std::to_string(view.info.status));
    };
    hooks.on_retry = [seen](const retry_view& view) {
        seen->push_back("retry after " + attempt_text(view.attempt) + ' ' + view.failure.code().message());
    };
    hooks.on_connection = [seen](const connection_view& view) { seen->push_back(connection_text(view)); };
    hooks.on_complete = [seen](const complete_view& view) {
        seen->push_back("complete " + std::to_string(view.info.status));
    };
    hooks.on_error = [seen](const failure_view& view) { seen->push_back("error " + view.failure.code().message()); };
    return hooks;
}

client_hooks throwing_hooks()
{
    client_hooks hooks;
    hooks.on_request = [](const request_view&) -> http_headers { throw std::runtime_error("s3cret"); };
    hooks.on_response = [](const response_view&) { throw 1; };
    hooks.on_retry = [](const retry_view&) { throw std::runtime_error("s3cret"); };
    hooks.on_connection = [](const connection_view&) { throw std::runtime_error("s3cret"); };
    hooks.on_complete = [](const complete_view&) { throw std::runtime_error("s3cret"); };
    hooks.on_error = [](const failure_view&) { throw std::runtime_error("s3cret"); };
    return hooks;
}

asio::awaitable<void> drop_stream(asio::any_io_executor executor, client_options options)
{
    const client asker(executor, std::move(options));
    const chat_completion_request request = test::hello();
    chat_completion_stream stream = co_await asker.chat_completions_stream(request);
    const auto chunk = co_await stream.next();
}

}  // namespace

TEST_CASE("hooks: they see a call with a retry from its beginning to its end")
{
    server target(test::plain_http());
    target.enqueue(error_reply(503, "x"));
    const trace seen = std::make_shared<std::vector<std::string>>();
    client_options options = test::options_for(target);
    options.hooks = hooks_into(seen);
    test::ask(options);
    CHECK(
        *seen ==
        std::vector<std::string>{
            "request #1",
            "opened",
            "response 503",
            "retry after #1 server error",
            "request #2",
            "reused",
            "response 200",
            "complete 200",
            "closed idle",
        }
    );
}

TEST_CASE("hooks: the headers of on_request are sent, each attempt with its own")
{
    server target(test::plain_http());
    target.enqueue(error_reply(503, "x"));
    client_options options = test::options_for(target);
    options.headers = {{"traceparent", "00-old"}};
    options.hooks = hooks_into(std::make_shared<std::vector<std::string>>());
    test::ask(options);
    CHECK(target.requests().at(0).headers.find("traceparent") == "00-trace-1");
    CHECK(target.requests().at(1).headers.find("traceparent") == "00-trace-2");
}

TEST_CASE("hooks: a failure is seen once")
{
    server target(test::plain_http());
    target.enqueue(error_reply(404, "x"));
    const trace seen = std::make_shared<std::vector<std::string>>();
    client_options options = test::options_for(target);
    options.hooks = hooks_into(seen);
    CHECK_THROWS_AS(test::ask(options), not_found_error);
    CHECK(*seen == std::vector<std::string>{"request #1", "opened", "response 404", "error not found", "closed idle"});
}

TEST_CASE("hooks: a stream completes at its end")
{
    server target(test::plain_http());
    const trace seen = std::make_shared<std::vector<std::string>>();
    client_options options = test::options_for(target);
    options.hooks = hooks_into(seen);
    test::read_stream(options).rethrow();
    REQUIRE(seen->size() == 5);
    CHECK(seen->at(3) == "complete 200");
}

TEST_CASE("hooks: a dropped stream has neither end, and its connection was abandoned")
{
    server target(test::plain_http());
    const trace seen = std::make_shared<std::vector<std::string>>();
    client_options options = test::options_for(target);
    options.hooks = hooks_into(seen);
    test::run_coro([&](asio::any_io_executor executor) { return drop_stream(executor, options); });
    CHECK(*seen == std::vector<std::string>{"request #1", "opened", "response 200", "closed abandoned"});
}

TEST_CASE("hooks: exceptions in them break nothing and are logged once, without their text")
{
    server target(test::plain_http());
    target.enqueue(error_reply(503, "x"));
    auto log = std::make_shared<test::recording_logger>(log_level::error);
    client_options options = test::options_for(target);
    options.hooks = throwing_hooks();
    options.logger = log;
    CHECK_FALSE(test::ask(options).text().empty());
    REQUIRE(log->lines().size() == 1);
    CHECK(log->lines().at(0).event == "hook_failed");
    CHECK(log->lines().at(0).field("hook") == "on_request");
    CHECK(log->text().find("s3cret") == std::string::npos);
}

TEST_CASE("hooks: headers that would break the request are not sent")
{
    server target(test::plain_http());
    auto log = std::make_shared<test::recording_logger>(log_level::error);
    client_options options = test::options_for(target);
    options.logger = log;
    options.hooks.on_request = [](const request_view&) { return http_headers{{"X-A", "1\r\nX-Evil: 2"}}; };
    test::ask(options);
    CHECK_FALSE(target.requests().at(0).headers.contains("X-Evil"));
    CHECK(log->lines("hook_failed").size() == 1);
}

TEST_CASE("retry budget: retries over it are not made, and the failure itself is thrown")
{
    server target(test::plain_http());
    for (int i = 0; i < 3; ++i)
        target.enqueue(error_reply(503, "x"));
    client_options options = test::options_for(target);
    options.retry.max_retries = 2;
    options.retry_budget = retry_budget_options{.share = 0.0, .minimum = 1};
    try {
        test::ask(options);
        FAIL("no error");
    }
    catch (const internal_server_error& e) {
        CHECK(e.retries_taken() == 1);
    }
    CHECK(target.requests().size() == 2);
}

}  // namespace client_hooks_test
