#include "handoff/run_records.hpp"

#include <dedalus/stores/store_error.hpp>

#include "handoff/decision.hpp"
#include "support/catch.hpp"
#include "support/handoff_driver.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <chrono>
#include <string>
#include <utility>

namespace run_records_test {

namespace core = dedalus::handoff_core;
namespace json = boost::json;
namespace stores = dedalus::stores;
using dedalus::tool_effect;
using dedalus::tool_outcome;
using dedalus::wait_kind;

namespace {

core::run_definition with_all_effects()
{
    core::run_definition made;
    made.request = test::question();
    made.dialect = dedalus::dialect::mistral;
    made.labels = {{"tenant", "7"}};
    made.connections = {"mail"};
    made.max_turns = 7;
    made.max_concurrency = 3;
    made.max_result_bytes = 4096;
    made.needs_credentials = true;
    for (const tool_effect effect :
         {tool_effect::once,
          tool_effect::pure,
          tool_effect::keyed,
          tool_effect::transactional,
          tool_effect::probe,
          tool_effect::external})
        made.tools.emplace_back("tool" + std::to_string(made.tools.size()), effect);
    return made;
}

stores::log_entry logged(core::new_entry made)
{
    stores::log_entry entry;
    entry.kind = std::move(made.kind);
    entry.turn = made.turn;
    entry.body = std::move(made.body);
    entry.raw = std::move(made.raw);
    return entry;
}

/// The first entry of a run, with another value of a member.
stores::log_entry input_with(const std::string& member, const json::value& value)
{
    stores::log_entry entry = logged(core::input_entry(with_all_effects()));
    json::object body = json::parse(entry.body).as_object();
    REQUIRE(body.contains(member));
    body[member] = value;
    entry.body = json::serialize(body);
    return entry;
}

std::string problem_of(const stores::log_entry& entry)
{
    try {
        core::read_definition(entry);
    }
    catch (const dedalus::store_error& e) {
        return e.reason() == dedalus::store_errc::damaged ? e.what() : "another reason";
    }
    return {};
}

}  // namespace

TEST_CASE("What a run is made of is read as it was written")
{
    core::run_definition made = with_all_effects();
    made.limits.max_calls = 5;
    made.limits.max_edges = 6;
    const core::run_definition read = core::read_definition(logged(core::input_entry(made)));
    CHECK(read.max_turns == 7);
    CHECK(read.max_concurrency == 3);
    CHECK(read.max_result_bytes == 4096);
    CHECK(read.limits.max_calls == 5);
    CHECK(read.limits.max_edges == 6);
    CHECK(read.needs_credentials);
    CHECK(read.extensions);
    CHECK(read.dialect == made.dialect);
    CHECK(read.labels == made.labels);
    CHECK(read.connections == made.connections);
    CHECK(read.tools == made.tools);
    CHECK(read.request.messages.size() == made.request.messages.size());
}

TEST_CASE("The last intent of a log says how the request was sent, and that of an older writer does not")
{
    core::request_facts facts;
    facts.turn = 2;
    facts.epoch = 1;
    facts.reserved = 3;
    std::vector<stores::log_entry> log{logged(core::intent_entry({}, "k", "old", false))};
    log.push_back(logged(core::intent_entry(facts, "key", "hash", true)));
    log.back().turn = 2;
    const std::optional<core::stored_intent> read = core::last_intent(log);
    REQUIRE(read);
    CHECK(read->turn == 2);
    CHECK(read->epoch == 1);
    CHECK(read->cap == 3);
    CHECK(read->sha256 == "hash");
    CHECK(read->streamed == true);
    log.back().body = R"({"attempt":1,"epoch":0,"cap":2,"step":"session","key":"k","sha256":"h"})";
    CHECK_FALSE(core::last_intent(log)->streamed);
    CHECK_FALSE(core::last_intent({}));
}

TEST_CASE("A wait says what may be decided, and that of an older writer allows all")
{
    using dedalus::wait_decision;
    core::wait_facts facts;
    facts.name = "book";
    facts.decisions = {wait_decision::reject, wait_decision::error};
    CHECK(core::read_wait(core::wait_body(facts)).decisions == facts.decisions);
    const std::string older = R"({"name":"book","arguments":{},"since_us":0,"on_expiry":"reject"})";
    CHECK(core::read_wait(older).decisions.empty());
}

TEST_CASE("Numbers of a record that no run has are refused, and so are members of another type")
{
    const std::pair<const char*, json::value> row = GENERATE(
        std::pair<const char*, json::value>{"max_concurrency", -1},
        std::pair<const char*, json::value>{"max_concurrency", 0},
        std::pair<const char*, json::value>{"max_concurrency", 4294967296},
        std::pair<const char*, json::value>{"max_concurrency", 18446744073709551615ULL},
        std::pair<const char*, json::value>{"max_concurrency", 1.5},
        std::pair<const char*, json::value>{"max_result_bytes", -1},
        std::pair<const char*, json::value>{"max_turns", 0},
        std::pair<const char*, json::value>{"max_turns", 4294967297},
        std::pair<const char*, json::value>{"extensions", 1},
        std::pair<const char*, json::value>{"request", "text"},
        std::pair<const char*, json::value>{"toolset", json::object{}}
    );
    INFO(row.first << " " << json::serialize(row.second));
    CHECK(problem_of(input_with(row.first, row.second)).find(row.first) != std::string::npos);
}

TEST_CASE("A tool of an effect that is not known counts as one that must not run twice")
{
    json::array tools;
    tools.push_back(json::object{{"name", "new"}, {"effect", "quantum"}});
    const core::run_definition read = core::read_definition(input_with("toolset", tools));
    REQUIRE(read.tools.size() == 1);
    CHECK(read.tools[0].second == tool_effect::once);
}

TEST_CASE("What is known of a failure, and what stands before an edited result, is read as it was written")
{
    core::tool_end end = core::timeout_end(std::chrono::seconds(1), core::effect_seen::unknown);
    end.kind = "slow";
    end.note = "[changed] ";
    const core::tool_end read = core::read_finish_body(core::finish_body(end, {})).end;
    CHECK(read.content == end.content);
    CHECK(read.kind == "slow");
    CHECK_FALSE(read.outcome_known);
    CHECK(read.note == "[changed] ");
    CHECK(core::read_finish_body(core::finish_body(core::rejected_end(""), {})).end.outcome_known);
}

TEST_CASE("Every outcome of a call is read as it was written")
{
    const tool_outcome outcome = GENERATE(
        tool_outcome::ok,
        tool_outcome::error,
        tool_outcome::timeout,
        tool_outcome::cancelled,
        tool_outcome::skipped_dependency,
        tool_outcome::invalid_arguments,
        tool_outcome::unknown_tool,
        tool_outcome::rejected,
        tool_outcome::expired,
        tool_outcome::unknown_outcome
    );
    core::tool_end end;
    end.outcome = outcome;
    end.content = "text";
    if (outcome == tool_outcome::ok)
        end.value = "text";
    stores::call_record record;
    record.key.call_id = "a";
    record.kind = stores::call_record_kind::finish;
    record.body = core::finish_body(end, core::time_point(std::chrono::seconds(5)));
    const core::facts_by_call facts = core::read_calls({record}, {});
    REQUIRE(facts.size() == 1);
    REQUIRE(facts.begin()->second.finished);
    CHECK(facts.begin()->second.finished->end.outcome == outcome);
    CHECK(facts.begin()->second.finished->end.content == "text");
    CHECK(facts.begin()->second.finished->end.value == end.value);
}

TEST_CASE("A wait of a kind that is not known, and one of an impossible call, are refused")
{
    stores::log_entry entry = logged(core::wait_entry(1, {"a", 0}, wait_kind::approval));
    CHECK(core::read_event(entry).has_value());
    json::object body = json::parse(entry.body).as_object();
    body["kind"] = "vote";
    entry.body = json::serialize(body);
    CHECK_THROWS_AS(core::read_event(entry), dedalus::store_error);
    body["kind"] = "approval";
    body["occurrence"] = -1;
    entry.body = json::serialize(body);
    CHECK_THROWS_AS(core::read_event(entry), dedalus::store_error);
}

}  // namespace run_records_test
