#include "handoff/tool_group.hpp"

#include <dedalus/client_options.hpp>
#include <dedalus/error.hpp>

#include "support/catch.hpp"
#include "support/handoff_answers.hpp"
#include "support/handoff_scene.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/assert/source_location.hpp>
#include <boost/system/system_error.hpp>

#include <chrono>
#include <exception>
#include <memory>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace tool_group_test {

namespace asio = boost::asio;
namespace json = boost::json;
using dedalus::run_phase;
using dedalus::tool_outcome;
using std::chrono::milliseconds;
using test::call;
using test::handoff_answer;
using test::has_code;
using test::names;
using test::never;
using test::place_of;
using test::scene;
using test::stubborn;
using test::text_answer;
using test::tool_text;
using test::work_and_open;
using test::worker;
using test::yield;

namespace {

asio::awaitable<json::value> fail_with_text(json::object, dedalus::tool_context&)
{
    throw std::runtime_error("no such\ncity");
    co_return nullptr;
}

asio::awaitable<json::value> fail_with_number(json::object, dedalus::tool_context&)
{
    throw 42;
    co_return nullptr;
}

}  // namespace

TEST_CASE("What a tool throws goes to the model, and other tools run on")
{
    scene s;
    s.add("bad", fail_with_text);
    s.add("worse", fail_with_number);
    s.add("eager", [](json::object, dedalus::tool_context&) -> asio::awaitable<json::value> {
        throw std::runtime_error("not even started");
    });
    s.add("located", [](json::object, dedalus::tool_context&) -> asio::awaitable<json::value> {
        static constexpr boost::source_location here = BOOST_CURRENT_LOCATION;
        boost::system::error_code ec;
        ec.assign(static_cast<int>(boost::system::errc::timed_out), boost::system::generic_category(), &here);
        throw boost::system::system_error(ec, "secret place");
    });
    s.add("work", worker(s));
    s.says(handoff_answer(
        "[" + call("a", "bad") + "," + call("b", "worse") + "," + call("c", "eager") + "," + call("d", "work") + "," +
        call("e", "work", R"("a")") + "," + call("f", "located") + "]"
    ));
    s.says(text_answer("Done."));
    const dedalus::run_result r = s.run();
    CHECK(tool_text(s.sent[1].messages, "a") == "Error: no such city");
    CHECK(tool_text(s.sent[1].messages, "b") == "Error: the tool failed with an unknown exception");
    CHECK(tool_text(s.sent[1].messages, "c") == "Error: not even started");
    CHECK(tool_text(s.sent[1].messages, "d") == "d done");
    CHECK(tool_text(s.sent[1].messages, "f").find("tool_group_test") == std::string::npos);
    CHECK(s.log == names{"d+", "d-"});
    CHECK(r.tool_results[0].outcome == tool_outcome::error);
    CHECK(r.tool_results[1].outcome == tool_outcome::error);
    CHECK(r.tool_results[4].outcome == tool_outcome::skipped_dependency);
    CHECK(r.phase == run_phase::completed);
}

TEST_CASE("A tool learns what it serves")
{
    scene s;
    std::string run_id;
    std::string call_id;
    std::string key;
    int attempt = 0;
    dedalus::tool_effect effect = dedalus::tool_effect::once;
    std::stop_token stop;
    bool has_deadline = false;
    json::value seen;
    json::value arguments;
    s.add("first", worker(s), {.timeout = dedalus::no_limit});
    s.add(
        "look",
        [&](json::object given, dedalus::tool_context& context) -> asio::awaitable<json::value> {
            run_id = context.run_id();
            call_id = context.call_id();
            key = context.idempotency_key();
            attempt = context.attempt();
            effect = context.effect();
            stop = context.stop_token();
            CHECK_FALSE(context.stop_requested());
            has_deadline = context.deadline() != std::chrono::steady_clock::time_point::max();
            seen = context.dependency_results().at("a").value;
            arguments = given;
            return never({}, context);
        },
        {.effect = dedalus::tool_effect::keyed, .timeout = milliseconds(1)}
    );
    s.says(handoff_answer(
        "[" + call("a", "first") + R"(,{"id":"b","name":"look","arguments":{"x":[1]},"dependencies":["a"]}])"
    ));
    s.says(text_answer("Done."));
    s.run();
    CHECK(run_id == "run_1");
    CHECK(call_id == "b");
    CHECK(key == "run_1/b");
    CHECK(attempt == 1);
    CHECK(effect == dedalus::tool_effect::keyed);
    CHECK(stop.stop_requested());
    CHECK(has_deadline);
    CHECK(seen == json::value("a done"));
    CHECK(arguments == json::value{{"x", {1}}});
}

TEST_CASE("A tool that passes its time limit is cancelled and reported, with care when it must not run twice")
{
    scene s;
    s.add("once", never, {.timeout = milliseconds(5)});
    s.add("pure", never, {.effect = dedalus::tool_effect::pure, .timeout = milliseconds(5)});
    s.add("work", worker(s));
    s.says(handoff_answer(
        "[" + call("a", "once") + "," + call("b", "pure") + "," + call("c", "work") + "," +
        call("d", "work", R"("a")") + "]"
    ));
    s.says(text_answer("Done."));
    const dedalus::run_result r = s.run();
    CHECK(tool_text(s.sent[1].messages, "a").find("within 5 ms; its outcome is unknown") != std::string::npos);
    CHECK(tool_text(s.sent[1].messages, "b") == "Error: the tool did not finish within 5 ms");
    CHECK(tool_text(s.sent[1].messages, "c") == "c done");
    CHECK(r.tool_results[0].outcome == tool_outcome::timeout);
    CHECK(r.tool_results[3].outcome == tool_outcome::skipped_dependency);
}

TEST_CASE("The run goes on without a tool that ignores its cancellation, but does not end without it")
{
    scene s;
    s.add("stubborn", worker(s, stubborn), {.timeout = milliseconds(1)});
    s.add("opener", worker(s, work_and_open));
    s.says(handoff_answer("[" + call("a", "stubborn") + "]"));
    s.says(handoff_answer("[" + call("b", "opener") + "]"));
    s.says(text_answer("Done."));
    const dedalus::run_result r = s.run();
    CHECK(s.log_at_end.back() == "a-");
    CHECK(place_of(s.log, "b+") < place_of(s.log, "a-"));
    CHECK(tool_text(s.sent[1].messages, "a").find("did not finish") != std::string::npos);
    CHECK(r.tool_results[0].outcome == tool_outcome::timeout);
    CHECK(has_code(r.diagnostics, "late_result"));
    CHECK(r.phase == run_phase::completed);
}

TEST_CASE("An abandoned tool frees its place")
{
    scene s;
    s.max_concurrency = 1;
    s.add("stubborn", worker(s, stubborn), {.timeout = milliseconds(1)});
    s.add("opener", worker(s, work_and_open));
    s.says(handoff_answer("[" + call("a", "stubborn") + "," + call("b", "opener") + "]"));
    s.says(text_answer("Done."));
    const dedalus::run_result r = s.run();
    CHECK(r.tool_results[0].outcome == tool_outcome::timeout);
    CHECK(r.tool_results[1].outcome == tool_outcome::ok);
}

TEST_CASE("A cancelled run cancels its tools, starts no more, and throws operation_aborted")
{
    scene s;
    s.max_concurrency = 2;
    bool saw_cancellation = false;
    s.add("never", [&](json::object, dedalus::tool_context&) -> asio::awaitable<json::value> {
        s.log.emplace_back("in");
        return [](bool& saw) -> asio::awaitable<json::value> {  // borrowed
            asio::steady_timer timer(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
            boost::system::error_code ec;
            co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ec));
            saw = ec == asio::error::operation_aborted;
            co_return nullptr;
        }(saw_cancellation);
    });
    s.says(handoff_answer(
        "[" + call("a", "never") + "," + call("b", "never") + "," + call("c", "never") + "," + call("d", "never") + "]"
    ));
    CHECK(s.cancel_when([&s] { return s.log.size() == 2; }) == asio::error::operation_aborted);
    CHECK(saw_cancellation);
    CHECK(s.log.size() == 2);
    CHECK(s.sent.size() == 1);
}

namespace {

// Needs some time to put things away before it can end.
asio::awaitable<json::value> tidy(scene& s, std::string name)  // borrowed
{
    s.log.push_back(name + "+");
    boost::system::error_code ignored;
    co_await s.gate.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    for (int i = 0; i < 20; ++i)
        co_await yield(s);
    s.log.push_back(name + "-");
    co_return nullptr;
}

}  // namespace

TEST_CASE("A cancelled run awaits tools that take their time to end")
{
    scene s;
    s.add("tidy", worker(s, tidy));
    s.says(handoff_answer("[" + call("a", "tidy") + "," + call("b", "tidy") + "]"));
    CHECK(s.cancel_when([&s] { return s.log.size() == 2; }) == asio::error::operation_aborted);
    CHECK(s.log_at_end == names{"a+", "b+", "a-", "b-"});
}

TEST_CASE("A run of which the context dies leaves nothing behind")
{
    auto alive = std::make_shared<int>(1);
    const std::weak_ptr<int> watch = alive;
    {
        scene s;
        s.add("never", [alive](json::object arguments, dedalus::tool_context& context) {
            return never(std::move(arguments), context);
        });
        alive.reset();
        s.says(handoff_answer("[" + call("a", "never") + "]"));
        asio::co_spawn(s.context, test::discard(s), [](const std::exception_ptr&) { FAIL("the run ended"); });
        s.context.run_for(milliseconds(10));
        CHECK(s.sent.size() == 1);
    }
    CHECK(watch.expired());
}

namespace {

// Cancels the run it belongs to, and ends at that moment.
asio::awaitable<json::value> cancel_and_end(scene& s, asio::cancellation_signal& run)  // borrowed, run too
{
    s.log.emplace_back("cancelled");
    co_await yield(s);
    run.emit(asio::cancellation_type::terminal);
    co_return nullptr;
}

}  // namespace

TEST_CASE("A tool that ends while the run is cancelled is followed by no other")
{
    scene s;
    s.max_concurrency = 1;
    asio::cancellation_signal signal;
    s.add("cancel", [&](json::object, dedalus::tool_context&) { return cancel_and_end(s, signal); });
    s.add("work", worker(s));
    s.says(handoff_answer("[" + call("a", "cancel") + "," + call("b", "work") + "]"));
    bool aborted = false;
    auto on_end = [&aborted](const std::exception_ptr& failure) {
        try {
            std::rethrow_exception(failure);
        }
        catch (const dedalus::error& e) {
            aborted = e.code() == asio::error::operation_aborted;
        }
    };
    asio::co_spawn(s.context, test::discard(s), asio::bind_cancellation_slot(signal.slot(), on_end));
    s.context.run();
    CHECK(aborted);
    CHECK(s.log == names{"cancelled"});
}

namespace {

/// Waits until it is cancelled; `seen` is the context of its call meanwhile.
asio::awaitable<json::value>
show_context(dedalus::tool_context& context, dedalus::tool_context*& seen)  // borrowed: seen
{
    seen = &context;
    asio::steady_timer timer(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
    co_await timer.async_wait(asio::use_awaitable);
    co_return nullptr;
}

void pass(milliseconds time)
{
    const auto until = std::chrono::steady_clock::now() + time;
    while (std::chrono::steady_clock::now() < until)
        std::this_thread::yield();
}

/// A call that shows its context, and what it told of its progress.
struct long_call
{
    void start(const dedalus::tool_options& options)
    {
        dedalus::tool_registry tools;
        dedalus::function_definition definition;
        definition.name = "long";
        tools.add(
            definition, [this](json::object, dedalus::tool_context& c) { return show_context(c, seen); }, options
        );
        dedalus::handoff_engine::tool_start what;
        what.call.key.call_id = "a";
        what.call.name = "long";
        what.tools = std::make_shared<const dedalus::tool_registry>(tools);
        what.on_progress = [this](const dedalus::handoff_core::call_key& key, json::value value) {
            CHECK(key.call_id == "a");
            shown.push_back(std::move(value));
        };
        group.start(std::move(what));
    }

    asio::io_context context;
    dedalus::handoff_engine::strand s{context.get_executor()};
    dedalus::tool_context* seen = nullptr;
    std::vector<json::value> shown;
    dedalus::handoff_engine::tool_group group{s, milliseconds(1)};
};

}  // namespace

TEST_CASE("Progress of a tool begins its idle time anew, is passed on, and does not move its time limit")
{
    using clock = std::chrono::steady_clock;
    const auto hour = std::chrono::hours(1);
    dedalus::tool_options options;
    options.timeout = 2 * hour;
    options.idle_timeout = hour;
    long_call one;
    asio::post(one.s, [&] {
        one.start(options);
        REQUIRE(one.seen != nullptr);
        const auto started = clock::now();
        pass(milliseconds(2));
        one.seen->progress("half");
        one.seen->progress();
        CHECK(one.group.take_ended(started + hour).empty());
        CHECK(one.seen->deadline() <= started + 2 * hour);
        one.group.cancel();
    });
    one.context.run();
    CHECK(one.shown == std::vector<json::value>{"half", nullptr});
}

TEST_CASE("Of progress that is told faster than the run hears it, the newest is kept")
{
    long_call one;
    asio::post(one.s, [&] { one.start({}); });
    one.context.poll();
    REQUIRE(one.seen != nullptr);
    // Not on the strand, as in the thread of a tool that blocks.
    for (int i = 1; i <= 1000; ++i)
        one.seen->progress(json::value(i));
    one.seen->progress();
    CHECK(one.shown.empty());
    one.context.poll();
    CHECK(one.shown == std::vector<json::value>{json::value(1000)});
    one.seen->progress();
    one.context.poll();
    CHECK(one.shown.size() == 2);
    asio::post(one.s, [&] { one.group.cancel(); });
    one.context.run();
}

TEST_CASE("A tool that makes no progress for its idle time is ended as one whose time limit passed")
{
    scene s;
    dedalus::tool_options options;
    options.idle_timeout = milliseconds(20);
    s.add("tool", never, std::move(options));
    s.says(handoff_answer("[" + call("a", "tool") + "]"));
    s.says(text_answer("Done."));
    const dedalus::run_result r = s.run();
    REQUIRE(r.tool_results.size() == 1);
    CHECK(r.tool_results[0].outcome == tool_outcome::timeout);
    CHECK(r.tool_results[0].content.find("20 ms") != std::string::npos);
}

}  // namespace tool_group_test
