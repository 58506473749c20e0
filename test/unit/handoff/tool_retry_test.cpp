#include <dedalus/handoff/tool_error.hpp>

#include "support/catch.hpp"
#include "support/durable_scene.hpp"
#include "support/handoff_answers.hpp"
#include "support/handoff_scene.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace tool_retry_test {

namespace asio = boost::asio;
namespace json = boost::json;
namespace stores = dedalus::stores;
using dedalus::stop_reason;
using dedalus::tool_effect;
using dedalus::tool_error;
using dedalus::tool_outcome;
using std::chrono::milliseconds;
using test::asks;
using test::call;
using test::durable_scene;
using test::ends;
using test::handoff_answer;
using test::pending_call;
using test::scene;
using test::text_answer;
using test::tool_text;
using names = std::vector<std::string>;

namespace {

/// Logs its attempts, and fails until the one of this number.
asio::awaitable<json::value>
fail_until(std::vector<std::string>& log, int good, int attempt, bool retryable)  // borrowed
{
    log.push_back(std::to_string(attempt));
    if (attempt < good)
        throw tool_error("busy", "try again", {.retryable = retryable});
    co_return "at last";
}

dedalus::tool_options tried_again(tool_effect effect, int retries)
{
    dedalus::tool_options options;
    options.effect = effect;
    options.max_retries = retries;
    options.retry_backoff = milliseconds(1);
    return options;
}

void add_failing(scene& s, int good, dedalus::tool_options options, bool retryable = true)
{
    auto body = [&s, good, retryable](json::object, dedalus::tool_context& c) {
        return fail_until(s.log, good, c.attempt(), retryable);
    };
    s.add("act", body, std::move(options));
    s.says(handoff_answer("[" + call("a", "act") + "]"));
    s.says(text_answer("Done."));
}

void add_failing(durable_scene& s, int good, dedalus::tool_options options)
{
    s.add("act", std::move(options), [&s, good](json::object, dedalus::tool_context& c) {
        return fail_until(s.log, good, c.attempt(), true);
    });
    s.says(asks("[" + pending_call("a", "act") + "]"));
    s.says(ends());
}

asio::awaitable<std::optional<json::value>> answer_probe(int& asked, std::optional<json::value> answer)  // borrowed
{
    ++asked;
    co_return answer;
}

asio::awaitable<json::value> fail_and_stop(std::shared_ptr<test::engine::run_stop> stop)
{
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    asio::post(executor, [stop] { stop->now(); });
    throw tool_error("busy", "try again", {.retryable = true});
}

std::vector<std::int64_t> starts_of(durable_scene& s)
{
    std::vector<std::int64_t> attempts;
    for (const stores::call_record& record : s.stored().calls) {
        if (record.kind == stores::call_record_kind::start)
            attempts.push_back(record.attempt);
    }
    return attempts;
}

}  // namespace

TEST_CASE("A tool that asks for another attempt gets it, as often as allowed")
{
    scene s;
    SECTION("and succeeds")
    {
        add_failing(s, 3, tried_again(GENERATE(tool_effect::pure, tool_effect::keyed, tool_effect::transactional), 2));
        const dedalus::run_result r = s.run();
        CHECK(r.tool_results.at(0).content == "at last");
        CHECK(r.tool_results.at(0).attempts == 3);
        CHECK(s.log == names{"1", "2", "3"});
    }
    SECTION("and then the model is told of its failure")
    {
        add_failing(s, 9, tried_again(tool_effect::keyed, 2));
        CHECK(s.run().tool_results.at(0).outcome == tool_outcome::error);
        CHECK(s.log == names{"1", "2", "3"});
        CHECK(tool_text(s.sent[1].messages, "a") == "Error: try again");
    }
    SECTION("but not by default")
    {
        add_failing(s, 2, tried_again(tool_effect::keyed, 0));
        CHECK(s.run().tool_results.at(0).outcome == tool_outcome::error);
    }
    SECTION("but not when it does not ask")
    {
        add_failing(s, 2, tried_again(tool_effect::keyed, 2), false);
        CHECK(s.run().tool_results.at(0).outcome == tool_outcome::error);
        CHECK(s.log == names{"1"});
    }
}

TEST_CASE("A call that waits for another attempt ends with its cancelled run")
{
    scene s;
    dedalus::tool_options options = tried_again(tool_effect::pure, 9);
    options.retry_backoff = std::chrono::hours(1);
    add_failing(s, 9, std::move(options));
    CHECK(s.cancel_when([&s] { return s.log.size() == 1; }) == asio::error::operation_aborted);
}

TEST_CASE("Each attempt has a record of its start, and the next request is as without the others")
{
    durable_scene s;
    add_failing(s, 3, tried_again(tool_effect::keyed, 2));
    const dedalus::run_result r = s.run();
    CHECK(r.phase == dedalus::run_phase::completed);
    CHECK(r.tool_results.at(0).attempts == 3);
    CHECK(starts_of(s) == std::vector<std::int64_t>{1, 2, 3});

    durable_scene plain;
    add_failing(plain, 1, tried_again(tool_effect::keyed, 2));
    plain.run();
    CHECK(s.bodies.at(1) == plain.bodies.at(1));

    const dedalus::run_result again = s.run();
    CHECK(again.tool_results.at(0).attempts == 3);
    CHECK(again.tool_results.at(0).content == "at last");
}

TEST_CASE("Attempts of a process that died count")
{
    durable_scene s;
    add_failing(s, 9, tried_again(tool_effect::keyed, 2));
    // Create, acquire, intent, answer, the first start and the second, and here the third.
    s.store->arm(dedalus::store_failpoint::before_commit, 7, std::make_exception_ptr(std::runtime_error("killed")));
    CHECK_THROWS_AS(s.run(), std::runtime_error);
    CHECK(s.log == names{"1", "2"});
    CHECK(s.run().tool_results.at(0).outcome == tool_outcome::error);
    CHECK(s.log == names{"1", "2", "3"});
}

TEST_CASE("A run that is stopped before another attempt makes it when it is resumed")
{
    durable_scene s;
    s.add("act", tried_again(tool_effect::keyed, 1), [&s](json::object, dedalus::tool_context& c) {
        s.log.push_back(std::to_string(c.attempt()));
        return c.attempt() == 1 ? fail_and_stop(s.stop) : s.work(c.call_id());
    });
    s.says(asks("[" + pending_call("a", "act") + "]"));
    s.says(ends());
    CHECK(s.run().stop_reason == stop_reason::stopped);
    CHECK(s.log == names{"1"});
    s.stop = std::make_shared<test::engine::run_stop>();
    CHECK(s.run().tool_results.at(0).content == "a done");
    CHECK(s.log == names{"1", "2", "a"});
}

TEST_CASE("The probe is asked before another attempt, which is made only when it says no")
{
    scene s;
    int asked = 0;
    dedalus::tool_options options = tried_again(tool_effect::probe, 2);
    SECTION("it says no")
    {
        options.probe = [&asked](const std::string&) { return answer_probe(asked, std::nullopt); };
        add_failing(s, 3, std::move(options));
        CHECK(s.run().tool_results.at(0).content == "at last");
        CHECK(s.log == names{"1", "2", "3"});
        CHECK(asked == 2);
    }
    SECTION("it says that it happened")
    {
        options.probe = [&asked](const std::string& key) { return answer_probe(asked, json::value("found " + key)); };
        add_failing(s, 3, std::move(options));
        CHECK(s.run().tool_results.at(0).content == "found run_1/a");
        CHECK(s.log == names{"1"});
    }
    SECTION("it does not know")
    {
        options.probe = [](const std::string&) -> asio::awaitable<std::optional<json::value>> {
            throw std::runtime_error("not reachable");
        };
        add_failing(s, 3, std::move(options));
        CHECK(s.run().tool_results.at(0).content == "Error: try again");
        CHECK(s.log == names{"1"});
    }
}

TEST_CASE("The probe is asked when a time limit has passed")
{
    scene s;
    int asked = 0;
    std::string says;
    dedalus::tool_options options;
    options.effect = tool_effect::probe;
    options.timeout = milliseconds(1);
    SECTION("it says that it happened")
    {
        options.probe = [&asked](const std::string&) { return answer_probe(asked, json::value("it did")); };
        says = "it did";
    }
    SECTION("it says no")
    {
        options.probe = [&asked](const std::string&) { return answer_probe(asked, std::nullopt); };
        says = "it had no effect";
    }
    SECTION("it does not know")
    {
        options.probe = [&asked](const std::string&) -> asio::awaitable<std::optional<json::value>> {
            ++asked;
            throw std::runtime_error("not reachable");
        };
        says = "its outcome is unknown";
    }
    s.add("act", test::never, options);
    s.says(handoff_answer("[" + call("a", "act") + "]"));
    s.says(text_answer("Done."));
    const dedalus::tool_result r = s.run().tool_results.at(0);
    CHECK(asked == 1);
    CHECK(r.content.find(says) != std::string::npos);
    CHECK((r.outcome == tool_outcome::ok) == (says == "it did"));
}

}  // namespace tool_retry_test
