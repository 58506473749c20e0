#include <dedalus/dedalus.hpp>
#include <dedalus/testing/server.hpp>

#include "support/catch.hpp"
#include "support/client_fixture.hpp"
#include "support/recording_logger.hpp"

#include <boost/json/object.hpp>

#include <memory>
#include <stdexcept>
#include <string>

namespace client_log_test {

namespace asio = boost::asio;
using namespace dedalus;
using namespace dedalus::testing;

namespace {

class throwing_logger final : public logger
{
public:
    bool enabled(log_level) const noexcept override { return true; }

    void log(log_level, std::string_view, std::span<const log_field>) override
    {
        ++lines;
        throw std::runtime_error("disk full");
    }

    int lines = 0;
};

/// Refuses to be written to.
class closed_logger final : public logger
{
public:
    bool enabled(log_level) const noexcept override { return false; }

    void log(log_level, std::string_view, std::span<const log_field>) override { ++lines; }

    int lines = 0;
};

asio::awaitable<chat_completion> ask_with(asio::any_io_executor executor, client_options with, call_options options)
{
    const client asker(executor, std::move(with));
    const chat_completion_request request = test::hello();
    co_return co_await asker.chat_completions(request, options);
}

void check_clean(std::string_view sink, const std::string& text)
{
    CAPTURE(sink, text);
    CHECK(text.find("s3cret") == std::string::npos);
}

/// Secrets in every place that a request and its answer have.
client_options with_secrets(const server& target, std::string& seen_by_hook)
{
    client_options options = test::options_for(target);
    options.api_key = "sk-s3cret-1";
    options.x_api_key = "s3cret-2";
    options.provider_key = "s3cret-3";
    options.headers = {{"X-Tenant", "s3cret-4"}, {"Cookie", "s3cret-5"}};
    options.hooks.on_request = [&seen_by_hook](const request_view& view) {
        seen_by_hook += view.attempt.url;
        for (const http_header& field : view.headers)
            seen_by_hook += field.name + ": " + field.value + '\n';
        return http_headers{{"X-Signature", "s3cret-7"}};
    };
    return options;
}

}  // namespace

TEST_CASE("log: no secret reaches a log line, an error text or the request hook")
{
    server target(test::plain_http());
    reply refusal = error_reply(GENERATE(401, 503), "wrong key s3cret-8");
    refusal.headers = {{"Set-Cookie", "s3cret-9"}, {"X-Debug-Token", "s3cret-10"}, {"X-Unknown", "s3cret-11"}};
    target.enqueue(refusal);
    target.enqueue(refusal);
    std::string seen_by_hook;
    auto log = std::make_shared<test::recording_logger>(log_level::debug);
    client_options options = with_secrets(target, seen_by_hook);
    options.logger = log;
    options.retry.max_retries = 1;
    call_options call;
    call.query = {{"api_key", "s3cret-12"}, {"v", "sk-s3cret-13"}};
    call.headers = {{"X-Call", "s3cret-14"}};
    call.body = {{"user", "s3cret-15"}};
    try {
        test::run_coro([&](asio::any_io_executor executor) { return ask_with(executor, options, call); });
        FAIL("no error");
    }
    catch (const api_error& e) {
        check_clean("what()", e.what());
        CHECK(e.message().find("s3cret-8") != std::string::npos);
    }
    REQUIRE(target.requests().at(0).headers.find("X-Signature") == "s3cret-7");
    check_clean("the hook", seen_by_hook);
    check_clean("the log", log->text());
    REQUIRE(log->lines("request").size() >= 1);
    CHECK(log->lines("request").at(0).field("headers").find("Authorization: <redacted>") != std::string::npos);
    CHECK(log->lines("response").at(0).field("headers").find("X-Unknown: <redacted>") != std::string::npos);
    CHECK(log->lines("request").at(0).field("url").find("api_key=<redacted>") != std::string::npos);
}

TEST_CASE("log: bodies are logged at debug, cut, only when they are asked for")
{
    server target(test::plain_http());
    auto log = std::make_shared<test::recording_logger>(log_level::debug);
    client_options options = test::options_for(target);
    options.logger = log;
    options.log_bodies = GENERATE(false, true);
    chat_completion_request request = test::hello();
    request.messages = {user_message{"swordfish" + std::string(5000, 'x')}};
    test::ask(options, request);
    CHECK((log->text().find("swordfish") != std::string::npos) == options.log_bodies);
    CHECK(log->lines("body").size() == (options.log_bodies ? 1 : 0));
    for (const auto& line : log->lines("request"))
        CHECK(line.field("body").size() < 2200);
}

TEST_CASE("log: every line of a call has its id, the attempt and the request id of the server")
{
    server target(test::plain_http());
    target.enqueue(error_reply(500, "x"));
    auto log = std::make_shared<test::recording_logger>(log_level::debug);
    client_options options = test::options_for(target);
    options.logger = log;
    const chat_completion answer = test::ask(options);
    const std::string id = std::to_string(answer.info.call_id);
    CHECK(answer.info.call_id > 0);
    REQUIRE(log->lines("request").size() == 2);
    CHECK(log->lines("request").at(0).field("call") == id);
    CHECK(log->lines("request").at(0).field("attempt") == "1");
    CHECK(log->lines("request").at(1).field("attempt") == "2");
    REQUIRE(log->lines("retry").size() == 1);
    CHECK(log->lines("retry").at(0).field("call") == id);
    CHECK(log->lines("retry").at(0).field("request_id") != "(absent)");
    CHECK(log->lines("retry").at(0).level == log_level::info);
    REQUIRE(log->lines("complete").size() == 1);
    CHECK(log->lines("complete").at(0).field("request_id") == answer.info.request_id);
    CHECK(log->lines("connection_opened").size() == 1);
    CHECK(log->lines("connection_reused").size() == 1);
    CHECK(log->lines("connection_closed").at(0).field("reason") == "idle");
}

TEST_CASE("log: a sink that throws does no harm")
{
    server target(test::plain_http());
    target.enqueue(error_reply(500, "x"));
    auto log = std::make_shared<throwing_logger>();
    client_options options = test::options_for(target);
    options.logger = log;
    CHECK_FALSE(test::ask(options).text().empty());
    CHECK(log->lines > 3);
}

TEST_CASE("log: nothing is written at a level that is off")
{
    server target(test::plain_http());
    auto log = std::make_shared<closed_logger>();
    client_options options = test::options_for(target);
    options.logger = log;
    options.hooks.on_complete = [](const complete_view&) { throw std::runtime_error("x"); };
    test::ask(options);
    CHECK(log->lines == 0);
}

}  // namespace client_log_test
