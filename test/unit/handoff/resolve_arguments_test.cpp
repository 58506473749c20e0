#include <dedalus/handoff/argument_resolver.hpp>

#include "support/catch.hpp"
#include "support/durable_scene.hpp"
#include "support/handoff_answers.hpp"
#include "support/handoff_scene.hpp"

#include <boost/describe/class.hpp>
#include <boost/json/serialize.hpp>

#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace resolve_arguments_test {

namespace asio = boost::asio;
namespace json = boost::json;
using dedalus::run_phase;
using dedalus::tool_effect;
using dedalus::tool_outcome;
using test::durable_scene;
using test::handoff_answer;
using test::names;
using test::scene;
using test::text_answer;
using results = std::map<std::string, dedalus::dependency_result, std::less<>>;

namespace {

const std::string two_calls =
    R"([{"id":"a","name":"work","arguments":{}},
        {"id":"b","name":"work","arguments":{"room":"$a"},"dependencies":["a"]}])";

/// Puts the text of a result in place of "$" and the id of its call.
json::object put_results(const dedalus::call_arguments& call, const results& others)
{
    json::object arguments = call.arguments;
    for (auto& member : arguments) {
        const std::string text(member.value().as_string());
        if (text.starts_with('$'))
            member.value() = json::string(others.at(text.substr(1)).text);
    }
    return arguments;
}

json::object throws(const dedalus::call_arguments& call, const results&)
{
    throw std::runtime_error("no result for\nthe " + call.name + ' ' + call.call_id);
}

struct room
{
    std::string room;
};
BOOST_DESCRIBE_STRUCT(room, (), (room))

asio::awaitable<json::value> note(names& log, json::object arguments)  // borrowed
{
    log.push_back(json::serialize(arguments));
    co_return "R1";
}

dedalus::tool_handler noting(names& log)
{
    return [&log](json::object arguments, dedalus::tool_context&) { return note(log, std::move(arguments)); };
}

}  // namespace

TEST_CASE("Arguments are passed as they came unless somebody resolves them")
{
    scene s;
    s.add("work", noting(s.log));
    s.says(handoff_answer(two_calls));
    s.says(text_answer("Done."));
    s.run();
    CHECK(s.log == names{"{}", R"({"room":"$a"})"});
}

TEST_CASE("A handler gets resolved arguments, and the run tells those that came")
{
    scene s;
    s.add("work", noting(s.log));
    s.resolve = put_results;
    s.says(handoff_answer(two_calls));
    s.says(text_answer("Done."));
    const dedalus::run_result r = s.run();
    CHECK(s.log == names{"{}", R"({"room":"R1"})"});
    CHECK(r.tool_results.at(1).arguments == json::value({{"room", "$a"}}));
    CHECK(r.tool_results.at(1).outcome == tool_outcome::ok);
}

TEST_CASE("Arguments that cannot be resolved end their call, and the model is told why on one line")
{
    scene s;
    s.add("work", noting(s.log));
    s.resolve = throws;
    s.says(handoff_answer(R"([{"id":"a","name":"work","arguments":{}}])"));
    s.says(text_answer("Done."));
    const dedalus::run_result r = s.run();
    CHECK(s.log.empty());
    CHECK(r.phase == run_phase::completed);
    CHECK(r.tool_results.at(0).outcome == tool_outcome::invalid_arguments);
    CHECK(r.tool_results.at(0).content == "Error: the arguments cannot be resolved: no result for the work a");
}

TEST_CASE("Resolved arguments are checked as those that came are")
{
    scene s;
    const auto handler = [&s](room asked, dedalus::tool_context&) { return note(s.log, {{"room", asked.room}}); };
    s.tools.add("book", "Book a room", handler);
    s.resolve = [](const dedalus::call_arguments&, const results&) { return json::object{{"room", 7}}; };
    s.says(handoff_answer(R"([{"id":"a","name":"book","arguments":{"room":"x"}}])"));
    s.says(text_answer("Done."));
    const dedalus::run_result r = s.run();
    CHECK(s.log.empty());
    CHECK(r.tool_results.at(0).outcome == tool_outcome::invalid_arguments);
    CHECK(r.tool_results.at(0).content.find("room") != std::string::npos);
}

TEST_CASE("What was resolved is not stored, and a call that starts again after a crash is resolved again")
{
    durable_scene s;
    s.add("work", {.effect = tool_effect::keyed}, noting(s.log));
    int resolved = 0;
    s.resolve = [&resolved](const dedalus::call_arguments&, const results&) {
        return json::object{{"secret", ++resolved}};
    };
    s.says(test::asks(R"([{"id":"a","name":"work","arguments":{"room":"x"}}])"));
    // Create, acquire, intent, answer, start, and here the end.
    s.store->arm(dedalus::store_failpoint::before_commit, 6, std::make_exception_ptr(std::runtime_error("killed")));
    CHECK_THROWS_AS(s.run(), std::runtime_error);
    s.says(test::ends());
    const dedalus::run_result r = s.run();
    CHECK(s.log == names{R"({"secret":1})", R"({"secret":2})"});
    CHECK(r.tool_results.at(0).arguments == json::value({{"room", "x"}}));
    const dedalus::stores::stored_run stored = s.stored();
    for (const auto& entry : stored.entries)
        CHECK((entry.body + entry.raw).find("secret") == std::string::npos);
    for (const auto& record : stored.calls)
        CHECK(record.body.find("secret") == std::string::npos);
}

TEST_CASE("A probe is asked without arguments, so that nothing is resolved for it")
{
    durable_scene s;
    s.resolve = [](const dedalus::call_arguments&, const results&) -> json::object { throw std::runtime_error("no"); };
    const auto happened = [](std::string) -> asio::awaitable<std::optional<json::value>> {
        co_return json::value("yes");
    };
    s.add("act", {.effect = tool_effect::probe, .probe = happened});
    s.says(test::asks("[" + test::pending_call("a", "act") + "]"));
    s.store->arm(dedalus::store_failpoint::before_commit, 6, std::make_exception_ptr(std::runtime_error("killed")));
    CHECK_THROWS_AS(s.run(), std::runtime_error);
    s.says(test::ends());
    CHECK(s.run().tool_results.at(0).value == "yes");
}

}  // namespace resolve_arguments_test
