#include <dedalus/handoff/tool_error.hpp>
#include <dedalus/stores/store_error.hpp>

#include "handoff/finish_request.hpp"
#include "handoff/run_records.hpp"
#include "handoff/tool_end.hpp"
#include "support/catch.hpp"
#include "support/durable_scene.hpp"
#include "support/handoff_answers.hpp"
#include "support/handoff_scene.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace tool_error_test {

namespace asio = boost::asio;
namespace core = dedalus::handoff_core;
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

template <class Error>
core::thrown_failure read(const Error& e)
{
    return core::read_failure(std::make_exception_ptr(e));
}

/// Waits to be cancelled, and then says that it has done nothing, or something.
asio::awaitable<json::value> give_up(std::shared_ptr<test::engine::run_stop> stop, bool nothing_happened)
{
    asio::steady_timer timer(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
    if (stop)
        asio::post(timer.get_executor(), [stop] { stop->now(); });
    boost::system::error_code ignored;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    dedalus::tool_error_facts facts;
    facts.nothing_happened = nothing_happened;
    throw tool_error("cancelled", "given up", facts);
}

bool has_record(durable_scene& s, stores::call_record_kind kind)
{
    const stores::stored_run run = s.stored();
    return std::any_of(run.calls.begin(), run.calls.end(), [kind](const auto& record) { return record.kind == kind; });
}

}  // namespace

TEST_CASE("What a tool throws is read with what it vouches for")
{
    const core::thrown_failure failure = read(tool_error("busy", "come back later", {.retryable = true}));
    CHECK(failure.text == "come back later");
    CHECK(failure.kind == "busy");
    CHECK(failure.retryable);
    CHECK_FALSE(failure.nothing_happened);
    CHECK(read(tool_error("x", "y", {.nothing_happened = true})).nothing_happened);

    const core::thrown_failure plain = read(std::runtime_error("broken"));
    CHECK(plain.text == "broken");
    CHECK(plain.kind.empty());
    CHECK_FALSE(plain.retryable);
}

TEST_CASE("A result tells what its failure is called and whether its outcome is known, of a stored run, too")
{
    durable_scene s;
    s.on_unknown_outcome = dedalus::unknown_outcome_policy::tell_model;
    s.add("fail", {}, [](json::object, dedalus::tool_context&) -> asio::awaitable<json::value> {
        throw tool_error("busy", "come back later");
        co_return nullptr;
    });
    test::leave_started(s, tool_effect::once);
    s.says(asks("[" + pending_call("b", "fail") + "," + pending_call("c", "nix") + "]"));
    s.says(ends());
    const dedalus::run_result done = s.run();
    const dedalus::run_result again = s.run();
    for (const dedalus::run_result* r : {&done, &again}) {
        REQUIRE(r->tool_results.size() == 3);
        CHECK_FALSE(r->tool_results[0].outcome_known);
        CHECK(r->tool_results[1].kind == "busy");
        CHECK(r->tool_results[1].outcome_known);
        CHECK(r->tool_results[2].kind.empty());
    }
}

TEST_CASE("The end of a call that a tool writes itself is sealed, and one for each attempt and owner")
{
    core::finish_facts facts;
    facts.run_id = "r1";
    facts.key.call_id = "a";
    facts.fence = 3;
    facts.max_bytes = 1000;
    const stores::append_request made = core::finish_request(facts, "bought", {});
    CHECK(made.run_id == "r1");
    CHECK(made.fence == 3);
    REQUIRE(made.records.size() == 1);
    CHECK(made.records[0].kind == stores::call_record_kind::finish);
    CHECK(made.records[0].crc32c == stores::checksum(made.records[0]));
    CHECK(core::read_finish_body(made.records[0].body).end.value == "bought");
    CHECK(core::finish_request(facts, "bought", {}).op_id == made.op_id);
    facts.attempt = 2;
    CHECK(core::finish_request(facts, "bought", {}).op_id != made.op_id);
    CHECK_THROWS_AS(core::finish_request(facts, "caf\xe9", {}), dedalus::store_error);
}

TEST_CASE("A tool of a run without a store cannot write the end of its call")
{
    scene s;
    s.add("act", [](json::object, dedalus::tool_context& context) -> asio::awaitable<json::value> {
        context.finish_record("bought");
        co_return "not reached";
    });
    s.says(handoff_answer("[" + call("a", "act") + "]"));
    s.says(text_answer("Done."));
    CHECK(s.run().tool_results.at(0).outcome == tool_outcome::error);
}

TEST_CASE("Paths of files that an exception names do not go to the model, but those of a tool_error do")
{
    const std::error_code missing = std::make_error_code(std::errc::no_such_file_or_directory);
    const std::filesystem::filesystem_error e("cannot open", "/home/me/secret.txt", missing);
    CHECK(read(e).text == missing.message());
    CHECK(read(std::runtime_error("cannot open /etc/app/key.pem: denied")).text == "cannot open <path>: denied");
    CHECK(read(std::runtime_error("[file:///var/lib/x] C:\\Users\\me\\a.txt")).text == "[file://<path>] <path>");
    CHECK(read(std::runtime_error("GET /v1/orders/17 failed")).text == "GET /v1/orders/17 failed");
    CHECK(read(std::runtime_error("https://host/home/page is gone")).text == "https://host/home/page is gone");
    CHECK(read(tool_error("missing", "no /etc/hosts here")).text == "no /etc/hosts here");
}

TEST_CASE("A once call whose tool vouches for nothing, when its run is stopped, starts again when it is resumed")
{
    const bool vouches = GENERATE(true, false);
    durable_scene s;
    s.add("act", {.effect = tool_effect::once}, [&s, vouches](json::object, dedalus::tool_context& context) {
        const bool first = s.log.empty();
        if (!first)
            return s.work(context.call_id());
        s.log.emplace_back("stopped");
        return give_up(s.stop, vouches);
    });
    s.says(asks("[" + pending_call("a", "act") + "]"));
    s.says(ends());
    CHECK(s.run().stop_reason == stop_reason::stopped);
    CHECK(has_record(s, stores::call_record_kind::abandon) == vouches);
    s.stop = std::make_shared<test::engine::run_stop>();
    const dedalus::run_result next = s.run();
    if (vouches) {
        CHECK(next.tool_results.at(0).content == "a done");
        CHECK(next.tool_results.at(0).attempts == 2);
    }
    else {
        CHECK(next.stop_reason == stop_reason::unknown_tool_outcome);
    }
}

TEST_CASE("A time limit is told as harmless when the tool vouches for it, and else as unknown for every effect")
{
    scene s;
    const bool vouches = GENERATE(true, false);
    const tool_effect effect = GENERATE(tool_effect::once, tool_effect::keyed, tool_effect::transactional);
    dedalus::tool_options options;
    options.effect = effect;
    options.timeout = milliseconds(1);
    s.add(
        "act", [vouches](json::object, dedalus::tool_context&) { return give_up(nullptr, vouches); }, options
    );
    s.says(handoff_answer("[" + call("a", "act") + "]"));
    s.says(text_answer("Done."));
    const dedalus::run_result r = s.run();
    CHECK(r.tool_results.at(0).outcome == tool_outcome::timeout);
    const std::string text = tool_text(s.sent[1].messages, "a");
    CHECK((text.find("it had no effect") != std::string::npos) == vouches);
    CHECK((text.find("its outcome is unknown") != std::string::npos) == !vouches);
}

}  // namespace tool_error_test
