#include "handoff/ledger.hpp"

#include "support/catch.hpp"
#include "support/handoff_answers.hpp"

#include <chrono>
#include <stdexcept>

namespace ledger_test {

namespace core = dedalus::handoff_core;
using core::call_state;
using dedalus::tool_outcome;
using std::chrono::milliseconds;

namespace {

core::time_point at(int ms)
{
    return core::time_point(milliseconds(ms));
}

core::call_key add(core::ledger& ledger, const std::string& id, const std::string& name = "tool", int turn = 1)
{
    core::requested_call call = test::pending(id, name);
    std::string print = core::fingerprint(call);
    return ledger.add(std::move(call), std::move(print), turn, at(0));
}

core::tool_end ok(std::string content)
{
    core::tool_end end;
    end.content = std::move(content);
    return end;
}

}  // namespace

TEST_CASE("A call goes from planned over started to finished")
{
    core::ledger ledger;
    const core::call_key key = add(ledger, "a");
    CHECK(ledger.at(key).state == call_state::planned);
    CHECK(ledger.at(key).attempts == 0);

    CHECK(ledger.start(key, at(1)) == 1);
    CHECK(ledger.at(key).state == call_state::started);

    CHECK(ledger.finish(key, ok("42"), at(5)));
    const core::call_record& record = ledger.at(key);
    CHECK(record.state == call_state::finished);
    CHECK(record.end.outcome == tool_outcome::ok);
    CHECK(record.end.content == "42");
    CHECK(record.queued == at(0));
    CHECK(record.started == at(1));
    CHECK(record.finished == at(5));
}

TEST_CASE("A second attempt at a call is counted")
{
    core::ledger ledger;
    const core::call_key key = add(ledger, "a");
    CHECK(ledger.start(key, at(1)) == 1);
    CHECK(ledger.start(key, at(2)) == 2);
}

TEST_CASE("The first finish of a call counts")
{
    core::ledger ledger;
    const core::call_key key = add(ledger, "a");
    CHECK(ledger.finish(key, ok("first"), at(1)));
    CHECK_FALSE(ledger.finish(key, ok("second"), at(2)));
    CHECK(ledger.at(key).end.content == "first");
    CHECK(ledger.at(key).finished == at(1));
}

TEST_CASE("A call that was never started was started when it finished")
{
    core::ledger ledger;
    const core::call_key key = add(ledger, "a");
    ledger.finish(key, core::skipped_end("b", "tool"), at(9));
    CHECK(ledger.at(key).started == at(9));
    CHECK(ledger.at(key).finished == at(9));
}

TEST_CASE("The same id again is the next occurrence, and the latest is found by the id")
{
    core::ledger ledger;
    const core::call_key first = add(ledger, "call_0", "tool", 1);
    const core::call_key other = add(ledger, "call_1", "tool", 1);
    const core::call_key second = add(ledger, "call_0", "other", 2);
    CHECK(first.occurrence == 0);
    CHECK(other.occurrence == 0);
    CHECK(second.occurrence == 1);
    REQUIRE(ledger.latest("call_0") != nullptr);
    CHECK(ledger.latest("call_0")->request.name == "other");
    CHECK(ledger.latest("call_2") == nullptr);
    CHECK(ledger.at(first).request.name == "tool");
    CHECK_THROWS_AS(ledger.at({"call_2", 0}), std::out_of_range);

    REQUIRE(ledger.records().size() == 3);
    CHECK(ledger.records()[2].key == second);
}

TEST_CASE("The idempotency key names run, call and a later occurrence")
{
    CHECK(core::idempotency_key("run_1", {"a", 0}) == "run_1/a");
    CHECK(core::idempotency_key("run_1", {"a", 2}) == "run_1/a/2");
}

}  // namespace ledger_test
