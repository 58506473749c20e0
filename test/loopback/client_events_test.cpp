#include <dedalus/dedalus.hpp>
#include <dedalus/testing/server.hpp>

#include "support/catch.hpp"
#include "support/client_fixture.hpp"
#include "support/events.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/json/parse.hpp>

#include <chrono>
#include <exception>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace client_events_test {

namespace asio = boost::asio;
namespace json = boost::json;
using namespace dedalus;
using namespace dedalus::testing;
using namespace std::chrono_literals;
using test::event_line;
using test::lines;

namespace {

json::value chunk_with(json::value delta, json::value finish_reason = nullptr)
{
    return {
        {"id", "c1"},
        {"object", "chat.completion.chunk"},
        {"created", 1775000000},
        {"model", "m"},
        {"choices", {{{"index", 0}, {"delta", std::move(delta)}, {"finish_reason", std::move(finish_reason)}}}}};
}

json::value call_with(std::string_view arguments)
{
    return {{"tool_calls", {{{"index", 0}, {"id", "a"}, {"function", {{"name", "f"}, {"arguments", arguments}}}}}}};
}

server_options over(bool tls)
{
    server_options options;
    options.tls = tls;
    return options;
}

/// What the events of a stream were, its failure included.
struct outcome
{
    lines events;
    chat_completion completion;
    int status = 0;
    std::exception_ptr failure;
    bool ended_after = false;
};

asio::awaitable<outcome> read_events(asio::any_io_executor executor, client_options options, chat_event_options wanted)
{
    client c(executor, std::move(options));
    const chat_completion_request request = ::test::hello();
    chat_completion_stream stream = co_await c.chat_completions_stream(request);
    chat_completion_events events(std::move(stream), wanted);
    outcome result;
    try {
        while (std::optional<chat_completion_event> event = co_await events.next())
            result.events.push_back(std::visit(event_line{}, *event));
    }
    catch (const std::exception&) {
        result.failure = std::current_exception();
    }
    const std::optional<chat_completion_event> after = co_await events.next();
    result.ended_after = !after.has_value();
    result.completion = events.completion();
    result.status = events.info().status;
    co_return result;
}

outcome events_of(server& target, reply answer, chat_event_options wanted = {})
{
    target.enqueue(std::move(answer));
    outcome result = ::test::run_coro([&](asio::any_io_executor executor) {
        return read_events(executor, ::test::options_for(target), wanted);
    });
    CHECK(result.ended_after);
    CHECK(result.status == 200);
    return result;
}

}  // namespace

TEST_CASE("event stream: text, a call and their ends come over TLS in their order")
{
    server target(over(true));
    reply answer = chunks_reply({
        chunk_with({{"role", "assistant"}, {"content", "[1"}}),
        chunk_with({{"content", ",2]"}}),
        chunk_with(call_with("{\"n\":")),
        chunk_with(call_with("1}"), "tool_calls"),
    });
    answer.piece_bytes = GENERATE(std::size_t(0), std::size_t(5));
    const outcome result = events_of(target, answer, {.parse_content = true});
    if (result.failure)
        std::rethrow_exception(result.failure);
    CHECK(
        result.events ==
        lines{
            "chunk",
            "content.delta 0 [[1] [[1] []",
            "chunk",
            "content.delta 0 [,2]] [[1,2]] [1,2]",
            "chunk",
            "arguments.delta 0.0 a f [{\"n\":] [{\"n\":] {}",
            "content.done 0 [[1,2]] [1,2]",
            "chunk",
            "arguments.delta 0.0 a f [1}] [{\"n\":1}] {\"n\":1}",
            "arguments.done 0.0 a f [{\"n\":1}] {\"n\":1}",
        }
    );
    CHECK(result.completion.text() == "[1,2]");
    CHECK(result.completion.choices.at(0).finish_reason == finish_reason::tool_calls);
    CHECK(result.completion.info.status == 200);
}

TEST_CASE("event stream: what the end of the stream closes comes before its end")
{
    server target(over(false));
    const outcome result = events_of(target, chunks_reply({chunk_with({{"content", "half"}})}));
    CHECK_FALSE(result.failure);
    CHECK(result.events == lines{"chunk", "content.delta 0 [half] [half]", "content.done 0 [half]"});
}

TEST_CASE("event stream: an error comes once, after the events before it, and closes nothing")
{
    server target(over(GENERATE(true, false)));
    const std::string chunk = "data: " + json::serialize(chunk_with({{"content", "begun"}})) + "\n\n";
    const outcome result = events_of(
        target, event_stream_reply(chunk + "data: {\"error\":{\"message\":\"m\",\"code\":\"c\",\"type\":\"t\"}}\n\n")
    );
    CHECK(result.events == lines{"chunk", "content.delta 0 [begun] [begun]"});
    REQUIRE(result.failure);
    CHECK_THROWS_AS(std::rethrow_exception(result.failure), api_error);
    CHECK(result.completion.text() == "begun");
}

TEST_CASE("event stream: a JSON answer to a stream request has the events of one chunk")
{
    server target(over(false));
    const outcome result = events_of(target, text_reply("all at once"));
    CHECK_FALSE(result.failure);
    CHECK(
        result.events == lines{"chunk", "content.delta 0 [all at once] [all at once]", "content.done 0 [all at once]"}
    );
    CHECK(result.completion.text() == "all at once");
}

namespace {

reply endless_stream()
{
    reply r = chunks_reply({chunk_with({{"content", "first"}}), chunk_with({{"content", "second"}})}, false);
    r.framing = body_framing::chunked;
    r.stop_after = r.body.size();
    r.end = reply_end::silence;
    return r;
}

asio::awaitable<void> take_one(asio::any_io_executor executor, client_options options)
{
    client c(executor, std::move(options));
    const chat_completion_request request = ::test::hello();
    chat_completion_stream stream = co_await c.chat_completions_stream(request);
    chat_completion_events events(std::move(stream));
    const std::optional<chat_completion_event> event = co_await events.next();
    CHECK(std::holds_alternative<chunk_event>(*event));
}

void cancel_later(asio::any_io_executor executor, chat_completion_events* events)
{
    asio::post(executor, [events] { events->cancel(); });
}

asio::awaitable<int> count_until_cancelled(asio::any_io_executor executor, client_options options)
{
    client c(executor, std::move(options));
    const chat_completion_request request = ::test::hello();
    chat_completion_stream stream = co_await c.chat_completions_stream(request);
    chat_completion_events events(std::move(stream));
    int count = 0;
    try {
        while (std::optional<chat_completion_event> event = co_await events.next()) {
            if (++count == 4)
                cancel_later(executor, &events);
        }
    }
    catch (const dedalus::error& e) {
        CHECK(e.code() == asio::error::operation_aborted);
        co_return count;
    }
    co_return -1;
}

}  // namespace

TEST_CASE("event stream: dropping it in the middle closes its socket at once")
{
    server target(over(GENERATE(true, false)));
    target.enqueue(endless_stream());
    ::test::run_coro([&](asio::any_io_executor executor) { return take_one(executor, ::test::options_for(target)); });
    CHECK(target.wait_for_connections_open(0, 5s));
}

TEST_CASE("event stream: cancelling ends the pending pull")
{
    server target(over(true));
    target.enqueue(endless_stream());
    const int count = ::test::run_coro([&](asio::any_io_executor executor) {
        return count_until_cancelled(executor, ::test::options_for(target));
    });
    CHECK(count == 4);
    CHECK(target.wait_for_connections_open(0, 5s));
}

}  // namespace client_events_test
