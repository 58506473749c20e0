#include <dedalus/handoff/run_export.hpp>
#include <dedalus/handoff/tool_error.hpp>
#include <dedalus/handoff/tool_failure.hpp>

#include "support/catch.hpp"
#include "support/durable_scene.hpp"
#include "support/handoff_answers.hpp"
#include "support/handoff_scene.hpp"

#include <boost/json/parse.hpp>

#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace durable_texts_test {

namespace core = dedalus::handoff_core;
namespace json = boost::json;
using dedalus::tool_effect;
using dedalus::tool_error;
using dedalus::tool_failure;
using dedalus::tool_outcome;
using test::asks;
using test::durable_scene;
using test::ends;
using test::pending_call;
using test::run_coro;
using test::tool_text;

namespace {

boost::asio::awaitable<json::value> fail_busy(json::object, dedalus::tool_context&)
{
    throw tool_error("busy", "come back later", {.retryable = true});
    co_return nullptr;
}

std::string told(const tool_failure& failure)
{
    return "<" + failure.tool + " " + std::string(to_string(failure.outcome)) + " " + failure.dependency + ">";
}

dedalus::run_result run_with(durable_scene& s, dedalus::failure_formatter format, dedalus::edit_formatter edit = {})
{
    auto input = s.input();
    input->texts.failure = std::move(format);
    input->texts.edit = std::move(edit);
    return run_coro(durable_scene::follow(input, s.stop));
}

}  // namespace

TEST_CASE("A failure as JSON has its kind, its text, and what is known of the effect")
{
    tool_failure failure;
    failure.kind = "busy";
    failure.text = "say \"when\"";
    failure.retryable = true;
    failure.outcome_known = false;
    failure.dependency = "call_1";
    CHECK(
        json::parse(dedalus::structured_failure(failure)) ==
        json::parse(R"({"error":{"kind":"busy","message":"say \"when\"","retryable":true,"outcome_known":false,
                        "dependency":"call_1"}})")
    );
    failure.dependency.clear();
    CHECK_FALSE(json::parse(dedalus::structured_failure(failure)).at("error").as_object().contains("dependency"));
}

TEST_CASE("The text of each failure is made by the hook, which learns the outcome, the tool and the dependency")
{
    durable_scene s;
    s.add("act", {.effect = tool_effect::keyed}, fail_busy);
    s.add("work", {});
    s.says(asks(
        "[" + pending_call("a", "act") + "," + pending_call("b", "work", R"("a")") + "," + pending_call("c", "nix") +
        "]"
    ));
    s.says(ends());
    run_with(s, told);
    CHECK(tool_text(s.sent.at(1).messages, "a") == "<act error >");
    CHECK(tool_text(s.sent.at(1).messages, "b") == "<work skipped_dependency a>");
    CHECK(tool_text(s.sent.at(1).messages, "c") == "<nix unknown_tool >");
}

TEST_CASE("What the model was told stays, whatever the process would say that goes on with the run")
{
    durable_scene s;
    s.add("act", {.effect = tool_effect::keyed}, fail_busy);
    s.add("work", {});
    const std::string calls = "[" + pending_call("b", "work", R"("a")") + "," + pending_call("a", "act") + "," +
                              pending_call("c", "nix") + "]";
    s.says(asks(calls));
    s.says(ends());
    // Create, acquire, intent, answer, start, end, the next intent, and here its answer.
    s.store->arm(dedalus::store_failpoint::before_commit, 8, std::make_exception_ptr(std::runtime_error("killed")));
    CHECK_THROWS_AS(run_with(s, told), std::runtime_error);
    s.says(ends());
    const dedalus::run_result r = s.run();
    REQUIRE(s.bodies.size() == 3);
    CHECK(s.bodies[2] == s.bodies[1]);
    CHECK(tool_text(s.sent[2].messages, "a") == "<act error >");
    CHECK(tool_text(s.sent[2].messages, "b") == "<work skipped_dependency a>");
    CHECK(tool_text(s.sent[2].messages, "c") == "<nix unknown_tool >");
    CHECK(r.tool_results.at(1).content == "<act error >");
}

TEST_CASE("A skipped call that a crash kept out of the store is told of as without the crash")
{
    const std::string calls = "[" + pending_call("b", "work", R"("a")") + "," + pending_call("a", "act") + "]";
    const auto prepare = [&calls](durable_scene& s) {
        s.add("act", {.effect = tool_effect::keyed}, fail_busy);
        s.add("work", {});
        s.says(asks(calls));
        s.says(ends());
    };
    durable_scene whole;
    prepare(whole);
    run_with(whole, told);

    durable_scene s;
    prepare(s);
    // Create, acquire, intent, answer, start, end, and here the next intent.
    s.store->arm(dedalus::store_failpoint::before_commit, 7, std::make_exception_ptr(std::runtime_error("killed")));
    CHECK_THROWS_AS(run_with(s, told), std::runtime_error);
    run_with(s, told);
    REQUIRE(s.bodies.size() == 2);
    CHECK(tool_text(s.sent[1].messages, "b") == "<work skipped_dependency a>");
    CHECK(s.bodies[1] == whole.bodies.at(1));
}

TEST_CASE("A hook that throws, or gives nothing or no UTF-8, leaves the default text")
{
    const int kind = GENERATE(0, 1, 2);
    core::tool_end end = core::rejected_end("no");
    const std::string text = end.content;
    const dedalus::failure_formatter format = [kind](const tool_failure&) -> std::string {
        if (kind == 0)
            throw std::runtime_error("broken");
        return kind == 1 ? "" : "\xff";
    };
    core::format_end(end, "act", format, 1024);
    CHECK(end.content == text);
}

TEST_CASE("Rejections and edits are told by the hooks, and stay so")
{
    durable_scene s;
    test::waiting_run(s);
    SECTION("a rejection")
    {
        run_coro(s.inbox().reject("r1", "a", "too dear"));
        s.says(ends());
        run_with(s, [](const tool_failure& f) { return f.kind + ": " + f.text; });
        CHECK(
            tool_text(s.sent.at(1).messages, "a") ==
            "rejected: a person declined this call; repeating it will not help: too dear"
        );
    }
    SECTION("an edit")
    {
        run_coro(s.inbox().approve_edited("r1", "a", {{"n", 2}}));
        s.says(ends());
        run_with(s, {}, [](const std::string& tool, const json::object& arguments) {
            return "[" + tool + " with " + json::serialize(arguments) + "] ";
        });
        CHECK(tool_text(s.sent.at(1).messages, "a") == "[book with {\"n\":2}] a{\"n\":2} done");
        CHECK(s.run().tool_results.at(0).content == "[book with {\"n\":2}] a{\"n\":2} done");
    }
}

TEST_CASE("Without a store the hook makes the texts, too")
{
    test::scene s;
    s.add("act", fail_busy);
    s.says(test::handoff_answer("[" + test::call("a", "act") + "," + test::call("b", "nix") + "]"));
    s.says(test::text_answer("Done."));
    s.format_failure = dedalus::structured_failure;
    s.run();
    const json::value a = json::parse(tool_text(s.sent.at(1).messages, "a"));
    CHECK(a.at("error").at("kind") == "busy");
    CHECK(a.at("error").at("retryable") == true);
    const json::value b = json::parse(tool_text(s.sent.at(1).messages, "b"));
    CHECK(b.at("error").at("kind") == "unknown_tool");
}

namespace {

const std::string customer = "customer 4711";

boost::asio::awaitable<json::value> fail_for_customer(json::object, dedalus::tool_context&)
{
    throw std::runtime_error("no order of " + customer + ", token sk-proj-abcdefghijklmn");
    co_return nullptr;
}

boost::asio::awaitable<void> reach_nobody(json::object, dedalus::tool_context&)
{
    throw std::runtime_error("nobody speaks for " + customer);
    co_return;
}

json::object
resolve_nothing(const dedalus::call_arguments& call, const std::map<std::string, dedalus::dependency_result, std::less<>>&)
{
    if (call.name == "look")
        throw std::runtime_error("no arguments for " + customer);
    return call.arguments;
}

std::string without_customers(std::string text)
{
    for (std::size_t at = text.find(customer); at != std::string::npos; at = text.find(customer))
        text.replace(at, customer.size(), "somebody");
    return text;
}

/// Four calls whose errors name a customer: of a handler, of resolved arguments, of a dispatch, and from outside.
dedalus::run_result run_with_customers(durable_scene& s, const dedalus::failure_redactor& redact)
{
    s.resolve = resolve_nothing;
    s.add("act", {}, fail_for_customer);
    s.add("look", {});
    s.add("ask", {.effect = tool_effect::external, .dispatch = reach_nobody});
    s.says(asks("[" + pending_call("a", "act") + "," + pending_call("b", "look") + "," + pending_call("c", "ask") + "]")
    );
    const auto follow = [&s, &redact] {
        auto input = s.input();
        input->texts.redact = redact;
        return run_coro(durable_scene::follow(std::move(input), s.stop));
    };
    follow();
    run_coro(s.inbox().provide_error("r1", "c", "who is " + customer + "?"));
    s.says(ends());
    return follow();
}

}  // namespace

TEST_CASE("What the program takes out of the text of a failure is neither sent nor stored")
{
    durable_scene s;
    const dedalus::run_result done = run_with_customers(s, without_customers);
    REQUIRE(s.sent.size() == 2);
    CHECK(tool_text(s.sent[1].messages, "a") == "Error: no order of somebody, token <redacted>");
    CHECK(tool_text(s.sent[1].messages, "b") == "Error: the arguments cannot be resolved: no arguments for somebody");
    CHECK(tool_text(s.sent[1].messages, "c") == "Error: who is somebody?");
    CHECK(test::has_code(done.diagnostics, "dispatch_failed"));
    CHECK(dedalus::export_run(s.stored()).find(customer) == std::string::npos);
}

TEST_CASE("Without a redactor of the program its own secrets are data, and stored")
{
    durable_scene s;
    run_with_customers(s, {});
    CHECK(dedalus::export_run(s.stored()).find(customer) != std::string::npos);
}

TEST_CASE("A redactor that throws, or makes no text, leaves no text")
{
    const dedalus::failure_redactor redact = GENERATE(
        dedalus::failure_redactor([](std::string) -> std::string { throw 1; }),
        dedalus::failure_redactor([](std::string) { return std::string("\xff"); }),
        dedalus::failure_redactor([](std::string) { return std::string(); })
    );
    CHECK(core::error_end("no order of " + customer, 1024, redact).content == "Error: the tool failed");
    CHECK(core::unresolved_arguments_end(customer, redact).content == "Error: the arguments cannot be resolved");
}

}  // namespace durable_texts_test
