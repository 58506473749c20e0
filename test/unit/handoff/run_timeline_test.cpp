#include <dedalus/handoff/run_export.hpp>
#include <dedalus/handoff/run_timeline.hpp>
#include <dedalus/stores/store_error.hpp>

#include "support/durable_scene.hpp"

#include <boost/asio/error.hpp>
#include <boost/json/parse.hpp>
#include <boost/system/system_error.hpp>

#include <functional>
#include <string>

namespace run_timeline_test {

using dedalus::request_outcome;
using dedalus::run_phase;
using dedalus::run_timeline;
using dedalus::timeline_call;
using dedalus::timeline_call_state;
using dedalus::timeline_of;
using test::durable_scene;
namespace stores = dedalus::stores;

namespace {

/// A lost request, then two calls, of which one waits for an approval.
void suspend(durable_scene& s)
{
    dedalus::tool_options approved;
    approved.needs_approval = true;
    s.add("look", {.effect = dedalus::tool_effect::pure});
    s.add("book", approved);
    s.fails(dedalus::connection_error(dedalus::call_phase::body, boost::asio::error::connection_reset, "cut"));
    s.says(test::asks('[' + test::pending_call("a", "look") + ',' + test::pending_call("b", "book", R"("a")") + ']'));
    REQUIRE(s.run().phase == run_phase::suspended);
}

template <class Record>
void change(std::vector<Record>& records, std::size_t i, const std::function<void(std::string&)>& how)
{
    how(records.at(i).body);
    records.at(i).crc32c = stores::checksum(records.at(i));
}

/// What timeline_of() says of a run that nobody has written, as long as it is an error that it may throw.
bool is_refused(const stores::stored_run& run)
{
    try {
        timeline_of(run);
        return false;
    }
    catch (const boost::system::system_error&) {
        return true;
    }
}

}  // namespace

TEST_CASE("the timeline of a suspended run has its requests, its calls, and what they wait for")
{
    durable_scene s;
    suspend(s);
    const run_timeline run = timeline_of(s.stored());
    CHECK(run.result.run_id == "r1");
    CHECK(run.result.phase == run_phase::suspended);
    CHECK(run.result.stop_reason == dedalus::stop_reason::approval);
    CHECK(run.result.llm_turns.spent() == 3);
    REQUIRE(run.result.waiting.size() == 1);
    CHECK(run.suspended_since == s.stored().entries.back().at);
    REQUIRE(run.requests.size() == 2);
    CHECK(run.requests[0].outcome == request_outcome::unknown);
    CHECK(run.requests[1].outcome == request_outcome::answered);
    CHECK(run.requests[1].attempt == 2);
    CHECK(run.requests[1].fence == 1);
    REQUIRE(run.calls.size() == 2);
    CHECK(run.calls[0].state == timeline_call_state::finished);
    CHECK(run.calls[0].effect == dedalus::tool_effect::pure);
    CHECK(run.calls[0].result.content == "a done");
    CHECK(run.calls[0].attempts.size() == 1);
    CHECK(run.calls[1].state == timeline_call_state::waiting);
    CHECK(run.calls[1].result.dependencies == std::vector<std::string>{"a"});
    REQUIRE(run.calls[1].waits.size() == 1);
    CHECK_FALSE(run.calls[1].waits[0].ended);
}

TEST_CASE("the timeline of a run that has ended has its result, and how its waits ended")
{
    durable_scene s;
    suspend(s);
    s.passed = std::chrono::minutes(3);
    test::run_coro(s.inbox().approve("r1", "b"));
    s.says(test::ends("Bye."));
    const dedalus::run_result result = s.run();
    const run_timeline run = timeline_of(s.stored());
    CHECK(run.result.phase == run_phase::completed);
    CHECK(run.result.final_text == "Bye.");
    CHECK(run.result.resumes == result.resumes);
    CHECK(run.result.tool_results.size() == result.tool_results.size());
    CHECK_FALSE(run.suspended_since);
    const dedalus::timeline_wait& wait = run.calls.at(1).waits.at(0);
    CHECK(wait.approved);
    CHECK(wait.by == "approve");
    REQUIRE(wait.ended);
    CHECK(*wait.ended - wait.since == std::chrono::minutes(3));
    CHECK(run.calls[1].attempts.at(0).fence == 2);
    CHECK(run.changed - run.begun == std::chrono::minutes(3));
}

TEST_CASE("a call that was started and not seen to end is told as such")
{
    durable_scene s;
    suspend(s);
    stores::stored_run run = s.stored();
    for (stores::call_record& record : run.calls) {
        if (record.kind == stores::call_record_kind::finish) {
            run.calls.erase(run.calls.begin() + (&record - run.calls.data()));
            break;
        }
    }
    const timeline_call call = timeline_of(run).calls.at(0);
    CHECK(call.state == timeline_call_state::started);
    CHECK(call.attempts.size() == 1);
}

TEST_CASE("a run with records that cannot be is refused")
{
    durable_scene s;
    suspend(s);
    const stores::stored_run right = s.stored();
    stores::stored_run run = right;
    change(run.calls, 1, [](std::string& body) {
        const std::size_t at = body.find("_us\":") + 5;
        body.replace(at, body.find_first_of(",}", at) - at, "9223372036854775807");
    });
    CHECK(is_refused(run));
    run = right;
    run.entries.clear();
    CHECK(is_refused(run));
    const std::string document = dedalus::export_run(right);
    std::string late = document;
    const std::size_t at = late.find("\"at\":\"2") + 6;
    late.replace(at, 4, "9999");
    CHECK_THROWS_AS(dedalus::import_run(late), dedalus::store_error);
}

TEST_CASE("no changed byte of a record does more than an error")
{
    durable_scene s;
    suspend(s);
    const stores::stored_run right = s.stored();
    std::size_t refused = 0;
    std::size_t tried = 0;
    const auto look = [&](const stores::stored_run& run) {
        refused += is_refused(run) ? 1U : 0U;
        ++tried;
    };
    for (std::size_t i = 0; i < right.entries.size(); ++i) {
        for (std::size_t byte = 0; byte < right.entries[i].body.size(); byte += 2) {
            stores::stored_run run = right;
            change(run.entries, i, [byte](std::string& body) { body[byte] = static_cast<char>(body[byte] ^ 1); });
            look(run);
        }
    }
    for (std::size_t i = 0; i < right.calls.size(); ++i) {
        for (std::size_t byte = 0; byte < right.calls[i].body.size(); ++byte) {
            stores::stored_run run = right;
            change(run.calls, i, [byte](std::string& body) { body[byte] = static_cast<char>(body[byte] ^ 1); });
            look(run);
        }
    }
    CHECK(tried > 200);
    CHECK(refused > tried / 4);
}

}  // namespace run_timeline_test
