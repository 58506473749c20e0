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
    const core::run_definition made = with_all_effects();
    const core::run_definition read = core::read_definition(logged(core::input_entry(made)));
    CHECK(read.max_turns == 7);
    CHECK(read.max_concurrency == 3);
    CHECK(read.max_result_bytes == 4096);
    CHECK(read.needs_credentials);
    CHECK(read.extensions);
    CHECK(read.tools == made.tools);
    CHECK(read.request.messages.size() == made.request.messages.size());
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
    const core::facts_by_call facts = core::read_calls({record});
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
