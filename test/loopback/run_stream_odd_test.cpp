#include <dedalus/error.hpp>
#include <dedalus/handoff/handoff_loop.hpp>
#include <dedalus/stores/memory.hpp>
#include <dedalus/testing/server.hpp>

#include "support/catch.hpp"
#include "support/client_fixture.hpp"

#include <boost/asio/this_coro.hpp>
#include <boost/json/parse.hpp>

#include <algorithm>
#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

// Runs over streams that end early or say odd things.
namespace run_stream_odd_test {

namespace asio = boost::asio;
namespace json = boost::json;
using dedalus::run_event;
using dedalus::run_phase;
using dedalus::testing::chunks_reply;
using dedalus::testing::reply;
using dedalus::testing::server;
using names = std::vector<std::string>;

namespace {

json::value chunk(const std::string& choices, const std::string& id = "c1", const std::string& more = "")
{
    return json::parse(
        R"({"id":")" + id + R"(","object":"chat.completion.chunk","created":1,"model":"m","choices":[)" + choices +
        "]" + more + "}"
    );
}

json::value delta(const std::string& members, const std::string& id = "c1", const std::string& more = "")
{
    return chunk(R"({"index":0,"delta":{)" + members + "}}", id, more);
}

json::value text(const std::string& words, const std::string& id = "c1")
{
    return delta(R"("content":")" + words + '"', id);
}

json::value finish(const std::string& reason, const std::string& id = "c1")
{
    return chunk(R"({"index":0,"delta":{},"finish_reason":")" + reason + R"("})", id);
}

json::value call(const std::string& name)
{
    return delta(
        R"("tool_calls":[{"index":0,"id":"s1","type":"function","function":{"name":")" + name +
        R"(","arguments":"{}"}}])"
    );
}

const json::value usage_only =
    chunk("", "c1", R"(,"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7})");

struct scene
{
    server s{test::plain_http()};
    dedalus::handoff_options options{};
    dedalus::tool_registry tools{};
    int worked = 0;
    std::vector<run_event> events{};
    dedalus::run_result result{};
    std::exception_ptr failure{};

    scene()
    {
        options.retry.initial_backoff = std::chrono::milliseconds(1);
        options.retry.max_backoff = std::chrono::milliseconds(2);
        dedalus::function_definition definition;
        definition.name = "read_calendar";
        tools.add(std::move(definition), [this](json::object, dedalus::tool_context&) { return work(); });
    }

    asio::awaitable<json::value> work()
    {
        ++worked;
        co_return json::string("free");
    }

    void says(const std::vector<json::value>& chunks, bool done = true) { s.enqueue(chunks_reply(chunks, done)); }

    asio::awaitable<int> follow()
    {
        dedalus::client c(co_await asio::this_coro::executor, test::options_for(s));
        const dedalus::handoff_loop loop(std::move(c), tools, options);
        const dedalus::chat_completion_request request = test::hello();
        dedalus::run_stream stream = loop.stream(request);
        try {
            while (std::optional<run_event> event = co_await stream.next())
                events.push_back(*event);
            result = stream.result();
        }
        catch (...) {
            failure = std::current_exception();
        }
        co_return 0;
    }

    void run() { test::run_coro(follow()); }

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
};

}  // namespace

TEST_CASE("run_stream: of an answer in two segments the first is told to be a step on the way, its calls the server's")
{
    scene s;
    if (GENERATE(false, true))
        s.options.store = std::make_shared<dedalus::memory_run_store>();
    s.says(
        {text("Let me look."),
         call("find"),
         finish("tool_calls"),
         text("Found.", "c2"),
         finish("stop", "c2"),
         usage_only}
    );
    s.run();
    CHECK(s.result.phase == run_phase::completed);
    CHECK(s.result.final_text == "Found.");
    REQUIRE(s.result.usage);
    CHECK(s.result.usage->total_tokens == 7);
    const auto intermediate = s.all<dedalus::intermediate_text_event>();
    REQUIRE(intermediate.size() == 1);
    CHECK(intermediate[0].text == "Let me look.");
    const auto seen = s.all<dedalus::server_call_event>();
    REQUIRE(seen.size() == 1);
    CHECK(seen[0].call.call_id == "s1");
    CHECK(seen[0].call.name == "find");
    CHECK(s.worked == 0);
}

TEST_CASE("run_stream: a handoff member on the first chunk counts, whatever comes after it")
{
    scene s;
    const std::string pending =
        R"(,"pending_tools":[{"id":"p1","name":"read_calendar","arguments":{},"dependencies":[]}])";
    s.says({delta(R"("role":"assistant")", "c1", pending), finish("tool_calls"), usage_only});
    s.says({text("Done."), finish("stop")});
    s.run();
    CHECK(s.worked == 1);
    CHECK(s.result.final_text == "Done.");
}

TEST_CASE("run_stream: an answer without its end marker, or without a finish reason, has broken off")
{
    scene s;
    const bool finished = GENERATE(true, false);
    std::vector<json::value> first{text("Almost.")};
    if (finished)
        first.push_back(finish("stop"));
    s.says(first, !finished);
    s.says({text("Done."), finish("stop")});
    SECTION("it is asked for again")
    {
        s.run();
        CHECK(s.result.final_text == "Done.");
        CHECK(s.all<dedalus::turn_restarted_event>().size() == 1);
        CHECK(s.result.llm_turns.charged_unknown > 0);
    }
    SECTION("the profile takes it without the marker alone")
    {
        s.options.profile.accept_missing_end = true;
        s.run();
        CHECK(s.result.final_text == (finished ? "Almost." : "Done."));
        CHECK(s.all<dedalus::turn_restarted_event>().size() == (finished ? 0U : 1U));
    }
}

TEST_CASE("run_stream: a call of the server beside the final text is told, and not answered")
{
    scene s;
    s.says({text("Found."), call("find"), finish("stop")});
    s.run();
    CHECK(s.result.phase == run_phase::completed);
    CHECK(s.result.final_text == "Found.");
    const auto seen = s.all<dedalus::server_call_event>();
    REQUIRE(seen.size() == 1);
    CHECK(seen[0].call.call_id == "s1");
    CHECK(s.worked == 0);
    CHECK(s.s.requests().size() == 1);
}

TEST_CASE("run_stream: a call that changes its name runs under neither, and ends the run when it does so again")
{
    scene s;
    for (int i = 0; i < 2; ++i) {
        s.says(
            {call("read_calendar"),
             delta(R"("tool_calls":[{"index":0,"function":{"name":"erase_calendar"}}])"),
             finish("tool_calls")}
        );
    }
    s.run();
    CHECK(s.s.requests().size() == 2);
    REQUIRE(s.failure);
    CHECK_THROWS_AS(std::rethrow_exception(s.failure), dedalus::response_format_error);
    CHECK(s.worked == 0);
    CHECK(s.all<dedalus::run_failed_event>().size() == 1);
}

}  // namespace run_stream_odd_test
