#include "handoff/engine.hpp"

#include <dedalus/api_error.hpp>
#include <dedalus/error.hpp>

#include "support/catch.hpp"
#include "support/handoff_answers.hpp"
#include "support/handoff_scene.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/steady_timer.hpp>

#include <exception>
#include <stdexcept>
#include <string>

namespace engine_test {

namespace asio = boost::asio;
using dedalus::run_phase;
using dedalus::stop_reason;
using std::chrono::milliseconds;
using test::call;
using test::handoff_answer;
using test::names;
using test::outline;
using test::place_of;
using test::scene;
using test::step;
using test::stubborn;
using test::text_answer;
using test::tool_text;
using test::wait_and_work;
using test::work_and_open;
using test::worker;

TEST_CASE("Independent calls run at the same time, dependent ones in order, and results go back in call order")
{
    scene s;
    s.add("work", worker(s));
    s.says(
        handoff_answer("[" + call("a", "work") + "," + call("b", "work", R"("a","c")") + "," + call("c", "work") + "]")
    );
    s.says(text_answer("Done."));
    const dedalus::run_result r = s.run();

    CHECK(s.most_running == 2);
    CHECK(place_of(s.log, "c+") < place_of(s.log, "a-"));
    CHECK(place_of(s.log, "a-") < place_of(s.log, "b+"));
    CHECK(place_of(s.log, "c-") < place_of(s.log, "b+"));
    REQUIRE(s.sent.size() == 2);
    CHECK(outline(s.sent[1].messages) == "user assistant(a,b,c) tool:a tool:b tool:c");
    CHECK(tool_text(s.sent[1].messages, "b") == "b done");
    CHECK(r.phase == run_phase::completed);
    CHECK(r.final_text == "Done.");
    REQUIRE(r.tool_results.size() == 3);
    CHECK(r.tool_results[1].started >= r.tool_results[0].finished);
}

TEST_CASE("Results go back in call order whatever ended first")
{
    scene s;
    s.add("slow", worker(s, wait_and_work));
    s.add("opener", worker(s, work_and_open));
    s.says(handoff_answer("[" + call("z", "slow") + "," + call("y", "slow") + "," + call("x", "opener") + "]"));
    s.says(text_answer("Done."));
    s.run();
    CHECK(place_of(s.log, "x-") < place_of(s.log, "z-"));
    CHECK(outline(s.sent[1].messages) == "user assistant(z,y,x) tool:z tool:y tool:x");
}

TEST_CASE("No more tools run at once than allowed")
{
    scene s;
    s.max_concurrency = 2;
    s.add("work", worker(s));
    s.says(handoff_answer(
        "[" + call("a", "work") + "," + call("b", "work") + "," + call("c", "work") + "," + call("d", "work") + "," +
        call("e", "work") + "]"
    ));
    s.says(text_answer("Done."));
    s.run();
    CHECK(s.most_running == 2);
    CHECK(s.log.size() == 10);
}

TEST_CASE("A slow tool does not hold up a chain that does not need it")
{
    // The last of the chain lets the slow one go: with a barrier between layers this would never end.
    scene s;
    s.add("slow", worker(s, wait_and_work));
    s.add("work", worker(s));
    s.add("opener", worker(s, work_and_open));
    s.says(handoff_answer(
        "[" + call("slow", "slow") + "," + call("a", "work") + "," + call("b", "work", R"("a")") + "," +
        call("c", "opener", R"("b")") + "]"
    ));
    s.says(text_answer("Done."));
    const dedalus::run_result r = s.run();
    CHECK(r.phase == run_phase::completed);
    CHECK(place_of(s.log, "c-") < place_of(s.log, "slow+"));
}

TEST_CASE("Unknown tools, bad arguments and repeated ids are settled without the handler")
{
    scene s;
    s.add("work", worker(s));
    s.says(test::calls_answer(
        {{"a", "wrok", "{}"}, {"b", "work", "{"}, {"c", "work", "{}"}, {"c", "work", "{}"}, {"", "work", "{}"}}
    ));
    s.says(text_answer("Done."));
    s.run();
    CHECK(s.log == names{"c+", "made+", "c-", "made-"});
    CHECK(outline(s.sent[1].messages) == "user assistant(a,b,c,made) tool:a tool:b tool:c tool:made");
    CHECK(tool_text(s.sent[1].messages, "a").find("Available tools: work") != std::string::npos);
}

TEST_CASE("A run is cancelled while it waits for the server")
{
    scene s;
    s.script.push_back({{}, {}, true});
    CHECK(s.cancel_when([&s] { return s.sent.size() == 1; }) == asio::error::operation_aborted);
}

TEST_CASE("The turn limit is kept before a request is sent")
{
    scene s;
    s.max_turns = 1;
    s.add("work", worker(s));
    s.says(handoff_answer("[" + call("a", "work") + "]"));
    const dedalus::run_result r = s.run();
    CHECK(s.sent.size() == 1);
    CHECK(s.sent[0].max_turns == 1);
    CHECK(r.phase == run_phase::budget_exhausted);
    CHECK(outline(r.messages) == "user assistant(a) tool:a");
}

TEST_CASE("The session is followed: correlation ids change, deferred calls go back byte for byte")
{
    const std::string deferred = R"([ {"id":"d","name":"x","arguments":{"n":1.0,"m":12345678901234567890123}} ])";
    scene s;
    s.add("work", worker(s));
    s.says(handoff_answer("[" + call("a", "work") + "]", R"(,"correlation_id":"c1","deferred":)" + deferred));
    s.says(handoff_answer("[" + call("b", "work") + "]", R"(,"correlation_id":"c2","deferred":)" + deferred));
    s.says(text_answer("Done."));
    const dedalus::run_result r = s.run();
    CHECK(s.sent[1].correlation_id == "c1");
    CHECK(s.sent[1].deferred_calls_raw == deferred);
    CHECK(s.sent[2].correlation_id == "c2");
    CHECK(r.correlation_ids == names{"c1", "c2"});
}

TEST_CASE("A lost session is replaced without running a tool again")
{
    scene s;
    s.add("work", worker(s));
    s.says(handoff_answer("[" + call("a", "work") + "]", R"(,"correlation_id":"c1","deferred":[{"id":"d","name":"x"}])")
    );
    s.fails(test::refusal(404, "no such session"));
    s.fails(test::refusal(400, "deferred_calls do not verify"));
    s.says(text_answer("Done."));
    const dedalus::run_result r = s.run();
    REQUIRE(s.sent.size() == 4);
    CHECK(s.sent[1].correlation_id == "c1");
    CHECK_FALSE(s.sent[2].correlation_id);
    CHECK_FALSE(s.sent[2].deferred_calls_raw.empty());
    CHECK(s.sent[3].deferred_calls_raw.empty());
    CHECK(s.sent[3].handoff_mode == false);
    CHECK(s.log == names{"a+", "a-"});
    CHECK(r.phase == run_phase::completed);
}

TEST_CASE("When no way to resume is left, the error of the server is thrown")
{
    scene s;
    s.add("work", worker(s));
    s.says(handoff_answer("[" + call("a", "work") + "]", R"(,"correlation_id":"c1")"));
    s.fails(test::refusal(404, "no such session"));
    s.fails(test::refusal(404, "no such session"));
    s.fails(test::refusal(404, "no such session", "third"));
    try {
        s.run();
        FAIL("nothing was thrown");
    }
    catch (const dedalus::api_error& e) {
        CHECK(e.api_code() == "third");
    }
    CHECK(s.sent.size() == 4);
}

TEST_CASE("Errors of the client are thrown as they are, after abandoned tools have ended")
{
    scene s;
    s.add("stubborn", worker(s, stubborn), {.timeout = milliseconds(1)});
    s.says(handoff_answer("[" + call("a", "stubborn") + "]"));
    step failing;
    failing.failure = std::make_exception_ptr(
        dedalus::connection_error(dedalus::call_phase::body, asio::error::connection_reset, "cut")
    );
    s.script.push_back(failing);
    asio::steady_timer opener(s.context, milliseconds(30));
    opener.async_wait([&s](boost::system::error_code) { s.open_gate(); });
    CHECK_THROWS_AS(s.run(), dedalus::connection_error);
    CHECK(s.log_at_end == names{"a+", "a-"});
}

TEST_CASE("An error carries what the run had done until then")
{
    scene s;
    s.add("work", worker(s));
    s.says(handoff_answer("[" + call("a", "work") + "]", R"(,"turns_consumed":2)"));
    step failing;
    failing.failure = std::make_exception_ptr(
        dedalus::connection_error(dedalus::call_phase::body, asio::error::connection_reset, "cut")
    );
    s.script.push_back(failing);
    try {
        s.run();
        FAIL("nothing was thrown");
    }
    catch (const dedalus::connection_error& e) {
        REQUIRE(e.partial_run() != nullptr);
        const dedalus::run_result& r = *e.partial_run();
        CHECK(r.run_id == "run_1");
        CHECK(r.phase == run_phase::failed);
        CHECK(r.stop_reason == stop_reason::error);
        CHECK(outline(r.messages) == "user assistant(a) tool:a");
        REQUIRE(r.tool_results.size() == 1);
        CHECK(r.tool_results[0].content == "a done");
        CHECK(r.llm_turns.reported == 2);
        CHECK(r.llm_turns.charged_unknown == 8);
        CHECK(r.usage_incomplete);
    }
}

TEST_CASE("A request is sent again by the loop, charged and under its key, and not after the last attempt")
{
    const bool answered = GENERATE(true, false);
    scene s;
    s.retry.max_retries = 2;
    s.add("work", worker(s));
    s.request.max_turns = 2;
    s.fails(test::refusal(503, "busy"));
    s.fails(test::refusal(500, "broken"));
    if (answered)
        s.says(text_answer("Done."));
    else
        s.fails(test::refusal(502, "away"));
    if (answered) {
        const dedalus::run_result r = s.run();
        CHECK(r.phase == run_phase::completed);
        CHECK(r.llm_turns.charged_unknown == 4);
        CHECK(r.unknown_outcomes.size() == 2);
    }
    else {
        CHECK_THROWS_AS(s.run(), dedalus::api_error);
    }
    REQUIRE(s.keys.size() == 3);
    CHECK(s.keys[0].starts_with("run_1/1/"));
    CHECK(s.keys[0] == s.keys[1]);
    CHECK(s.keys[0] == s.keys[2]);
}

TEST_CASE("A server that does not know the Dedalus members gets none of them for the rest of the run")
{
    scene s;
    s.add("work", worker(s));
    s.fails(GENERATE(
        test::refusal(400, "Unrecognized request argument supplied: handoff_mode"),
        test::refusal(422, "Extra inputs are not permitted"),
        test::refusal(400, "no such parameter", "", "max_turns")
    ));
    s.says(test::calls_answer({{"a", "work", "{}"}}));
    s.says(text_answer("Done."));
    const dedalus::run_result r = s.run();
    CHECK(r.phase == run_phase::completed);
    CHECK(test::has_code(r.diagnostics, "extensions_dropped"));
    CHECK(r.llm_turns.spent() == 2);
    REQUIRE(s.sent.size() == 3);
    CHECK(s.sent[0].handoff_mode == true);
    for (std::size_t i = 1; i < 3; ++i) {
        CHECK_FALSE(s.sent[i].handoff_mode);
        CHECK_FALSE(s.sent[i].max_turns);
    }
    CHECK(s.log == names{"a+", "a-"});
}

TEST_CASE("The Dedalus members are dropped after every other way to resume")
{
    scene s;
    s.add("work", worker(s));
    s.says(handoff_answer("[" + call("a", "work") + "]", R"(,"correlation_id":"c1","deferred":[{"id":"d","name":"x"}])")
    );
    for (int i = 0; i < 3; ++i)
        s.fails(test::refusal(400, "unknown field"));
    s.says(text_answer("Done."));
    CHECK(s.run().phase == run_phase::completed);
    REQUIRE(s.sent.size() == 5);
    CHECK_FALSE(s.sent[2].correlation_id);
    CHECK(s.sent[3].handoff_mode == false);
    CHECK_FALSE(s.sent[4].handoff_mode);
    CHECK_FALSE(s.sent[4].max_turns);
}

TEST_CASE("A member that is refused without the Dedalus members is an error of the caller")
{
    scene s;
    s.fails(test::refusal(400, "unknown field: temperature"));
    s.fails(test::refusal(400, "unknown field: temperature"));
    CHECK_THROWS_AS(s.run(), dedalus::api_error);
    CHECK(s.sent.size() == 2);
}

TEST_CASE("The server's wish decides in memory, too, whether a refusal is tried again")
{
    struct row
    {
        int status;
        const char* wish;
    };

    const row r = GENERATE(row{400, "true"}, row{404, "true"}, row{429, "false"}, row{500, "false"});
    scene s;
    s.retry.max_retries = 1;
    s.request.max_turns = 2;
    dedalus::api_error_details details;
    details.status = r.status;
    details.headers.set("x-should-retry", r.wish);
    s.fails(dedalus::api_error(dedalus::errc::api, std::move(details)));
    s.says(text_answer("Done."));
    if (r.status < 429)
        CHECK(s.run().phase == run_phase::completed);
    else
        CHECK_THROWS_AS(s.run(), dedalus::api_error);
}

TEST_CASE("An answer that cannot be read is asked for once more in memory, too")
{
    scene s;
    s.retry.max_retries = 5;
    s.request.max_turns = 2;
    const auto unreadable = [&s] {
        s.script.push_back({{}, std::make_exception_ptr(dedalus::response_format_error("no", 200, "", "")), false});
    };
    unreadable();
    SECTION("the next one can be")
    {
        s.says(text_answer("Done."));
        CHECK(s.run().phase == run_phase::completed);
    }
    SECTION("nor can the next one")
    {
        unreadable();
        try {
            s.run();
            FAIL("nothing was thrown");
        }
        catch (const dedalus::response_format_error& e) {
            REQUIRE(e.partial_run() != nullptr);
            CHECK(e.partial_run()->stop_reason == stop_reason::protocol_error);
        }
    }
    CHECK(s.sent.size() == 2);
}

TEST_CASE("A cancelled run has the results of the tools that ended, and names those that may have acted")
{
    scene s;
    s.max_concurrency = 2;
    s.add("work", worker(s));
    s.add("never", test::never);
    s.says(handoff_answer("[" + call("a", "work") + "," + call("b", "never") + "," + call("c", "work", "\"b\"") + "]"));
    try {
        test::cancel_when(s.context, test::discard(s), [&s] { return s.log == names{"a+", "a-"}; });
        FAIL("nothing was thrown");
    }
    catch (const dedalus::error& e) {
        CHECK(e.code() == asio::error::operation_aborted);
        REQUIRE(e.partial_run() != nullptr);
        const dedalus::run_result& r = *e.partial_run();
        CHECK(r.phase == run_phase::failed);
        CHECK(r.stop_reason == stop_reason::cancelled);
        REQUIRE(r.tool_results.size() == 3);
        CHECK(r.tool_results[0].content == "a done");
        CHECK(r.tool_results[1].outcome == dedalus::tool_outcome::unknown_outcome);
        CHECK(r.tool_results[2].outcome == dedalus::tool_outcome::cancelled);
        REQUIRE(r.unknown_outcomes.size() == 1);
        CHECK(r.unknown_outcomes[0].call_id == "b");
        CHECK(outline(r.messages) == "user assistant(a,b,c) tool:a tool:b tool:c");
    }
}

TEST_CASE("An exception that cannot carry the run is thrown as it is")
{
    scene s;
    CHECK_THROWS_AS(s.run(), std::logic_error);
}

TEST_CASE("A server that repeats itself is stopped")
{
    scene s;
    s.add("work", worker(s));
    for (int i = 0; i < 3; ++i)
        s.says(handoff_answer("[" + call("a", "work") + "]"));
    const dedalus::run_result r = s.run();
    CHECK(s.log == names{"a+", "a-"});
    CHECK(r.stop_reason == stop_reason::no_progress);
}

TEST_CASE("Calls of the server alone end the run, and cut arguments start nothing")
{
    scene foreign;
    foreign.add("work", worker(foreign));
    foreign.says(test::choice_answer(
        R"({"role":"assistant","content":"Found.","tool_calls":[{"id":"s","type":"function",
            "function":{"name":"find","arguments":"{}"}}]})",
        "stop"
    ));
    CHECK(foreign.run().final_text == "Found.");

    scene cut;
    cut.add("work", worker(cut));
    dedalus::chat_completion answer = test::calls_answer({{"a", "work", R"({"x":)"}});
    answer.choices[0].finish_reason = dedalus::finish_reason::length;
    cut.says(answer);
    CHECK(cut.run().stop_reason == stop_reason::length);
    CHECK(cut.log.empty());
}

}  // namespace engine_test
