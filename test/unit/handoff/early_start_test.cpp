#include <dedalus/chat/chunk.hpp>
#include <dedalus/error.hpp>

#include "handoff/early_call_finder.hpp"
#include "handoff/early_starts.hpp"
#include "support/catch.hpp"
#include "support/chunks.hpp"
#include "support/handoff_answers.hpp"
#include "support/handoff_driver.hpp"
#include "support/handoff_scene.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace early_start_test {

namespace asio = boost::asio;
namespace core = dedalus::handoff_core;
namespace engine = dedalus::handoff_engine;
namespace json = boost::json;
using dedalus::chat_completion_chunk;
using dedalus::run_phase;
using dedalus::tool_effect;
using dedalus::tool_outcome;
using test::calls_chunk;
using test::finish_chunk;
using test::names;
using test::place_of;
using test::scene;
using test::text_answer;
using chunks = std::vector<chat_completion_chunk>;

namespace {

dedalus::tool_call_delta
piece(std::int64_t index, const std::string& id, const std::string& name, const std::string& arguments)
{
    dedalus::tool_call_delta delta;
    delta.index = index;
    if (!id.empty())
        delta.id = id;
    dedalus::function_call_delta function;
    if (!name.empty())
        function.name = name;
    function.arguments = arguments;
    delta.function = function;
    return delta;
}

names ids_of(const std::vector<core::requested_call>& calls)
{
    names ids;
    for (const core::requested_call& call : calls)
        ids.push_back(call.id);
    return ids;
}

/// What the server says: chunks, then an answer or the end of the connection.
struct told
{
    chunks parts{};
    dedalus::chat_completion answer{};
    bool cut = false;
};

/// A run over a server that streams. The log has "sent" and "answer" beside what tools write into it.
struct streamed
{
    scene s;
    std::vector<told> script;
    std::shared_ptr<engine::early_feed> feed = std::make_shared<engine::early_feed>();

    void add(const std::string& name, dedalus::tool_handler handler, dedalus::tool_options options = {})
    {
        options.effect = tool_effect::pure;
        options.early_start = true;
        s.add(name, std::move(handler), std::move(options));
    }

    asio::awaitable<dedalus::chat_completion> tell(told next)
    {
        s.log.push_back("sent");
        for (const chat_completion_chunk& part : next.parts) {
            if (feed->on_chunk)
                feed->on_chunk(part);
        }
        for (int i = 0; i < 8; ++i)
            co_await test::yield(s);
        s.log.push_back(next.cut ? "cut" : "answer");
        if (next.cut)
            throw dedalus::incomplete_stream_error(std::make_shared<const dedalus::chat_completion>());
        co_return std::move(next.answer);
    }

    std::shared_ptr<const engine::run_input> input()
    {
        auto in = std::make_shared<engine::run_input>(*s.input());
        in->early = feed;
        in->events = std::make_shared<engine::run_event_queue>(s.context.get_executor(), 1000);
        in->request.max_turns = 2;
        in->retry.max_retries = 2;
        in->retry.initial_backoff = std::chrono::milliseconds(0);
        in->random = [] { return 0.0; };
        for (const std::string& name : in->settings.tool_names)
            in->settings.effects.emplace(name, s.tools.find(name)->options.effect);
        in->send = [this](const dedalus::chat_completion_request& request, const std::string&) {
            s.sent.push_back(test::with_messages(request, true, dedalus::dialect::dedalus));
            told next = script.at(s.sent.size() - 1);
            return tell(std::move(next));
        };
        return in;
    }

    dedalus::run_result run() { return test::run_coro_on(s.context, engine::run_to_end(input())); }

    std::size_t count(const std::string& entry) const
    {
        return static_cast<std::size_t>(std::count(s.log.begin(), s.log.end(), entry));
    }
};

chunks two_calls()
{
    return {calls_chunk({piece(0, "a", "look", R"({"n":1})")}), calls_chunk({piece(1, "b", "look", R"({"n":2})")})};
}

dedalus::chat_completion whole(chunks parts)
{
    parts.push_back(finish_chunk("tool_calls"));
    return test::accumulate(parts);
}

asio::awaitable<json::value> until_cancelled(scene& s)  // borrowed
{
    asio::steady_timer timer(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
    boost::system::error_code ended;
    s.log.push_back("look+");
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ended));
    s.log.push_back("look cancelled");
    throw boost::system::system_error(ended);
}

}  // namespace

TEST_CASE("A call is whole when another one has begun and its arguments are JSON, or at the finish reason")
{
    core::early_call_finder finder;
    CHECK(finder.add(calls_chunk({piece(0, "a", "look", R"({"n":)")})).empty());
    CHECK(finder.add(calls_chunk({piece(1, "b", "look", "{}")})).empty());
    CHECK(finder.add(calls_chunk({piece(0, "", "", "1}")})).empty());
    CHECK(ids_of(finder.add(calls_chunk({piece(2, "c", "look", "{}")}))) == names{"a", "b"});
    CHECK(finder.add(calls_chunk({piece(3, "d", "look", "{")})).size() == 1);
    CHECK(finder.add(finish_chunk("tool_calls")).empty());
}

TEST_CASE("A pure call starts while its answer is still coming, runs once, and its result counts")
{
    streamed t;
    t.add("look", test::worker(t.s));
    t.script = {{two_calls(), whole(two_calls())}, {{}, text_answer("Done.")}};
    const dedalus::run_result r = t.run();
    CHECK(place_of(t.s.log, "a+") < place_of(t.s.log, "answer"));
    CHECK(place_of(t.s.log, "answer") < place_of(t.s.log, "b+"));
    CHECK(t.count("a+") == 1);
    CHECK(t.count("b+") == 1);
    CHECK(r.phase == run_phase::completed);
    REQUIRE(r.tool_results.size() == 2);
    CHECK(r.tool_results[0].content == "a done");
    CHECK(r.tool_results[0].attempts == 1);
    CHECK(test::tool_text(t.s.sent.at(1).messages, "a") == "a done");
}

TEST_CASE("A call that is still running when its answer is there is waited for")
{
    streamed t;
    t.add("look", test::worker(t.s, test::wait_and_work));
    t.add("open", test::worker(t.s, test::work_and_open));
    const chunks parts = {calls_chunk({piece(0, "a", "look", "{}")}), calls_chunk({piece(1, "b", "open", "{}")})};
    t.script = {{parts, whole(parts)}, {{}, text_answer("Done.")}};
    const dedalus::run_result r = t.run();
    CHECK(place_of(t.s.log, "answer") < place_of(t.s.log, "a-"));
    CHECK(t.count("a+") == 1);
    CHECK(r.tool_results.at(0).outcome == tool_outcome::ok);
}

TEST_CASE("What ran for an answer that breaks off is cancelled, awaited and forgotten")
{
    streamed t;
    t.add("look", [&t](json::object, dedalus::tool_context&) { return until_cancelled(t.s); });
    t.script = {{two_calls(), {}, true}, {{}, text_answer("Done.")}};
    const dedalus::run_result r = t.run();
    CHECK(t.s.log == names{"sent", "look+", "cut", "look cancelled", "sent", "answer"});
    CHECK(r.phase == run_phase::completed);
    CHECK(r.tool_results.empty());
}

TEST_CASE("A result does not count for a call of this id with other arguments")
{
    streamed t;
    names seen;
    t.add("look", [&](json::object arguments, dedalus::tool_context& context) {
        seen.push_back(json::serialize(arguments));
        return test::work(t.s, context.call_id());
    });
    const chunks other = {calls_chunk({piece(0, "a", "look", R"({"n":7})")})};
    t.script = {{two_calls(), whole(other)}, {{}, text_answer("Done.")}};
    CHECK(t.run().tool_results.size() == 1);
    CHECK(seen == names{R"({"n":1})", R"({"n":7})"});
}

TEST_CASE("A call that turns out to depend on another one runs after it, with its result")
{
    streamed t;
    std::vector<std::size_t> known;
    t.add("look", [&](json::object, dedalus::tool_context& context) {
        known.push_back(context.dependency_results().size());
        return test::work(t.s, context.call_id());
    });
    chunks parts = two_calls();
    parts.push_back(finish_chunk("tool_calls"));
    dedalus::chat_completion answer = test::handoff_answer(
        R"([{"id":"a","name":"look","arguments":{"n":1}},
            {"id":"b","name":"look","arguments":{"n":2},"dependencies":["a"]}])"
    );
    t.script = {{parts, std::move(answer)}, {{}, text_answer("Done.")}};
    CHECK(t.run().tool_results.size() == 2);
    CHECK(t.count("a+") == 1);
    CHECK(known == std::vector<std::size_t>{0, 0, 1});
}

TEST_CASE("No more calls start early than may run at once, and one without a place gives it up")
{
    streamed t;
    t.s.max_concurrency = 1;
    t.add("look", test::worker(t.s, test::wait_and_work));
    t.add("open", test::worker(t.s, test::work_and_open));
    chunks parts = {calls_chunk({piece(0, "a", "look", "{}")}), calls_chunk({piece(1, "b", "open", "{}")})};
    parts.push_back(finish_chunk("tool_calls"));
    dedalus::chat_completion answer =
        test::handoff_answer(R"([{"id":"b","name":"open","arguments":{}},{"id":"a","name":"look","arguments":{}}])");
    t.script = {{parts, std::move(answer)}, {{}, text_answer("Done.")}};
    const dedalus::run_result r = t.run();
    CHECK(r.phase == run_phase::completed);
    CHECK(t.s.most_running == 1);
    CHECK(t.count("b+") == 1);
    CHECK(place_of(t.s.log, "b-") < place_of(t.s.log, "a+"));
}

TEST_CASE("A run that ends with an answer that asks for nothing cancels what ran for it")
{
    streamed t;
    t.add("look", [&t](json::object, dedalus::tool_context&) { return until_cancelled(t.s); });
    t.script = {{two_calls(), text_answer("Done.")}};
    CHECK(t.run().phase == run_phase::completed);
    CHECK(t.s.log.back() == "look cancelled");
}

TEST_CASE("Only calls start early that say so, have no effect, wait for nobody, share nothing, and fit")
{
    dedalus::tool_registry tools;
    const auto add = [&tools](const std::string& name, dedalus::tool_options options) {
        dedalus::function_definition definition;
        definition.name = name;
        options.effect = tool_effect::pure;
        tools.add(std::move(definition), test::never, std::move(options));
    };
    add("look", {.early_start = true});
    add("late", {});
    add("asks", {.needs_approval = true, .early_start = true});
    add("asks_when",
        {.needs_approval_when = [](const json::object& o) { return o.contains("x"); }, .early_start = true});
    add("asks_again", {.confirm_repeat = true, .early_start = true});
    add("alone", {.max_concurrency = 1, .early_start = true});
    add("shares", {.group = "browser", .early_start = true});
    add("began_otherwise", {.early_start = true});
    core::run_settings settings = test::settings();
    for (const std::string name : {"look", "late", "asks", "asks_when", "asks_again", "alone", "shares"})
        settings.effects.emplace(name, tool_effect::pure);
    const core::run_machine machine(settings, test::question());
    const auto may = [&](const std::string& name, const std::string& arguments = "{}") {
        return engine::may_start_early(tools, machine, test::plain("a", name, arguments));
    };
    CHECK(may("look"));
    CHECK_FALSE(may("look", "[]"));
    CHECK_FALSE(may("missing"));
    CHECK_FALSE(may("late"));
    CHECK_FALSE(may("asks"));
    CHECK(may("asks_when"));
    CHECK_FALSE(may("asks_when", R"({"x":1})"));
    CHECK_FALSE(may("asks_again"));
    CHECK_FALSE(may("alone"));
    CHECK_FALSE(may("shares"));
    CHECK_FALSE(may("began_otherwise"));
}

}  // namespace early_start_test
