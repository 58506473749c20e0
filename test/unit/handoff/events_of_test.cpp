#include <dedalus/handoff/run_timeline.hpp>

#include "codec/decode_chat.hpp"
#include "handoff/streamed_answer.hpp"
#include "support/catch.hpp"
#include "support/durable_scene.hpp"

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace events_of_test {

using dedalus::events_of;
using dedalus::run_event;
using dedalus::stop_reason;
using test::durable_scene;
using names = std::vector<std::string>;

namespace {

names types_of(const std::vector<run_event>& events)
{
    names types;
    for (const run_event& event : events)
        types.emplace_back(dedalus::type_of(event));
    return types;
}

}  // namespace

TEST_CASE("The events of a stored run are told again from its log, from any entry on")
{
    durable_scene s;
    test::waiting_run(s);
    CHECK(
        types_of(events_of(s.stored())) ==
        names{"run_started", "turn_started", "response_saved", "call_planned", "call_waiting", "suspended"}
    );
    const std::int64_t seen = s.stored().last_seq;

    CHECK(test::run_coro(s.inbox().approve("r1", "a")) == dedalus::stores::post_outcome::accepted);
    s.says(test::ends("Done."));
    s.run();
    const std::vector<run_event> news = events_of(s.stored(), seen + 1);
    CHECK(
        types_of(news) ==
        names{"call_started", "call_finished", "turn_started", "text_delta", "response_saved", "completed"}
    );
    CHECK(std::get<dedalus::call_finished_event>(news.at(1)).result.content == "a{\"n\":1} done");
    CHECK(std::get<dedalus::text_delta_event>(news.at(3)).text == "Done.");
    CHECK(std::get<dedalus::run_completed_event>(news.back()).reason == stop_reason::final);
    CHECK(events_of(s.stored()).size() == 5 + news.size());
    CHECK(types_of(events_of(s.stored(), s.stored().last_seq + 1)) == names{"completed"});
}

TEST_CASE("A call that has ended in the present turn is told, although the log has nothing about it yet")
{
    durable_scene s;
    s.add("look", {});
    s.add("book", {.needs_approval = true});
    s.says(test::asks("[" + test::pending_call("a", "look") + "," + test::pending_call("b", "book") + "]"));
    CHECK(s.run().stop_reason == stop_reason::approval);
    const std::vector<run_event> events = events_of(s.stored());
    bool told = false;
    for (const run_event& event : events) {
        const auto* finished = std::get_if<dedalus::call_finished_event>(&event);
        told = told || (finished != nullptr && finished->result.call_id == "a");
    }
    CHECK(told);
}

TEST_CASE("A chunk is told by its notice, its thoughts, its text and its calls")
{
    const dedalus::chat_completion_chunk chunk = dedalus::codec::decode_chat_chunk(
        R"({"x_dedalus_event":{"type":"agent_updated","agent":"planner"},"choices":[{"index":0,"delta":{)"
        R"("reasoning_content":"Hm.","content":"Yes.","tool_calls":[{"index":0,"id":"a","function":{"name":"look"}}]}}]})"
    );
    const std::vector<run_event> events = dedalus::handoff_engine::events_of(chunk);
    REQUIRE(types_of(events) == names{"agent_event", "reasoning_delta", "text_delta", "call_delta"});
    CHECK(std::get<dedalus::agent_event>(events[0]).notice.agent == "planner");
    CHECK(std::get<dedalus::reasoning_delta_event>(events[1]).text == "Hm.");
    CHECK(std::get<dedalus::text_delta_event>(events[2]).text == "Yes.");

    const dedalus::chat_completion_chunk thought =
        dedalus::codec::decode_chat_chunk(R"({"choices":[{"index":0,"delta":{"thinking":"Well."}}]})");
    REQUIRE(types_of(dedalus::handoff_engine::events_of(thought)) == names{"reasoning_delta"});
}

}  // namespace events_of_test
