#include "handoff/decision.hpp"
#include "support/catch.hpp"
#include "support/durable_scene.hpp"
#include "support/handoff_answers.hpp"
#include "support/handoff_driver.hpp"

#include <string>
#include <vector>

namespace sent_messages_test {

namespace core = dedalus::handoff_core;
namespace stores = dedalus::stores;
using dedalus::run_phase;
using dedalus::stop_reason;
using dedalus::tool_effect;
using test::driver;
using test::durable_scene;
using test::handoff_answer;
using test::has_code;
using test::names;

namespace {

std::vector<dedalus::message> answer_of_nothing()
{
    dedalus::tool_message message;
    message.tool_call_id = "x";
    message.content = "made up";
    std::vector<dedalus::message> messages;
    messages.emplace_back(dedalus::user_message{"More"});
    messages.emplace_back(message);
    return messages;
}

const std::string one_call = R"([{"id":"a","name":"tool","arguments":{}}])";

}  // namespace

TEST_CASE("A list of messages that a server would refuse for ever ends the run, and is charged nothing")
{
    driver d;
    d.turn(handoff_answer(one_call));
    d.machine.add_input(answer_of_nothing());
    CHECK_FALSE(d.machine.begin_request());
    CHECK(d.machine.ended());
    const dedalus::run_result r = d.machine.result();
    CHECK(r.phase == run_phase::failed);
    CHECK(r.stop_reason == stop_reason::protocol_error);
    CHECK(has_code(r.diagnostics, "protocol_error"));
    CHECK(r.llm_turns.spent() == 1);
    CHECK(test::outline(r.messages) == "user assistant(a) tool:a");
}

TEST_CASE("Messages that were added right are sent")
{
    driver d;
    d.turn(handoff_answer(one_call));
    std::vector<dedalus::message> added = answer_of_nothing();
    added.pop_back();
    d.machine.add_input(added);
    d.exchange(test::text_answer("Done."));
    CHECK(d.result().phase == run_phase::completed);
}

TEST_CASE("A run in a store that ended because of its messages tells so again")
{
    durable_scene s;
    s.add("tool", {.effect = tool_effect::keyed, .needs_approval = true});
    s.says(test::asks(one_call));
    CHECK(s.run().stop_reason == stop_reason::approval);
    // As run_inbox writes it, but for its check.
    core::decision order;
    order.what = core::decision::kind::add_input;
    order.messages = answer_of_nothing();
    stores::post_request post;
    post.run_id = "r1";
    post.inbox_id = "of nobody";
    post.kind = core::decision_name(order.what);
    post.body = core::decision_body(order);
    CHECK(test::run_coro(s.store->post(std::move(post))) == stores::post_outcome::accepted);
    CHECK(test::run_coro(s.inbox().approve("r1", "a")) == stores::post_outcome::accepted);
    for (int i = 0; i < 2; ++i) {
        const dedalus::run_result r = s.run();
        CHECK(r.phase == run_phase::failed);
        CHECK(r.stop_reason == stop_reason::protocol_error);
    }
    CHECK(s.sent.size() == 1);
    CHECK(s.log == names{"a"});
}

TEST_CASE("What is said of a run without progress names both answers")
{
    driver d;
    dedalus::chat_completion again = handoff_answer(one_call);
    for (int i = 1; i <= 3; ++i) {
        again.id = "answer_" + std::to_string(i);
        d.turn(again);
    }
    CHECK(d.result().diagnostics.back().text.find("a (answers answer_2 and answer_3)") != std::string::npos);

    driver waiting;
    dedalus::chat_completion nothing = handoff_answer("[]", R"(,"deferred":)" + test::deferred);
    nothing.choices.clear();
    nothing.info.request_id = "req_1";
    waiting.exchange(nothing);
    waiting.exchange(nothing);
    CHECK(waiting.result().diagnostics.back().text.find("(answers req_1 and req_1)") != std::string::npos);
}

}  // namespace sent_messages_test
