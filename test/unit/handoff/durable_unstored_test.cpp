#include <dedalus/error.hpp>
#include <dedalus/handoff/run_export.hpp>
#include <dedalus/handoff/run_timeline.hpp>
#include <dedalus/handoff/tool_error.hpp>

#include "crypto/sha256.hpp"
#include "support/catch.hpp"
#include "support/durable_scene.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/json/parse.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace durable_unstored_test {

namespace asio = boost::asio;
namespace json = boost::json;
namespace stores = dedalus::stores;
using dedalus::run_phase;
using dedalus::stop_reason;
using dedalus::tool_effect;
using test::asks;
using test::durable_scene;
using test::ends;
using test::pending_call;
using test::tool_text;
using names = std::vector<std::string>;

namespace {

const std::string diagnosis = "the diagnosis of Jo Doe";

/// What the tool gives; nothing: it fails.
struct records
{
    std::optional<std::string> text = diagnosis;
};

asio::awaitable<json::value>
look_up(durable_scene& s, const records& given, dedalus::tool_context& context)  // borrowed: s, given
{
    s.log.push_back(context.call_id());
    if (!given.text)
        throw std::runtime_error("the records are away");
    std::string text = *given.text;
    for (const auto& [id, result] : context.dependency_results())
        text += " after " + id + ": " + result.text;
    co_return json::string(text);
}

void add_look_up(durable_scene& s, records& given)
{
    dedalus::tool_options options;
    options.effect = tool_effect::pure;
    options.do_not_store_value = true;
    s.add("look_up", std::move(options), [&s, &given](json::object, dedalus::tool_context& context) {
        return look_up(s, given, context);
    });
}

/// Fails so that it may be tried again, and stops the run while that is waited for.
asio::awaitable<json::value> fail_and_stop(durable_scene& s)  // borrowed: s
{
    const auto timer =
        std::make_shared<asio::steady_timer>(co_await asio::this_coro::executor, std::chrono::milliseconds(20));
    timer->async_wait([timer, stop = s.stop](const boost::system::error_code&) { stop->now(); });
    throw dedalus::tool_error("busy", "the records are busy", {.retryable = true});
}

/// Two calls, one of which needs the other, and then the process dies.
void look_up_and_die(durable_scene& s, records& given)
{
    add_look_up(s, given);
    s.says(asks("[" + pending_call("b", "look_up", R"("a")") + "," + pending_call("a", "look_up") + "]"));
    s.fails(std::runtime_error("killed"));
    CHECK_THROWS_AS(s.run(), std::runtime_error);
}

}  // namespace

TEST_CASE("Of a result that is not to be stored the store has the length and the hash alone")
{
    durable_scene s;
    records given;
    look_up_and_die(s, given);
    CHECK(tool_text(s.sent.at(1).messages, "a") == diagnosis);
    const stores::stored_run left = s.stored();
    const std::string document = dedalus::export_run(left);
    CHECK(document.find("Jo Doe") == std::string::npos);
    CHECK(document.find(dedalus::crypto::sha256_hex(diagnosis)) != std::string::npos);
    CHECK(document.find(R"("text_bytes":)" + std::to_string(diagnosis.size())) != std::string::npos);
    CHECK(json::parse(left.head.bytes).at("must_understand") == json::array{"unstored_values"});
    const dedalus::run_result shown = dedalus::timeline_of(left).result;
    CHECK(shown.tool_results.at(1).content.starts_with("[not stored: 23 bytes, SHA-256 "));
    CHECK(shown.tool_results.at(1).value.is_null());
}

TEST_CASE("A run goes on past results that are not stored by running their calls again, in order")
{
    durable_scene s;
    records given;
    look_up_and_die(s, given);
    const stores::stored_run left = s.stored();
    s.says(ends());
    const dedalus::run_result done = s.run();
    CHECK(done.phase == run_phase::completed);
    CHECK(s.log == names{"a", "b", "a", "b"});
    CHECK(s.bodies.at(2) == s.bodies.at(1));
    CHECK(s.stored().calls == left.calls);
    CHECK(done.tool_results.at(1).content == diagnosis);
    CHECK(done.tool_results.at(1).attempts == 1);

    const dedalus::run_result again = s.run();
    CHECK(again.phase == run_phase::completed);
    CHECK(again.tool_results.at(1).content.starts_with("[not stored"));
    CHECK(s.log.size() == 4);
}

TEST_CASE("A result that is another one when it is made again is a diagnostic")
{
    durable_scene s;
    records given;
    look_up_and_die(s, given);
    given.text = "something else";
    s.says(ends());
    const dedalus::run_result done = s.run();
    CHECK(done.phase == run_phase::completed);
    CHECK(test::has_code(done.diagnostics, "value_changed"));
    CHECK(tool_text(s.sent.back().messages, "a") == "something else");
}

TEST_CASE("A run whose unstored result cannot be made again is suspended, and goes on when it can")
{
    durable_scene s;
    records given;
    look_up_and_die(s, given);
    SECTION("the tool fails")
    {
        given.text.reset();
        CHECK(s.run().stop_reason == stop_reason::unstored_value);
        given.text = diagnosis;
    }
    SECTION("the tool is not registered here")
    {
        const dedalus::tool_registry tools = std::exchange(s.tools, {});
        CHECK(s.run().stop_reason == stop_reason::unstored_value);
        s.tools = tools;
    }
    CHECK(s.stored().head.wakeup_at);
    CHECK(s.sent.size() == 2);
    s.says(ends());
    CHECK(s.run().phase == run_phase::completed);
    CHECK(tool_text(s.sent.back().messages, "a") == diagnosis);
}

TEST_CASE("A tool that fails to make a result again is asked once a lease, whatever is in the inbox")
{
    durable_scene s;
    records given;
    look_up_and_die(s, given);
    given.text.reset();
    CHECK(test::has_code(s.run().diagnostics, "value_not_made"));
    CHECK(s.log == names{"a", "b", "a"});
    const std::vector<dedalus::message> more(1, dedalus::user_message{"And hurry."});
    CHECK(test::run_coro(s.inbox().add_input("r1", more)) == stores::post_outcome::accepted);
    const stores::stored_run left = s.stored();
    for (int polls = 0; polls < 3; ++polls)
        CHECK(s.run().stop_reason == stop_reason::unstored_value);
    CHECK(s.log.size() == 3);
    CHECK(s.stored().rev == left.rev);

    s.passed += s.lease;
    CHECK(s.run().stop_reason == stop_reason::unstored_value);
    CHECK(s.log.size() == 4);
    CHECK(s.stored().entries == left.entries);

    s.passed += s.lease;
    given.text = diagnosis;
    s.says(ends());
    CHECK(s.run().phase == run_phase::completed);
}

TEST_CASE("Whoever stops a run ends the wait for another attempt to make a result again")
{
    durable_scene s;
    records given;
    look_up_and_die(s, given);
    s.tools = {};
    dedalus::tool_options options;
    options.effect = tool_effect::pure;
    options.do_not_store_value = true;
    options.max_retries = 3;
    options.retry_backoff = std::chrono::hours(1);
    s.add("look_up", std::move(options), [&s](json::object, dedalus::tool_context&) { return fail_and_stop(s); });
    CHECK(s.run().stop_reason == stop_reason::stopped);
    CHECK(s.sent.size() == 2);
}

TEST_CASE("A tool that has an effect by now is not run again for its result")
{
    durable_scene s;
    records given;
    look_up_and_die(s, given);
    s.tools = {};
    s.add("look_up", {.effect = tool_effect::once});
    const std::size_t before = s.log.size();
    CHECK(s.run().stop_reason == stop_reason::unstored_value);
    CHECK(s.log.size() == before);
}

TEST_CASE("What a tool says when it fails is stored, whatever becomes of its results")
{
    durable_scene s;
    records given;
    given.text.reset();
    add_look_up(s, given);
    s.says(asks("[" + pending_call("a", "look_up") + "]"));
    s.says(ends());
    CHECK(s.run().phase == run_phase::completed);
    CHECK(s.run().tool_results.at(0).content == "Error: the records are away");
    CHECK(json::parse(s.stored().head.bytes).at("must_understand") == json::array());
}

TEST_CASE("Only results of tools without effect can be left out of the store")
{
    dedalus::tool_options options;
    options.do_not_store_value = true;
    options.effect = tool_effect::keyed;
    durable_scene s;
    CHECK_THROWS_AS(s.add("act", options), dedalus::config_error);
}

}  // namespace durable_unstored_test
