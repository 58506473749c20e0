#include <dedalus/handoff/handoff_loop.hpp>
#include <dedalus/stores/memory.hpp>
#include <dedalus/testing/server.hpp>

#include "codec/raw_json.hpp"
#include "support/catch.hpp"
#include "support/client_fixture.hpp"
#include "support/handoff_answers.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value_from.hpp>

#include <algorithm>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace run_stream_test {

namespace asio = boost::asio;
namespace json = boost::json;
using dedalus::run_event;
using dedalus::run_phase;
using dedalus::stop_reason;
using dedalus::testing::received_request;
using dedalus::testing::reply;
using dedalus::testing::server;
using names = std::vector<std::string>;

namespace {

/// What came of a run that was followed.
struct followed
{
    std::vector<run_event> events{};
    std::optional<dedalus::run_result> result{};
    std::exception_ptr failure{};

    names types() const
    {
        names all;
        for (const run_event& event : events)
            all.emplace_back(dedalus::type_of(event));
        return all;
    }

    template <class Event>
    std::vector<Event> all() const
    {
        std::vector<Event> found;
        for (const run_event& event : events) {
            if (const auto* one = std::get_if<Event>(&event))
                found.push_back(*one);
        }
        return found;
    }

    std::string text() const
    {
        std::string text;
        for (const auto& delta : all<dedalus::text_delta_event>())
            text += delta.text;
        return text;
    }
};

/// A loop and what is done with its stream. `on_event` sees each event, and what is left of the stream.
struct scene
{
    server s{test::plain_http()};
    dedalus::handoff_options handoff{};
    dedalus::tool_registry tools{};
    std::function<void(const run_event&, dedalus::run_stream&)> on_event{};
    names log{};
    dedalus::client_options options = test::options_for(s);

    scene()
    {
        handoff.retry.initial_backoff = std::chrono::milliseconds(1);
        handoff.retry.max_backoff = std::chrono::milliseconds(2);
        add("read_calendar");
        add("confirm_booking");
    }

    void add(const std::string& name)
    {
        dedalus::function_definition definition;
        definition.name = name;
        tools.add(std::move(definition), [this, name](json::object, dedalus::tool_context& context) {
            return work(name, context);
        });
    }

    asio::awaitable<json::value> work(std::string name, dedalus::tool_context& context)
    {
        log.push_back(name);
        context.progress(json::string("half of " + name));
        co_return json::string(name + " done");
    }

    static dedalus::chat_completion_request booking()
    {
        dedalus::chat_completion_request request;
        request.model = "openai/gpt-5-nano";
        request.messages.emplace_back(dedalus::user_message{"Book a flight and send me the invoice."});
        return request;
    }

    dedalus::handoff_loop loop(asio::any_io_executor executor) const
    {
        return {dedalus::client(std::move(executor), options), tools, handoff};
    }

    asio::awaitable<dedalus::run_result> run_coroutine()
    {
        const dedalus::handoff_loop l = loop(co_await asio::this_coro::executor);
        const dedalus::chat_completion_request request = booking();
        co_return co_await l.run(request);
    }

    dedalus::run_result run() { return test::run_coro(run_coroutine()); }

    asio::awaitable<followed> take_all(dedalus::run_stream stream)
    {
        followed result;
        try {
            while (std::optional<run_event> event = co_await stream.next()) {
                result.events.push_back(*event);
                if (on_event)
                    on_event(*event, stream);
            }
            result.result = stream.result();
        }
        catch (...) {
            result.failure = std::current_exception();
        }
        co_return result;
    }

    asio::awaitable<followed> stream_coroutine(std::string run_id)
    {
        const dedalus::handoff_loop l = loop(co_await asio::this_coro::executor);
        const dedalus::chat_completion_request request = booking();
        dedalus::run_stream stream = run_id.empty() ? l.stream(request) : l.stream(std::move(run_id), request);
        co_return co_await take_all(std::move(stream));
    }

    followed stream(std::string run_id = {}) { return test::run_coro(stream_coroutine(std::move(run_id))); }
};

// What two runs of one script must have in common: not ids that the server makes up, nor times.
json::value essence(const dedalus::run_result& r)
{
    json::array calls;
    for (const dedalus::tool_result& call : r.tool_results)
        calls.push_back({call.name, call.arguments, to_string(call.outcome), call.content, call.turn, call.attempts});
    json::array server_tools;
    for (const dedalus::server_tool_result& call : r.server_tools)
        server_tools.push_back({call.turn, call.name});
    json::array diagnostics;
    for (const dedalus::run_diagnostic& diagnostic : r.diagnostics)
        diagnostics.push_back(json::string(diagnostic.code));
    return {
        {"phase", to_string(r.phase)},
        {"reason", to_string(r.stop_reason)},
        {"text", r.final_text.substr(0, r.final_text.find("R-"))},
        {"messages", r.messages.size()},
        {"outline", test::outline(r.messages).size()},
        {"calls", calls},
        {"server_tools", server_tools},
        {"diagnostics", diagnostics},
        {"usage", r.usage ? json::value_from(*r.usage) : json::value()},
        {"usage_incomplete", r.usage_incomplete},
        {"turns", {r.turns_used, r.llm_turns.reported, r.llm_turns.assumed, r.llm_turns.charged_unknown}},
        {"sessions", r.correlation_ids.size()},
        {"request_ids", r.request_ids.size()}};
}

reply text_chunks(const std::string& text, bool whole = true)
{
    const json::value delta{{"index", 0}, {"delta", {{"role", "assistant"}, {"content", text}}}};
    const json::value stop{{"index", 0}, {"delta", json::object()}, {"finish_reason", "stop"}};
    std::vector<json::value> chunks;
    chunks.push_back({{"id", "c"}, {"object", "chat.completion.chunk"}, {"choices", json::array{delta}}});
    if (whole)
        chunks.push_back({{"id", "c"}, {"object", "chat.completion.chunk"}, {"choices", json::array{stop}}});
    return dedalus::testing::chunks_reply(chunks, whole);
}

std::shared_ptr<dedalus::memory_run_store> memory()
{
    return std::make_shared<dedalus::memory_run_store>();
}

std::size_t place_of(const names& all, const std::string& name)
{
    const auto found = std::find(all.begin(), all.end(), name);
    REQUIRE(found != all.end());
    return static_cast<std::size_t>(found - all.begin());
}

}  // namespace

TEST_CASE("run_stream: a handoff is told event by event, and ends as run() does")
{
    scene s;
    const bool stored = GENERATE(false, true);
    if (stored)
        s.handoff.store = memory();
    const dedalus::run_result unary = s.run();
    s.log.clear();
    if (stored)
        s.handoff.store = memory();
    const followed f = s.stream();
    REQUIRE(f.result);
    CHECK(essence(*f.result) == essence(unary));
    CHECK(f.result->phase == run_phase::completed);
    CHECK(s.log == names{"read_calendar", "confirm_booking"});

    const names types = f.types();
    CHECK(types.front() == "run_started");
    CHECK(types.back() == "completed");
    CHECK(std::count(types.begin(), types.end(), "turn_started") == 2);
    CHECK(std::count(types.begin(), types.end(), "response_saved") == 2);
    CHECK(std::count(types.begin(), types.end(), "usage") == 2);
    CHECK(std::count(types.begin(), types.end(), "call_planned") == 2);
    CHECK(std::count(types.begin(), types.end(), "call_started") == 2);
    CHECK(std::count(types.begin(), types.end(), "call_progress") == 2);
    CHECK(std::count(types.begin(), types.end(), "call_finished") == 2);
    CHECK(std::count(types.begin(), types.end(), "server_call_seen") >= 1);
    CHECK(place_of(types, "call_delta") < place_of(types, "response_saved"));
    CHECK(place_of(types, "response_saved") < place_of(types, "call_planned"));
    CHECK(place_of(types, "call_planned") < place_of(types, "call_started"));
    CHECK(place_of(types, "call_started") < place_of(types, "call_progress"));
    CHECK(place_of(types, "call_progress") < place_of(types, "call_finished"));
    CHECK(f.text() == f.result->final_text);
    CHECK(f.all<dedalus::call_finished_event>()[1].result.content == "confirm_booking done");
    CHECK(f.all<dedalus::call_progress_event>()[0].value == json::value("half of read_calendar"));
}

TEST_CASE("run_stream: the deferred calls of a stream go back byte for byte, with a store too")
{
    scene s;
    if (GENERATE(false, true))
        s.handoff.store = memory();
    const followed f = s.stream();
    REQUIRE(f.result);
    const std::vector<received_request> requests = s.s.requests();
    REQUIRE(requests.size() == 2);
    CHECK(json::parse(requests[0].body).at("stream") == json::value(true));
    const auto deferred = dedalus::codec::raw_member(requests[1].body, "deferred_calls");
    REQUIRE(deferred);
    CHECK(deferred->find("1e2") != std::string_view::npos);
    CHECK(deferred->find("\\/") != std::string_view::npos);
}

TEST_CASE("run_stream: an answer that breaks off is void, charged, and asked for again")
{
    scene s;
    const bool stored = GENERATE(false, true);
    if (stored)
        s.handoff.store = memory();
    s.s.enqueue(text_chunks("never to be", false));
    s.s.enqueue(text_chunks("Done."));
    const followed f = s.stream();
    REQUIRE(f.result);
    CHECK(f.result->final_text == "Done.");
    CHECK(f.result->unknown_outcomes.size() == 1);
    CHECK(f.result->llm_turns.charged_unknown > 0);
    CHECK(f.result->usage_incomplete);
    const auto restarted = f.all<dedalus::turn_restarted_event>();
    REQUIRE(restarted.size() == 1);
    CHECK(restarted[0].turn == 1);
    CHECK(restarted[0].reason == "connection");
    const auto started = f.all<dedalus::turn_started_event>();
    REQUIRE(started.size() == 2);
    CHECK(started[1].turn == 1);
    CHECK(started[1].attempt == 2);
    CHECK(f.all<dedalus::response_saved_event>().size() == 1);
}

TEST_CASE("run_stream: a server that refuses for a moment is asked again under the same key")
{
    scene s;
    s.s.enqueue(dedalus::testing::error_reply(503, "busy"));
    s.s.enqueue(text_chunks("Done."));
    const followed f = s.stream();
    REQUIRE(f.result);
    CHECK(f.all<dedalus::turn_restarted_event>()[0].reason == "status 503");
    const std::vector<received_request> requests = s.s.requests();
    REQUIRE(requests.size() == 2);
    const auto key = requests[0].headers.find("Idempotency-Key");
    REQUIRE(key);
    CHECK(requests[1].headers.find("Idempotency-Key") == key);
    CHECK(requests[1].body == requests[0].body);
    CHECK(f.result->llm_turns.charged_unknown > 0);
}

TEST_CASE("run_stream: what ends a run is thrown after its events, once")
{
    scene s;
    s.s.enqueue(dedalus::testing::error_reply(400, "no such model"));
    const followed f = s.stream();
    REQUIRE(f.failure);
    CHECK_THROWS_AS(std::rethrow_exception(f.failure), dedalus::bad_request_error);
    CHECK(f.types().back() == "failed");
    CHECK(f.all<dedalus::run_failed_event>()[0].reason == stop_reason::error);
}

TEST_CASE("run_stream: cancel stops the run, and a run in a store is suspended")
{
    scene s;
    const bool stored = GENERATE(false, true);
    if (stored)
        s.handoff.store = memory();
    s.on_event = [](const run_event& event, dedalus::run_stream& stream) {
        if (std::holds_alternative<dedalus::call_started_event>(event))
            stream.cancel();
    };
    dedalus::function_definition definition;
    definition.name = "never_ends";
    s.tools = {};
    s.tools.add(
        std::move(definition),
        [](json::object, dedalus::tool_context&) -> asio::awaitable<json::value> {
            asio::steady_timer timer(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
            co_await timer.async_wait(asio::use_awaitable);
            co_return nullptr;
        },
        {.effect = dedalus::tool_effect::pure}
    );
    const followed f = s.stream();
    REQUIRE(f.failure);
    try {
        std::rethrow_exception(f.failure);
    }
    catch (const dedalus::error& e) {
        CHECK(e.code() == asio::error::operation_aborted);
        REQUIRE(e.partial_run());
        CHECK(e.partial_run()->phase == (stored ? run_phase::suspended : run_phase::failed));
    }
    CHECK(f.types().back() == (stored ? "suspended" : "failed"));
}

TEST_CASE("run_stream: a stream that was cancelled before its first event starts nothing")
{
    scene s;
    const auto cancelled_first = [](scene& of) -> asio::awaitable<followed> {  // borrowed: of
        const dedalus::handoff_loop l = of.loop(co_await asio::this_coro::executor);
        const dedalus::chat_completion_request request = scene::booking();
        dedalus::run_stream stream = l.stream(request);
        CHECK_THROWS_AS(stream.result(), dedalus::error);
        stream.cancel();
        co_return co_await of.take_all(std::move(stream));
    };
    const followed f = test::run_coro(cancelled_first(s));
    CHECK(f.failure);
    CHECK(s.s.requests().empty());
}

TEST_CASE("run_stream: a run goes on when its stream is dropped, and stops when it was told to")
{
    scene s;
    s.handoff.store = memory();
    s.handoff.stop_dropped_streams = GENERATE(false, true);
    const auto drop = [](scene& of) -> asio::awaitable<void> {  // borrowed: of
        const dedalus::handoff_loop l = of.loop(co_await asio::this_coro::executor);
        const dedalus::chat_completion_request request = scene::booking();
        dedalus::run_stream stream = l.stream("dropped", request);
        co_await stream.next();
    };
    test::run_coro(drop(s));
    const bool stopped = s.handoff.stop_dropped_streams;
    CHECK(s.log.size() == (stopped ? 0U : 2U));

    const followed again = s.stream("dropped");
    REQUIRE(again.result);
    CHECK(again.result->phase == run_phase::completed);
    CHECK(s.log.size() == 2);
    if (stopped)
        CHECK(again.types().front() == "resumed");
    else
        CHECK(again.types() == names{"completed"});
}

TEST_CASE("run_stream: a queue of a few events is enough for a long answer")
{
    scene s;
    s.handoff.store = memory();
    s.handoff.max_queued_events = 4;
    std::string longer;
    for (int i = 0; i < 200; ++i)
        longer += "word ";
    std::vector<json::value> chunks;
    for (int i = 0; i < 200; ++i) {
        const json::value delta{{"index", 0}, {"delta", {{"role", "assistant"}, {"content", "word "}}}};
        chunks.push_back({{"id", "c"}, {"object", "chat.completion.chunk"}, {"choices", json::array{delta}}});
    }
    const json::value stop{{"index", 0}, {"delta", json::object()}, {"finish_reason", "stop"}};
    chunks.push_back({{"id", "c"}, {"object", "chat.completion.chunk"}, {"choices", json::array{stop}}});
    s.s.enqueue(dedalus::testing::chunks_reply(chunks));
    const followed f = s.stream();
    REQUIRE(f.result);
    CHECK(f.result->final_text == longer);
    CHECK(f.text() == longer);
}

TEST_CASE("run_stream: a run goes on where it was suspended, and tells only what is new")
{
    scene s;
    s.handoff.store = memory();
    s.tools = {};
    dedalus::function_definition definition;
    definition.name = "read_calendar";
    s.tools.add(
        definition,
        [&s](json::object, dedalus::tool_context& context) { return s.work("read_calendar", context); },
        {.needs_approval = true}
    );
    const followed first = s.stream("r1");
    REQUIRE(first.result);
    CHECK(first.result->stop_reason == stop_reason::approval);
    CHECK(first.types().back() == "suspended");
    CHECK(first.all<dedalus::call_waiting_event>().size() == 1);

    const auto approve = [](scene& of, std::string call) -> asio::awaitable<void> {  // borrowed: of
        const dedalus::handoff_loop l = of.loop(co_await asio::this_coro::executor);
        co_await l.approve("r1", std::move(call));
    };
    for (const dedalus::waiting_call& call : first.result->waiting)
        test::run_coro(approve(s, call.call_id));
    followed second = s.stream("r1");
    REQUIRE(second.result);
    const auto resumed = second.all<dedalus::run_resumed_event>();
    REQUIRE(resumed.size() == 1);
    CHECK(resumed[0].turns_used == 1);
    CHECK(second.types().front() == "resumed");
    CHECK(second.all<dedalus::call_planned_event>().empty());
    CHECK(second.all<dedalus::call_started_event>().size() == 1);
}

}  // namespace run_stream_test
