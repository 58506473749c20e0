#include "support/catch.hpp"
#include "support/durable_scene.hpp"

#include <chrono>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace durable_waits_test {

namespace json = boost::json;
namespace stores = dedalus::stores;
using dedalus::run_phase;
using dedalus::stop_reason;
using dedalus::tool_effect;
using dedalus::tool_outcome;
using dedalus::wait_kind;
using stores::post_outcome;
using test::asks;
using test::durable_scene;
using test::ends;
using test::pending_call;
using test::run_coro;
using names = std::vector<std::string>;

TEST_CASE("A call waits in the store whatever the size of its arguments")
{
    durable_scene s;
    s.add("book", {.effect = tool_effect::once, .needs_approval = true});
    const std::string text(2 * 1024 * 1024, 'x');
    s.says(asks(R"([{"id":"a","name":"book","arguments":{"text":")" + text + R"("}}])"));
    CHECK(s.run().stop_reason == stop_reason::approval);
    CHECK(run_coro(s.inbox().approve("r1", "a")) == post_outcome::accepted);
    s.says(ends());
    CHECK(s.run().phase == run_phase::completed);
    CHECK(s.log == names{"a"});
}

TEST_CASE("A call that needs an approval waits in the store, and another process goes on when it is approved")
{
    durable_scene s;
    s.add("book", {.effect = tool_effect::once, .needs_approval = true});
    s.add("look", {.effect = tool_effect::pure});
    s.says(asks("[" + pending_call("a", "book") + "," + pending_call("b", "look") + "]"));
    const dedalus::run_result waits = s.run();
    CHECK(waits.phase == run_phase::suspended);
    CHECK(waits.stop_reason == stop_reason::approval);
    REQUIRE(waits.waiting.size() == 1);
    CHECK(waits.waiting[0].call_id == "a");
    CHECK(waits.waiting[0].kind == wait_kind::approval);
    CHECK(waits.waiting[0].since == s.now());
    CHECK(s.log == names{"b"});
    CHECK(s.stored().head.phase == run_phase::suspended);

    const dedalus::run_inbox inbox = s.inbox();
    const std::vector<dedalus::waiting_call> listed = run_coro(inbox.list_waiting());
    REQUIRE(listed.size() == 1);
    CHECK(listed[0].run_id == "r1");
    CHECK(listed[0].name == "book");
    CHECK(listed[0].fingerprint == waits.waiting[0].fingerprint);

    CHECK(s.run().phase == run_phase::suspended);
    CHECK(run_coro(inbox.provide_result("r1", "a", "no")) == post_outcome::refused);
    CHECK(run_coro(inbox.approve("r1", "no such call")) == post_outcome::refused);
    CHECK(run_coro(inbox.approve("no such run", "a")) == post_outcome::refused);
    CHECK(run_coro(inbox.approve("r1", "a")) == post_outcome::accepted);
    CHECK(run_coro(inbox.reject("r1", "a")) == post_outcome::already_decided);
    CHECK(run_coro(inbox.list_waiting()).empty());

    s.says(ends());
    const dedalus::run_result done = s.run();
    CHECK(done.phase == run_phase::completed);
    CHECK(s.log == names{"b", "a"});
    CHECK(test::tool_text(s.sent[1].messages, "a") == "a done");
    CHECK(done.resumes == 2);
    CHECK(s.stored().inbox.empty());
}

TEST_CASE("A rejected call is not run, and the model is told why")
{
    durable_scene s;
    s.add("book", {.effect = tool_effect::once, .needs_approval = true});
    s.says(asks("[" + pending_call("a", "book") + "," + pending_call("b", "book", "\"a\"") + "]"));
    CHECK(s.run().stop_reason == stop_reason::approval);
    CHECK(run_coro(s.inbox().reject("r1", "a", "too dear")) == post_outcome::accepted);
    s.says(ends());
    const dedalus::run_result done = s.run();
    CHECK(done.phase == run_phase::completed);
    CHECK(s.log.empty());
    CHECK(done.tool_results[0].outcome == tool_outcome::rejected);
    CHECK(done.tool_results[0].content.find("too dear") != std::string::npos);
    CHECK(done.tool_results[1].outcome == tool_outcome::skipped_dependency);
    CHECK(s.run().tool_results[1].outcome == tool_outcome::skipped_dependency);
}

TEST_CASE("Arguments decide whether a call needs an approval, and a predicate that fails says yes")
{
    durable_scene s;
    dedalus::tool_options options;
    options.needs_approval_when = [](const json::object& arguments) { return arguments.at("price").as_int64() > 100; };
    s.add("buy", std::move(options));
    s.says(asks(R"([{"id":"a","name":"buy","arguments":{"price":1}},{"id":"b","name":"buy","arguments":{"price":999}},
                    {"id":"c","name":"buy","arguments":{}}])"));
    const dedalus::run_result waits = s.run();
    CHECK(s.log == names{"a"});
    REQUIRE(waits.waiting.size() == 2);
    CHECK(waits.waiting[0].call_id == "b");
    CHECK(waits.waiting[1].call_id == "c");
}

TEST_CASE("Whether a call needs an approval is asked once, whoever goes on with it")
{
    durable_scene s;
    int asked = 0;
    dedalus::tool_options options;
    options.needs_approval_when = [&asked](const json::object&) { return ++asked == 1; };
    s.add("buy", std::move(options));
    s.says(asks("[" + pending_call("a", "buy") + "]"));
    CHECK(s.run().stop_reason == stop_reason::approval);
    CHECK(s.run().stop_reason == stop_reason::approval);
    run_coro(s.inbox().approve("r1", "a"));
    s.says(ends());
    CHECK(s.run().phase == run_phase::completed);
    CHECK(s.log == names{"a"});
    CHECK(asked == 1);
}

TEST_CASE("A tool says for people what its waiting call would do")
{
    const std::string said =
        GENERATE(as<std::string>(), "Book 2 seats", std::string(2000, 'x'), "no \xff UTF-8", "throws");
    durable_scene s;
    dedalus::tool_options options;
    options.needs_approval = true;
    options.summary = [&said](const json::object& arguments) {
        if (said == "throws")
            throw std::runtime_error("nothing");
        return arguments.empty() ? said : std::string();
    };
    s.add("book", std::move(options));
    s.says(asks("[" + pending_call("a", "book") + "]"));
    const std::string kept = said.size() > 1024 ? said.substr(0, 1024) : said.starts_with("Book") ? said : "";
    CHECK(s.run().waiting.at(0).summary == kept);
    CHECK(run_coro(s.inbox().list_waiting("r1")).at(0).summary == kept);
    CHECK(s.run().waiting.at(0).summary == kept);
}

TEST_CASE("A result from outside ends a call, after its handler has told the outside")
{
    durable_scene s;
    const bool told = GENERATE(false, true);
    dedalus::tool_handler handler;
    if (told)
        handler = [&s](json::object, dedalus::tool_context& context) { return s.work(context.call_id()); };
    s.add("ask", {.effect = tool_effect::external}, handler);
    s.says(asks("[" + pending_call("a", "ask") + "]"));
    const dedalus::run_result waits = s.run();
    CHECK(waits.stop_reason == stop_reason::external_result);
    CHECK(s.log == (told ? names{"a"} : names{}));
    CHECK(run_coro(s.inbox().approve("r1", "a")) == post_outcome::refused);
    CHECK(run_coro(s.inbox().provide_result("r1", "a", json::object{{"n", 1}})) == post_outcome::accepted);
    s.says(ends());
    CHECK(s.run().phase == run_phase::completed);
    CHECK(test::tool_text(s.sent[1].messages, "a") == R"({"n":1})");
    CHECK(s.log == (told ? names{"a"} : names{}));
}

TEST_CASE("A wait that nobody ends in time ends as expired, and a late decision is refused")
{
    durable_scene s;
    dedalus::tool_options options;
    options.needs_approval = true;
    options.wait_limit = std::chrono::hours(1);
    s.add("book", std::move(options));
    s.says(asks("[" + pending_call("a", "book") + "]"));
    const dedalus::run_result waits = s.run();
    REQUIRE(waits.waiting.size() == 1);
    CHECK(waits.waiting[0].expires_at == s.now() + std::chrono::hours(1));
    CHECK(run_coro(s.store->list_resumable({})).empty());
    s.passed += std::chrono::hours(1);
    CHECK(run_coro(s.store->list_resumable({})) == names{"r1"});
    CHECK(run_coro(s.inbox().approve("r1", "a")) == post_outcome::expired);
    s.says(ends());
    const dedalus::run_result done = s.run();
    CHECK(done.phase == run_phase::completed);
    CHECK(done.tool_results[0].outcome == tool_outcome::expired);
    CHECK(s.log.empty());
}

TEST_CASE("A call that repeats one that was started waits for an approval, whatever its id, and others do not")
{
    durable_scene s;
    s.add("book", {.effect = tool_effect::keyed, .confirm_repeat = true});
    s.add("look", {.effect = tool_effect::keyed});
    s.says(asks("[" + pending_call("a", "book") + "," + pending_call("b", "look") + "]"));
    s.says(asks(
        R"([{"id":"c","name":"book","arguments":{"n":1}},)" + pending_call("d", "book") + "," +
        pending_call("e", "look") + "]"
    ));
    const dedalus::run_result waits = s.run();
    CHECK(s.log == names{"a", "b", "c", "e"});
    CHECK(waits.stop_reason == stop_reason::approval);
    REQUIRE(waits.waiting.size() == 1);
    CHECK(waits.waiting[0].call_id == "d");

    CHECK(s.run().stop_reason == stop_reason::approval);
    CHECK(run_coro(s.inbox().approve("r1", "d")) == post_outcome::accepted);
    s.says(ends());
    CHECK(s.run().phase == run_phase::completed);
    CHECK(s.log == names{"a", "b", "c", "e", "d"});
}

TEST_CASE("Of two equal calls of one answer the second is a repetition")
{
    durable_scene s;
    s.add("book", {.effect = tool_effect::keyed, .confirm_repeat = true});
    s.says(asks("[" + pending_call("a", "book") + "," + pending_call("b", "book") + "]"));
    const dedalus::run_result waits = s.run();
    CHECK(s.log == names{"a"});
    REQUIRE(waits.waiting.size() == 1);
    CHECK(waits.waiting[0].call_id == "b");
    CHECK(run_coro(s.inbox().reject("r1", "b", "once is enough")) == post_outcome::accepted);
    s.says(ends());
    CHECK(s.run().tool_results.at(1).outcome == tool_outcome::rejected);
}

TEST_CASE("A call whose equal was not run is no repetition, and neither is one that starts again after a crash")
{
    durable_scene s;
    s.add("book", {.effect = tool_effect::keyed, .needs_approval = true, .confirm_repeat = true});
    s.says(asks("[" + pending_call("a", "book") + "]"));
    s.run();
    CHECK(run_coro(s.inbox().reject("r1", "a")) == post_outcome::accepted);
    s.tools = {};
    s.add("book", {.effect = tool_effect::keyed, .confirm_repeat = true});
    s.says(asks("[" + pending_call("b", "book") + "]"));
    // Create, acquire, the decision, intent, answer, start, and here the end.
    s.store->arm(dedalus::store_failpoint::before_commit, 7, std::make_exception_ptr(std::runtime_error("killed")));
    CHECK_THROWS_AS(s.run(), std::runtime_error);
    CHECK(s.log == names{"b"});
    s.says(ends());
    CHECK(s.run().phase == run_phase::completed);
    CHECK(s.log == names{"b", "b"});
}

}  // namespace durable_waits_test
