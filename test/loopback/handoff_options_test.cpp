// Options of the loop that change what is sent, against a server that checks it.

#include <dedalus/handoff/handoff_loop.hpp>
#include <dedalus/stores/memory.hpp>
#include <dedalus/testing/server.hpp>

#include "support/catch.hpp"
#include "support/client_fixture.hpp"
#include "support/handoff_answers.hpp"
#include "support/recording_logger.hpp"

#include <boost/asio/this_coro.hpp>
#include <boost/json/parse.hpp>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace handoff_options_test {

namespace asio = boost::asio;
namespace json = boost::json;
using dedalus::run_phase;
using dedalus::testing::server;
using names = std::vector<std::string>;

namespace {

asio::awaitable<json::value> note(names& log, std::string what)  // borrowed
{
    log.push_back(what);
    co_return json::string(what + " done");
}

asio::awaitable<json::value> look_and_log(dedalus::tool_context& context)  // borrowed
{
    context.log(dedalus::log_level::debug, "not_shown");
    context.log(
        dedalus::log_level::info, "looked", {{"found", "two, with sk-0123456789abcdef"}, {"api_key", "s3cret"}}
    );
    co_return "here";
}

/// A tool that writes the ids of its calls into the log.
dedalus::tool_registry one_tool(names& log, dedalus::tool_options options = {})
{
    dedalus::tool_registry tools;
    dedalus::function_definition definition;
    definition.name = "look";
    tools.add(
        std::move(definition),
        [&log](json::object, dedalus::tool_context& context) { return note(log, context.call_id()); },
        std::move(options)
    );
    return tools;
}

asio::awaitable<dedalus::run_result>
run(dedalus::client_options options, dedalus::tool_registry tools, dedalus::handoff_options handoff)
{
    const dedalus::client client(co_await asio::this_coro::executor, std::move(options));
    const dedalus::handoff_loop loop(client, std::move(tools), std::move(handoff));
    const dedalus::chat_completion_request request = test::hello();
    co_return co_await loop.run(request);
}

asio::awaitable<dedalus::run_result> follow(dedalus::client_options options, dedalus::tool_registry tools)
{
    const dedalus::client client(co_await asio::this_coro::executor, std::move(options));
    const dedalus::handoff_loop loop(client, std::move(tools));
    const dedalus::chat_completion_request request = test::hello();
    dedalus::run_stream events = loop.stream(request);
    while (std::optional<dedalus::run_event> event = co_await events.next())
        ;
    co_return events.result();
}

void asks(server& s, const std::string& pending, const std::string& more)
{
    s.enqueue(dedalus::testing::json_reply(json::parse(
        R"({"id":"c","object":"chat.completion","model":"m","created":1,"choices":[{"index":0,
            "finish_reason":"tool_calls","message":{"role":"assistant","content":null}}],"pending_tools":)" +
        pending + more + "}"
    )));
}

json::value call_chunk(int index, const std::string& id)
{
    json::object function{{"name", "look"}, {"arguments", "{}"}};
    json::object call{{"index", index}, {"id", id}, {"type", "function"}, {"function", std::move(function)}};
    json::object choice{{"index", 0}, {"delta", {{"tool_calls", json::array{std::move(call)}}}}};
    return json::object{{"id", "c"}, {"object", "chat.completion.chunk"}, {"choices", json::array{std::move(choice)}}};
}

json::value end_chunk()
{
    json::object choice{{"index", 0}, {"delta", json::object()}, {"finish_reason", "tool_calls"}};
    return json::object{{"id", "c"}, {"object", "chat.completion.chunk"}, {"choices", json::array{std::move(choice)}}};
}

}  // namespace

TEST_CASE("a tool writes to the logger of the client, with its ids and without what looks like a key")
{
    server s(test::plain_http());
    asks(s, R"([{"id":"a","name":"look","arguments":{},"dependencies":[]}])", "");
    s.enqueue(dedalus::testing::text_reply("Done."));
    const auto log = std::make_shared<test::recording_logger>(dedalus::log_level::info);
    dedalus::client_options options = test::options_for(s);
    options.logger = log;
    dedalus::handoff_options handoff;
    if (GENERATE(true, false))
        handoff.store = std::make_shared<dedalus::memory_run_store>();
    dedalus::tool_registry tools;
    dedalus::function_definition definition;
    definition.name = "look";
    tools.add(std::move(definition), [](json::object, dedalus::tool_context& context) {
        return look_and_log(context);
    });
    const dedalus::run_result r = test::run_coro(run(std::move(options), std::move(tools), std::move(handoff)));

    CHECK(r.final_text == "Done.");
    CHECK(log->lines("not_shown").empty());
    const auto lines = log->lines("looked");
    REQUIRE(lines.size() == 1);
    CHECK(lines[0].field("run") == r.run_id);
    CHECK(lines[0].field("call_id") == "a");
    CHECK(lines[0].field("attempt") == "1");
    CHECK(lines[0].field("found") == "two, with <redacted>");
    CHECK(lines[0].field("api_key") == "<redacted>");
}

TEST_CASE("a call that is held back is answered when the server asks for it again, or left out where it refuses that")
{
    const bool allowed = GENERATE(true, false);
    dedalus::testing::server_options strict = test::plain_http();
    strict.partial_answers = allowed;
    server s(strict);
    const std::string call_h = R"({"id":"h","name":"look","arguments":{},"dependencies":["d"]})";
    asks(
        s,
        R"([{"id":"a","name":"look","arguments":{}},)" + call_h + "]",
        R"(,"deferred":[{"id":"d","name":"find","blocked_by":["a"]}])"
    );
    asks(s, "[" + call_h + "]", R"(,"server_results":{"d":"found"})");
    dedalus::handoff_options options;
    options.scheduling.deferred_dependency = dedalus::deferred_dependency_rule::hold_back;
    options.profile.partial_answers = true;
    names log;
    s.enqueue(dedalus::testing::text_reply("Done."));
    const dedalus::run_result r = test::run_coro(run(test::options_for(s), one_tool(log), options));
    CHECK(r.phase == run_phase::completed);
    CHECK(log == names{"a", "h"});
    CHECK(test::outline(r.messages) == "user assistant(a) tool:a assistant(h) tool:h assistant");
    CHECK(test::has_code(r.diagnostics, "session_lost") == !allowed);
}

TEST_CASE("run_stream: a tool without effect may start while its answer is still coming, and runs once")
{
    const bool early = GENERATE(true, false);
    server s(test::plain_http());
    s.enqueue(dedalus::testing::chunks_reply({call_chunk(0, "a"), call_chunk(1, "b"), end_chunk()}));
    s.enqueue(dedalus::testing::chunks_reply(
        {json::parse(
             R"({"id":"d","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"Done."}}]})"
         ),
         json::parse(
             R"({"id":"d","object":"chat.completion.chunk","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})"
         )}
    ));
    names log;
    const dedalus::tool_options options{.effect = dedalus::tool_effect::pure, .early_start = early};
    const dedalus::run_result r = test::run_coro(follow(test::options_for(s), one_tool(log, options)));
    CHECK(r.final_text == "Done.");
    REQUIRE(r.tool_results.size() == 2);
    CHECK((r.tool_results[0].started < r.tool_results[0].queued) == early);
    CHECK(std::count(log.begin(), log.end(), "a") == 1);
    CHECK(std::count(log.begin(), log.end(), "b") == 1);
}

}  // namespace handoff_options_test
