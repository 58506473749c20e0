#include <dedalus/error.hpp>

#include "crypto/sha256.hpp"
#include "support/catch.hpp"
#include "support/durable_scene.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/describe/class.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace durable_decisions_test {

namespace asio = boost::asio;
namespace json = boost::json;
namespace stores = dedalus::stores;
using dedalus::run_phase;
using dedalus::stop_reason;
using dedalus::tool_effect;
using dedalus::tool_outcome;
using stores::post_outcome;
using test::asks;
using test::durable_scene;
using test::ends;
using test::pending_call;
using test::run_coro;
using test::waiting_run;
using names = std::vector<std::string>;

struct order
{
    int count = 0;
};
BOOST_DESCRIBE_STRUCT(order, (), (count))

namespace {

std::string text_of(const stores::stored_run& run)
{
    std::string text = run.head.bytes;
    for (const stores::log_entry& entry : run.entries)
        text += entry.body + entry.raw;
    for (const stores::call_record& record : run.calls)
        text += record.body;
    for (const stores::wait_record& wait : run.waits)
        text += wait.body + wait.token_sha256;
    for (const stores::inbox_item& item : run.inbox)
        text += item.body;
    return text;
}

}  // namespace

TEST_CASE("A token decides on one call once, and the store has nothing but its hash")
{
    durable_scene s;
    const dedalus::run_result waits = waiting_run(s);
    const std::string token = waits.waiting[0].token;
    REQUIRE(token == "token1");
    REQUIRE(s.stored().waits.size() == 1);
    CHECK(s.stored().waits[0].token_sha256 == dedalus::crypto::sha256_hex(token));

    const dedalus::run_inbox stranger = s.inbox().with_token("token2");
    CHECK(run_coro(stranger.approve("r1", "a")) == post_outcome::refused);
    CHECK(run_coro(stranger.cancel_run("r1")) == post_outcome::refused);
    const dedalus::run_inbox holder = s.inbox().with_token(token);
    CHECK(run_coro(holder.cancel_run("r1")) == post_outcome::refused);
    CHECK(run_coro(holder.approve_always("r1", "a")) == post_outcome::refused);
    CHECK(run_coro(holder.approve("r1", "a")) == post_outcome::accepted);
    CHECK(run_coro(holder.reject("r1", "a")) == post_outcome::already_decided);
    CHECK(text_of(s.stored()).find(token) == std::string::npos);
    CHECK_THROWS_AS(s.inbox().with_token(""), dedalus::config_error);

    s.says(ends());
    CHECK(s.run().phase == run_phase::completed);
    CHECK(text_of(s.stored()).find(token) == std::string::npos);
}

TEST_CASE("Another process that finds the call waiting has no token, and may decide because it has the store")
{
    durable_scene s;
    waiting_run(s);
    const dedalus::run_result again = s.run();
    REQUIRE(again.waiting.size() == 1);
    CHECK(again.waiting[0].token.empty());
    CHECK(run_coro(s.inbox().list_waiting()).at(0).token.empty());
    CHECK(run_coro(s.inbox().approve("r1", "a")) == post_outcome::accepted);
}

TEST_CASE("Who has lost the tokens of a run gets others, and the old ones work no more")
{
    durable_scene s;
    const dedalus::run_result waits = waiting_run(s);
    s.passed += std::chrono::hours(1);
    const std::vector<dedalus::waiting_call> renewed = run_coro(s.inbox().renew_tokens("r1"));
    REQUIRE(renewed.size() == 1);
    CHECK(!renewed[0].token.empty());
    CHECK(renewed[0].token != waits.waiting[0].token);
    CHECK(renewed[0].since == waits.waiting[0].since);
    const std::string kept = text_of(s.stored());
    CHECK(kept.find(dedalus::crypto::sha256_hex(renewed[0].token)) != std::string::npos);
    CHECK(kept.find(dedalus::crypto::sha256_hex(waits.waiting[0].token)) == std::string::npos);
    CHECK(run_coro(s.inbox().with_token(waits.waiting[0].token).approve("r1", "a")) == post_outcome::refused);
    CHECK(run_coro(s.inbox().with_token(renewed[0].token).approve("r1", "a")) == post_outcome::accepted);
    CHECK(run_coro(s.inbox().renew_tokens("r1")).empty());
    CHECK(run_coro(s.inbox().renew_tokens("no such run")).empty());
    CHECK_THROWS_AS(s.inbox().with_token("t").renew_tokens("r1"), dedalus::config_error);
    s.says(ends());
    CHECK(s.run().phase == run_phase::completed);
}

TEST_CASE("A decision of somebody who saw other arguments is refused")
{
    durable_scene s;
    const dedalus::run_result waits = waiting_run(s);
    CHECK(run_coro(s.inbox().with_fingerprint("other").approve("r1", "a")) == post_outcome::refused);
    const std::string seen = waits.waiting[0].fingerprint;
    CHECK(run_coro(s.inbox().with_fingerprint(seen).approve("r1", "a")) == post_outcome::accepted);
}

TEST_CASE("An approved call runs with the arguments that a person gave, and the model is told")
{
    durable_scene s;
    waiting_run(s);
    CHECK(run_coro(s.inbox().approve_edited("r1", "a", {{"n", 2}})) == post_outcome::accepted);
    s.says(ends());
    const dedalus::run_result done = s.run();
    CHECK(done.phase == run_phase::completed);
    CHECK(s.log == names{R"(a{"n":2})"});
    const std::string told = test::tool_text(s.sent[1].messages, "a");
    CHECK(told == "[A person changed the arguments of this call to {\"n\":2}]\na{\"n\":2} done");
    REQUIRE(done.tool_results.size() == 1);
    CHECK(json::serialize(done.tool_results[0].arguments) == R"({"n":1})");
    CHECK(done.tool_results[0].edited_arguments == json::object{{"n", 2}});

    const dedalus::run_result again = s.run();
    CHECK(again.tool_results.at(0).content == done.tool_results[0].content);
    CHECK(again.tool_results.at(0).edited_arguments == json::object{{"n", 2}});
}

TEST_CASE("An edited call that waits for its result from outside shows the new arguments under another fingerprint")
{
    durable_scene s;
    s.add("ask", {.effect = tool_effect::external, .needs_approval = true});
    s.says(asks(R"([{"id":"a","name":"ask","arguments":{"n":1}}])"));
    const dedalus::run_result first = s.run();
    REQUIRE(first.stop_reason == stop_reason::approval);
    CHECK(run_coro(s.inbox().approve_edited("r1", "a", {{"n", 2}})) == post_outcome::accepted);
    const dedalus::run_result second = s.run();
    REQUIRE(second.stop_reason == stop_reason::external_result);
    CHECK(json::serialize(second.waiting.at(0).arguments) == R"({"n":2})");
    CHECK(second.waiting.at(0).fingerprint != first.waiting.at(0).fingerprint);
    const std::vector<dedalus::waiting_call> listed = run_coro(s.inbox().list_waiting("r1"));
    REQUIRE(listed.size() == 1);
    CHECK(listed[0].fingerprint == second.waiting[0].fingerprint);
    CHECK(run_coro(s.inbox().approve_edited("r1", "a", {})) == post_outcome::refused);
    CHECK(run_coro(s.inbox().provide_error("r1", "a", "no such thing")) == post_outcome::accepted);
    s.says(ends());
    const dedalus::run_result done = s.run();
    CHECK(done.tool_results.at(0).outcome == tool_outcome::error);
    CHECK(done.tool_results.at(0).content.find("no such thing") != std::string::npos);
}

TEST_CASE("Edited arguments that do not fit the tool leave the call waiting for a better decision")
{
    durable_scene s;
    s.tools.add(
        "order",
        "Order things",
        [&s](order o, dedalus::tool_context& context) { return s.work(context.call_id() + std::to_string(o.count)); },
        {.needs_approval = true}
    );
    s.definition.tools.emplace_back("order", tool_effect::once);
    s.says(asks(R"([{"id":"a","name":"order","arguments":{"count":1}}])"));
    CHECK(s.run().stop_reason == stop_reason::approval);
    CHECK(run_coro(s.inbox().approve_edited("r1", "a", {{"count", "many"}})) == post_outcome::accepted);
    const dedalus::run_result waits = s.run();
    CHECK(waits.stop_reason == stop_reason::approval);
    REQUIRE(waits.diagnostics.size() == 1);
    CHECK(waits.diagnostics[0].code == "edit_refused");
    CHECK(run_coro(s.inbox().approve_edited("r1", "a", {{"count", 3}})) == post_outcome::accepted);
    s.says(ends());
    const dedalus::run_result done = s.run();
    CHECK(done.phase == run_phase::completed);
    CHECK(test::codes(done.diagnostics) == names{"edit_refused"});
    CHECK(s.log == names{"a3"});
}

TEST_CASE("A decision that the tool of a call does not allow is refused, and so is one that was written to the store")
{
    using dedalus::wait_decision;
    const std::vector<wait_decision> allowed{wait_decision::approve, wait_decision::reject};
    durable_scene s;
    CHECK(test::waiting_run(s, {.decisions = allowed}).waiting[0].decisions == allowed);
    const std::vector<dedalus::waiting_call> listed = run_coro(s.inbox().list_waiting("r1"));
    REQUIRE(listed.size() == 1);
    CHECK(listed[0].decisions == allowed);
    CHECK(run_coro(s.inbox().approve_edited("r1", "a", {{"n", 2}})) == post_outcome::not_allowed);
    CHECK(run_coro(s.inbox().approve_always("r1", "a")) == post_outcome::not_allowed);
    CHECK(run_coro(s.inbox().provide_result("r1", "a", 1)) == post_outcome::refused);

    const stores::stored_run run = s.stored();
    stores::post_request written;
    written.run_id = "r1";
    written.inbox_id = "own";
    written.wait = run.waits.at(0).key;
    written.fingerprint = run.waits.at(0).fingerprint;
    written.trusted = true;
    written.kind = "approve_always";
    written.body = "{}";
    CHECK(run_coro(s.store->post(std::move(written))) == post_outcome::accepted);
    const dedalus::run_result waits = s.run();
    CHECK(waits.phase == run_phase::suspended);
    CHECK(waits.waiting.size() == 1);
    CHECK(s.log.empty());
    CHECK(run_coro(s.inbox().approve("r1", "a")) == post_outcome::accepted);
    s.says(ends());
    CHECK(s.run().phase == run_phase::completed);
}

TEST_CASE("A decision that cannot be read is put aside, and the call waits for another one")
{
    durable_scene s;
    waiting_run(s);
    stores::post_request request;
    request.run_id = "r1";
    request.inbox_id = "strange";
    request.trusted = true;
    const bool about_the_call = GENERATE(true, false);
    if (about_the_call) {
        request.wait = s.stored().waits.at(0).key;
        request.fingerprint = s.stored().waits[0].fingerprint;
    }
    const auto [kind, body] = GENERATE(
        std::pair<std::string, std::string>("ponder", "{}"),
        std::pair<std::string, std::string>("edit", "no JSON"),
        std::pair<std::string, std::string>("add_input", R"({"messages":7})")
    );
    request.kind = kind;
    request.body = body;
    CHECK(run_coro(s.store->post(std::move(request))) == post_outcome::accepted);
    const dedalus::run_result waits = s.run();
    CHECK(waits.stop_reason == stop_reason::approval);
    CHECK(test::codes(waits.diagnostics) == names{"decision_unreadable"});
    CHECK(s.stored().inbox.empty());
    CHECK(run_coro(s.inbox().list_waiting("r1")).size() == 1);
    CHECK(run_coro(s.inbox().approve("r1", "a")) == post_outcome::accepted);
    s.says(ends());
    CHECK(s.run().phase == run_phase::completed);
    CHECK(s.log == names{R"(a{"n":1})"});
}

TEST_CASE("A tool that is approved for the whole run is not asked about again, and others are")
{
    durable_scene s;
    s.add("look", {.needs_approval = true});
    waiting_run(s);
    CHECK(run_coro(s.inbox().approve_always("r1", "a")) == post_outcome::accepted);
    s.says(asks("[" + pending_call("b", "book") + "," + pending_call("c", "look") + "]"));
    const dedalus::run_result waits = s.run();
    REQUIRE(waits.waiting.size() == 1);
    CHECK(waits.waiting[0].call_id == "c");
    CHECK(s.log == names{R"(a{"n":1})", "b{}"});
    CHECK(s.stored().head.bytes.find(R"("sticky":[{"tool":"book"}])") != std::string::npos);
    CHECK(run_coro(s.inbox().approve("r1", "c")) == post_outcome::accepted);
    s.says(asks("[" + pending_call("d", "book") + "]"));
    s.says(ends());
    CHECK(s.run().phase == run_phase::completed);
    CHECK(s.log.back() == "d{}");
}

TEST_CASE("A run that is cancelled from outside ends for ever, and its waiting calls are not run")
{
    durable_scene s;
    waiting_run(s);
    CHECK(run_coro(s.inbox().cancel_run("no such run")) == post_outcome::refused);
    CHECK(run_coro(s.inbox().cancel_run("r1")) == post_outcome::accepted);
    CHECK(run_coro(s.store->list_resumable({})) == names{"r1"});
    CHECK(run_coro(s.inbox().list_waiting("r1")).size() == 1);
    const dedalus::run_result ended = s.run();
    CHECK(ended.phase == run_phase::cancelled);
    CHECK(ended.stop_reason == stop_reason::cancelled);
    CHECK(ended.tool_results.at(0).outcome == tool_outcome::cancelled);
    CHECK(s.log.empty());
    CHECK(run_coro(s.inbox().approve("r1", "a")) == post_outcome::refused);
    CHECK(run_coro(s.inbox().list_waiting("r1")).empty());
    const dedalus::run_result again = s.run();
    CHECK(again.phase == run_phase::cancelled);
    CHECK(again.tool_results.at(0).outcome == tool_outcome::cancelled);
    CHECK(s.sent.size() == 1);
}

namespace {

asio::awaitable<json::value> never_ends(asio::awaitable<post_outcome> first, std::shared_ptr<post_outcome> outcome)
{
    *outcome = co_await std::move(first);
    asio::steady_timer timer(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
    co_await timer.async_wait(asio::use_awaitable);
    co_return nullptr;
}

asio::awaitable<json::value> until(durable_scene& s, std::string id)  // borrowed: s
{
    co_await s.inbox().approve("r1", "a");
    asio::steady_timer timer(co_await asio::this_coro::executor);
    while (s.log.empty()) {
        timer.expires_after(std::chrono::milliseconds(1));
        co_await timer.async_wait(asio::use_awaitable);
    }
    co_return co_await s.work(std::move(id));
}

}  // namespace

TEST_CASE("An order to end a run is heard while its tools run")
{
    durable_scene s;
    s.lease = std::chrono::milliseconds(60);
    auto outcome = std::make_shared<post_outcome>(post_outcome::refused);
    s.add("wait", {.effect = tool_effect::once}, [&](json::object, dedalus::tool_context&) {
        return never_ends(s.inbox().cancel_run("r1"), outcome);
    });
    s.says(asks("[" + pending_call("a", "wait") + "]"));
    const dedalus::run_result ended = s.run();
    CHECK(*outcome == post_outcome::accepted);
    CHECK(ended.phase == run_phase::cancelled);
    CHECK(s.stored().inbox.empty());
}

TEST_CASE("A call is approved and runs while another one of its turn still runs")
{
    durable_scene s;
    s.lease = std::chrono::milliseconds(60);
    s.add("book", {.effect = tool_effect::once, .needs_approval = true});
    s.add("wait", {.effect = tool_effect::once}, [&s](json::object, dedalus::tool_context& context) {
        return until(s, context.call_id());
    });
    s.says(asks("[" + pending_call("a", "book") + "," + pending_call("b", "wait") + "]"));
    s.says(ends());
    CHECK(s.run().phase == run_phase::completed);
    CHECK(s.log == names{"a", "b"});
}

TEST_CASE("Messages that somebody adds follow the tool messages of the turn")
{
    durable_scene s;
    waiting_run(s);
    std::vector<dedalus::message> added;
    added.emplace_back(dedalus::user_message{"And hurry."});
    CHECK(run_coro(s.inbox().add_input("r1", added)) == post_outcome::accepted);
    CHECK(s.run().stop_reason == stop_reason::approval);
    CHECK(s.stored().inbox.empty());
    CHECK(run_coro(s.inbox().approve("r1", "a")) == post_outcome::accepted);
    s.says(ends());
    const dedalus::run_result done = s.run();
    CHECK(test::outline(s.sent[1].messages) == "user assistant(a) tool:a user");
    CHECK(test::outline(done.messages) == "user assistant(a) tool:a user assistant");
    CHECK(test::outline(s.run().messages) == "user assistant(a) tool:a user assistant");

    std::vector<dedalus::message> wrong;
    CHECK_THROWS_AS(s.inbox().add_input("r1", wrong), dedalus::invalid_request_error);
    wrong.emplace_back(dedalus::assistant_message{});
    CHECK_THROWS_AS(s.inbox().add_input("r1", wrong), dedalus::invalid_request_error);
}

TEST_CASE("What is sent twice under an id of the caller is done once, however late it comes again")
{
    durable_scene s;
    waiting_run(s);
    CHECK_THROWS_AS(s.inbox().with_id(""), dedalus::config_error);
    const dedalus::run_inbox said = s.inbox().with_id("request 1");
    const dedalus::run_inbox decided = s.inbox().with_id("request 2");
    std::vector<dedalus::message> added;
    added.emplace_back(dedalus::user_message{"And hurry."});
    CHECK(run_coro(said.add_input("r1", added)) == post_outcome::accepted);
    CHECK(run_coro(said.add_input("r1", added)) == post_outcome::duplicate);
    CHECK(run_coro(decided.approve("r1", "a")) == post_outcome::accepted);
    CHECK(run_coro(decided.approve("r1", "a")) == post_outcome::duplicate);
    CHECK(run_coro(s.inbox().with_id("request 3").approve("r1", "a")) == post_outcome::already_decided);
    s.says(asks("[" + pending_call("b", "book") + "]"));
    CHECK(s.run().stop_reason == stop_reason::approval);
    CHECK(run_coro(said.add_input("r1", added)) == post_outcome::duplicate);
    CHECK(run_coro(decided.approve("r1", "a")) == post_outcome::duplicate);
    CHECK(run_coro(s.inbox().with_id("request 3").approve("r1", "a")) == post_outcome::already_decided);
    CHECK(test::outline(s.sent.at(1).messages) == "user assistant(a) tool:a user");
    CHECK(run_coro(s.inbox().cancel_run("r1")) == post_outcome::accepted);
    s.run();
    CHECK(run_coro(decided.approve("r1", "a")) == post_outcome::duplicate);
}

TEST_CASE("Messages do not change a request that has to be sent again")
{
    durable_scene s;
    s.fails(dedalus::connection_error(dedalus::call_phase::body, asio::error::connection_reset, "cut"));
    s.on_unknown_send = dedalus::unknown_send_policy::suspend;
    CHECK(s.run().stop_reason == stop_reason::unknown_send_outcome);
    std::vector<dedalus::message> added;
    added.emplace_back(dedalus::user_message{"And hurry."});
    CHECK(run_coro(s.inbox().add_input("r1", added)) == post_outcome::accepted);
    s.says(ends());
    const dedalus::run_result done = s.run();
    CHECK(done.phase == run_phase::completed);
    REQUIRE(s.bodies.size() == 2);
    CHECK(s.bodies[0] == s.bodies[1]);
    CHECK(s.keys[0] == s.keys[1]);
    CHECK(test::has_code(done.diagnostics, "input_not_used"));
    CHECK(s.stored().inbox.empty());
}

TEST_CASE("Messages for a run that is suspended before a request go into it")
{
    durable_scene s;
    s.definition.needs_credentials = true;
    CHECK(s.run().stop_reason == stop_reason::auth);
    std::vector<dedalus::message> added;
    added.emplace_back(dedalus::user_message{"And hurry."});
    CHECK(run_coro(s.inbox().add_input("r1", added)) == post_outcome::accepted);
    s.credentials = dedalus::credential{.connection_name = "github"};
    s.says(ends());
    const dedalus::run_result done = s.run();
    CHECK(test::outline(s.sent.at(0).messages) == "user user");
    CHECK(test::outline(done.messages) == "user user assistant");
    CHECK(s.stored().inbox.empty());
}

TEST_CASE("Messages that come while the last answer is on its way are put aside, and that is told")
{
    durable_scene s;
    s.says(ends());
    auto in = s.input();
    in->send = [&s, send = in->send](const dedalus::chat_completion_request& request, std::string key) {
        std::vector<dedalus::message> added;
        added.emplace_back(dedalus::user_message{"And hurry."});
        CHECK(run_coro(s.inbox().add_input("r1", added)) == post_outcome::accepted);
        return send(request, std::move(key));
    };
    const dedalus::run_result done = run_coro(durable_scene::follow(in, s.stop));
    CHECK(done.phase == run_phase::completed);
    CHECK(test::has_code(done.diagnostics, "input_not_used"));
    CHECK(test::has_code(s.run().diagnostics, "input_not_used"));
    CHECK(s.stored().inbox.empty());
}

}  // namespace durable_decisions_test
