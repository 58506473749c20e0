#include <dedalus/dedalus.hpp>
#include <dedalus/testing/server.hpp>

#include "support/catch.hpp"
#include "support/client_fixture.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <optional>
#include <string>
#include <utility>

namespace client_stream_test {

namespace asio = boost::asio;
namespace json = boost::json;
using namespace dedalus;
using namespace dedalus::testing;
using namespace std::chrono_literals;

namespace {

json::value text_chunk(std::string_view text)
{
    return {
        {"id", "c1"},
        {"object", "chat.completion.chunk"},
        {"created", 1775000000},
        {"model", "m"},
        {"choices", {{{"index", 0}, {"delta", {{"content", text}}}, {"finish_reason", nullptr}}}}};
}

json::value finish_chunk(std::string_view reason)
{
    return {
        {"id", "c1"},
        {"object", "chat.completion.chunk"},
        {"created", 1775000000},
        {"model", "m"},
        {"choices", {{{"index", 0}, {"delta", json::object()}, {"finish_reason", reason}}}}};
}

std::string event(const json::value& chunk)
{
    return "data: " + json::serialize(chunk) + "\n\n";
}

/// What the stream failed with, which must be of class Error.
template <class Error>
Error failure_of(const test::stream_outcome& outcome)
{
    CHECK(outcome.ended_after_failure);
    try {
        outcome.rethrow();
    }
    catch (const Error& e) {
        return e;
    }
    FAIL("no error");
    throw std::logic_error("not reached");
}

test::stream_outcome stream_of(server& target, reply answer)
{
    target.enqueue(std::move(answer));
    return test::read_stream(test::options_for(target));
}

server_options over(bool tls)
{
    server_options options;
    options.tls = tls;
    return options;
}

}  // namespace

TEST_CASE("stream: chunks arrive in order and add up to the unary answer")
{
    server target(over(GENERATE(true, false)));
    chat_completion_request request{
        .model = "openai/gpt-5-nano",
        .messages = {user_message{"What is the capital of France?"}},
        .stream_options = stream_options{.include_usage = true},
    };
    const test::stream_outcome outcome = test::read_stream(test::options_for(target), request);
    outcome.rethrow();
    const chat_completion unary = test::ask(test::options_for(target), request);

    CHECK(outcome.chunks.size() > 3);
    CHECK(outcome.text() == unary.text());
    CHECK(outcome.completion.text() == unary.text());
    CHECK(outcome.completion.object == "chat.completion");
    CHECK(outcome.completion.choices.at(0).finish_reason == finish_reason::stop);
    CHECK(outcome.completion.usage == unary.usage);
    CHECK(outcome.completion.info.status == 200);
    CHECK_FALSE(outcome.completion.info.request_id.empty());
    CHECK(outcome.completion.info.timings.first_event > 0us);
    CHECK(outcome.completion.info.timings.total >= outcome.completion.info.timings.first_event);

    const auto seen = target.requests();
    CHECK(json::parse(seen.at(0).body).at("stream") == true);
    CHECK(seen.at(0).headers.find("Accept") == "text/event-stream, application/json");
    CHECK_FALSE(json::parse(seen.at(1).body).as_object().contains("stream_options"));
}

TEST_CASE("stream: any framing and any split gives the same chunks")
{
    server target(over(GENERATE(true, false)));
    reply r = chunks_reply({text_chunk("Grü"), text_chunk("ße, "), text_chunk("世界"), finish_chunk("stop")});
    r.framing = GENERATE(body_framing::content_length, body_framing::chunked, body_framing::until_close);
    r.piece_bytes = GENERATE(std::size_t(0), std::size_t(1), std::size_t(3));
    r.split_body_only = false;
    if (r.framing == body_framing::until_close)
        r.end = reply_end::close;
    const test::stream_outcome outcome = stream_of(target, r);
    outcome.rethrow();
    CHECK(outcome.chunks.size() == 4);
    CHECK(outcome.text() == "Grüße, 世界");
}

TEST_CASE("stream: [DONE] ends it at once although the connection stays silent and open")
{
    server target(over(true));
    reply r = chunks_reply({text_chunk("whole"), finish_chunk("stop")});
    r.framing = body_framing::chunked;
    r.end = reply_end::silence;
    r.stop_after = r.body.size();
    const test::stream_outcome outcome = stream_of(target, r);
    outcome.rethrow();
    CHECK(outcome.text() == "whole");
    CHECK(target.wait_for_connections_open(0, 5s));
}

TEST_CASE("stream: a clean end without [DONE] is a success once every choice has a finish reason")
{
    server target(over(false));
    const test::stream_outcome outcome =
        stream_of(target, chunks_reply({text_chunk("whole"), finish_chunk("stop")}, false));
    outcome.rethrow();
    CHECK(outcome.text() == "whole");
}

TEST_CASE("stream: a clean end without [DONE] and without a finish reason is an error that holds what came")
{
    server target(over(false));
    const test::stream_outcome outcome = stream_of(target, chunks_reply({text_chunk("ha"), text_chunk("lf")}, false));
    const auto e = failure_of<incomplete_stream_error>(outcome);
    CHECK(e.code() == errc::incomplete_stream);
    CHECK(e.partial().text() == "half");
    CHECK(outcome.text() == "half");

    target.enqueue(chunks_reply({text_chunk("half")}, false));
    client_options tolerant = test::options_for(target);
    tolerant.tolerate_missing_done = true;
    const test::stream_outcome tolerated = test::read_stream(tolerant);
    tolerated.rethrow();
    CHECK(tolerated.completion.text() == "half");
}

TEST_CASE("stream: no event at all is an error")
{
    server target(over(false));
    failure_of<incomplete_stream_error>(stream_of(target, event_stream_reply("")));
    failure_of<incomplete_stream_error>(stream_of(target, event_stream_reply(": comment\n\nretry: 10\n\n")));
}

TEST_CASE("stream: a connection that breaks is an error, never an end, and is not tried again")
{
    server target(over(GENERATE(true, false)));
    reply r = chunks_reply({text_chunk("he"), text_chunk("llo"), finish_chunk("stop")});
    r.framing = GENERATE(body_framing::content_length, body_framing::chunked);
    r.end = GENERATE(reply_end::close, reply_end::cut, reply_end::reset);
    r.stop_after = event(text_chunk("he")).size() + 4;
    r.piece_bytes = 4096;
    const test::stream_outcome outcome = stream_of(target, r);
    const auto e = failure_of<connection_error>(outcome);
    // A reset may overtake what was sent before it.
    if (r.end != reply_end::reset)
        CHECK(outcome.text() == "he");
    CHECK(e.phase() == (outcome.chunks.empty() ? call_phase::first_event : call_phase::stream_idle));
    CHECK(target.requests().size() == 1);
}

TEST_CASE("stream: TLS cut without close_notify in a body that runs to the end of the connection is an error")
{
    server target(over(true));
    reply r = chunks_reply({text_chunk("maybe not all")}, false);
    r.framing = body_framing::until_close;
    r.end = reply_end::cut;
    failure_of<connection_error>(stream_of(target, r));
}

TEST_CASE("stream: errors inside a 200 stream come after the chunks before them")
{
    server target(over(false));
    const std::string before = event(text_chunk("begun"));
    const std::string forms[] = {
        "data: {\"error\":{\"message\":\"m\",\"code\":\"c\",\"type\":\"t\"}}\n\n",
        "event: error\ndata: {\"message\":\"m\",\"code\":\"c\",\"type\":\"t\"}\n\n",
        "event: error\ndata: {\"type\":\"error\",\"error\":{\"message\":\"m\",\"code\":\"c\",\"type\":\"t\"}}\n\n",
    };
    for (const std::string& form : forms) {
        const test::stream_outcome outcome = stream_of(target, event_stream_reply(before + form));
        CHECK(outcome.text() == "begun");
        const auto e = failure_of<api_error>(outcome);
        CHECK(e.in_stream());
        CHECK(e.status() == 200);
        CHECK(e.message() == "m");
        CHECK(e.api_code() == "c");
        CHECK_FALSE(e.request_id().empty());
    }
}

TEST_CASE("stream: malformed JSON is an error that shows nothing of it")
{
    server target(over(false));
    const test::stream_outcome outcome =
        stream_of(target, event_stream_reply(event(text_chunk("ok")) + "data: {\"swordfish\":\n\n"));
    CHECK(outcome.text() == "ok");
    const auto e = failure_of<response_format_error>(outcome);
    CHECK(std::string(e.what()).find("swordfish") == std::string::npos);
    CHECK(target.wait_for_connections_open(0, 5s));
}

TEST_CASE("stream: a JSON answer to a stream request is one chunk")
{
    server target(over(false));
    const test::stream_outcome outcome = stream_of(target, text_reply("all at once"));
    outcome.rethrow();
    REQUIRE(outcome.chunks.size() == 1);
    CHECK(outcome.text() == "all at once");
    CHECK(outcome.completion.text() == "all at once");
    CHECK(outcome.completion.info.status == 200);
}

TEST_CASE("stream: a JSON answer that is cut is not asked for again")
{
    server target(over(false));
    reply cut = text_reply("all at once");
    cut.stop_after = 20;
    cut.end = reply_end::close;
    target.enqueue(cut);
    CHECK_THROWS_AS(test::read_stream(test::options_for(target)), connection_error);
    CHECK(target.requests().size() == 1);
}

TEST_CASE("stream: a failure in it tells the retries before it")
{
    server target(over(false));
    target.enqueue(error_reply(503, "later"));
    target.enqueue(chunks_reply({text_chunk("half")}, false));
    const auto e = failure_of<incomplete_stream_error>(test::read_stream(test::options_for(target)));
    CHECK(e.retries_taken() == 1);
}

TEST_CASE("stream: a 200 that is neither a stream nor JSON is an error")
{
    server target(over(false));
    reply html;
    html.headers.set("Content-Type", "text/html");
    html.body = "<html>gateway</html>";
    target.enqueue(html);
    try {
        test::read_stream(test::options_for(target));
        FAIL("no error");
    }
    catch (const response_format_error& e) {
        CHECK(e.content_type() == "text/html");
        CHECK(e.body_head() == html.body);
    }
    target.enqueue(json_reply({{"error", {{"message", "no"}}}}));
    CHECK_THROWS_AS(test::read_stream(test::options_for(target)), api_error);
}

TEST_CASE("stream: the media type is recognised whatever its case and parameters")
{
    server target(over(false));
    reply r = chunks_reply({text_chunk("x"), finish_chunk("stop")});
    r.headers.set("Content-Type", "Text/Event-Stream; charset=utf-8");
    const test::stream_outcome outcome = stream_of(target, r);
    outcome.rethrow();
    CHECK(outcome.chunks.size() == 2);
}

TEST_CASE("stream: an error status is thrown when the stream is opened, and repeated like any other")
{
    server target(over(false));
    target.enqueue(error_reply(500, "later"));
    target.enqueue(chunks_reply({text_chunk("x"), finish_chunk("stop")}));
    const test::stream_outcome outcome = test::read_stream(test::options_for(target));
    outcome.rethrow();
    CHECK(outcome.completion.info.retries_taken == 1);

    target.enqueue(error_reply(404, "no such model"));
    CHECK_THROWS_AS(test::read_stream(test::options_for(target)), not_found_error);
}

TEST_CASE("stream: an event above the limit is refused")
{
    server target(over(false));
    target.enqueue(chunks_reply({text_chunk(std::string(5000, 'a'))}));
    client_options options = test::options_for(target);
    options.limits.max_event_bytes = 4000;
    const auto e = failure_of<response_format_error>(test::read_stream(options));
    CHECK(e.code() == errc::limit_exceeded);
}

TEST_CASE("stream: tool calls streamed in pieces are whole in the completion")
{
    server target(over(false));
    chat_completion_request request = test::hello();
    request.tools = {function_tool{{
        .name = "add",
        .parameters =
            json::parse(
                R"({"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"string"}},"required":["a","b"]})"
            )
                .as_object(),
    }}};
    const test::stream_outcome outcome = test::read_stream(test::options_for(target), request);
    outcome.rethrow();
    const auto& calls = outcome.completion.choices.at(0).message.tool_calls;
    REQUIRE(calls.size() == 1);
    const auto& call = std::get<function_tool_call>(calls[0]);
    CHECK(call.function.name == "add");
    CHECK_FALSE(call.id.empty());
    CHECK(json::parse(call.function.arguments).as_object().contains("a"));
    CHECK(outcome.completion.choices.at(0).finish_reason == finish_reason::tool_calls);
}

namespace {

reply endless_stream()
{
    reply r = chunks_reply({text_chunk("first"), text_chunk("second")}, false);
    r.framing = body_framing::chunked;
    r.stop_after = r.body.size();
    r.end = reply_end::silence;
    return r;
}

asio::awaitable<void> drop_after_one(asio::any_io_executor executor, client_options options)
{
    client c(executor, std::move(options));
    const chat_completion_request request = test::hello();
    chat_completion_stream stream = co_await c.chat_completions_stream(request);
    const auto chunk = co_await stream.next();
    CHECK(chunk->text() == "first");
}

asio::awaitable<void> replace_stream(asio::any_io_executor executor, client_options options, server* target)
{
    client c(executor, std::move(options));
    const chat_completion_request request = test::hello();
    chat_completion_stream stream = co_await c.chat_completions_stream(request);
    chat_completion_stream other = co_await c.chat_completions_stream(request);
    stream = std::move(other);
    CHECK(target->wait_for_connections_open(1, 5s));
    const auto chunk = co_await stream.next();
    CHECK(chunk->text() == "first");
}

asio::awaitable<void> outlive_the_client(asio::any_io_executor executor, client_options options)
{
    std::optional<client> c(std::in_place, executor, std::move(options));
    const chat_completion_request request = test::hello();
    chat_completion_stream stream = co_await c->chat_completions_stream(request);
    c.reset();
    std::string text;
    // The box that next() gives becomes an optional, too.
    while (std::optional<chat_completion_chunk> chunk = co_await stream.next())
        text += chunk->text();
    CHECK(text == "whole");
}

}  // namespace

TEST_CASE("stream: dropping it in the middle closes its socket at once")
{
    server target(over(GENERATE(true, false)));
    target.enqueue(endless_stream());
    test::run_coro([&](asio::any_io_executor executor) { return drop_after_one(executor, test::options_for(target)); });
    CHECK(target.wait_for_connections_open(0, 5s));
}

TEST_CASE("stream: assigning another one closes the socket of the first")
{
    server target(over(false));
    target.enqueue(endless_stream());
    target.enqueue(endless_stream());
    test::run_coro([&](asio::any_io_executor executor) {
        return replace_stream(executor, test::options_for(target), &target);
    });
}

TEST_CASE("stream: it may outlive the client")
{
    server target(over(false));
    target.enqueue(chunks_reply({text_chunk("whole"), finish_chunk("stop")}));
    test::run_coro([&](asio::any_io_executor executor) {
        return outlive_the_client(executor, test::options_for(target));
    });
}

}  // namespace client_stream_test
