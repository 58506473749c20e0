#include "support/catch.hpp"
#include "support/chunks.hpp"
#include "support/durable_scene.hpp"

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace durable_early_test {

namespace asio = boost::asio;
namespace engine = dedalus::handoff_engine;
namespace stores = dedalus::stores;
using dedalus::run_phase;
using dedalus::tool_effect;
using test::durable_scene;
using names = std::vector<std::string>;

namespace {

const std::string asks_for_a =
    R"({"turns_consumed":1,"choices":[{"index":0,"finish_reason":"tool_calls","message":{"role":"assistant",
        "tool_calls":[{"id":"a","type":"function","function":{"name":"look","arguments":"{\"n\":1}"}}]}}]})";

dedalus::chat_completion_chunk call_a()
{
    dedalus::function_call_delta function;
    function.name = "look";
    function.arguments = R"({"n":1})";
    dedalus::tool_call_delta delta;
    delta.index = 0;
    delta.id = "a";
    delta.function = function;
    return test::calls_chunk({delta});
}

/// As the scene, and its first answer is told as chunks before.
std::shared_ptr<engine::durable_input> streamed(durable_scene& s)
{
    std::shared_ptr<engine::durable_input> in = s.input();
    in->early = std::make_shared<engine::early_feed>();
    in->send =
        [&s, feed = in->early, send = in->send](const dedalus::chat_completion_request& request, std::string key) {
            if (s.sent.empty() && feed->on_chunk) {
                feed->on_chunk(call_a());
                feed->on_chunk(test::finish_chunk("tool_calls"));
                s.log.push_back("streamed");
            }
            return send(request, std::move(key));
        };
    return in;
}

}  // namespace

TEST_CASE("The start of a call that began early is stored after the answer, and its result once")
{
    durable_scene s;
    s.add("look", {.effect = tool_effect::pure, .early_start = true});
    s.says(asks_for_a);
    s.says(test::ends());
    const dedalus::run_result r = test::run_coro(durable_scene::follow(streamed(s), s.stop));
    CHECK(r.phase == run_phase::completed);
    CHECK(s.log == names{"a", "streamed"});
    CHECK(r.tool_results.at(0).content == "a done");
    const stores::stored_run stored = s.stored();
    REQUIRE(stored.calls.size() == 2);
    CHECK(stored.calls[0].kind == stores::call_record_kind::start);
    CHECK(stored.calls[1].kind == stores::call_record_kind::finish);
}

TEST_CASE("A call that began early leaves no trace of an answer that was never stored, and runs again")
{
    durable_scene s;
    s.add("look", {.effect = tool_effect::pure, .early_start = true});
    s.says(asks_for_a);
    // Create, acquire, intent, and here the end.
    s.store->arm(dedalus::store_failpoint::before_commit, 4, std::make_exception_ptr(std::runtime_error("killed")));
    CHECK_THROWS_AS(test::run_coro(durable_scene::follow(streamed(s), s.stop)), std::runtime_error);
    CHECK(s.log == names{"a", "streamed"});
    CHECK(s.stored().calls.empty());
    s.says(asks_for_a);
    s.says(test::ends());
    CHECK(s.run().phase == run_phase::completed);
    CHECK(s.log == names{"a", "streamed", "a"});
}

}  // namespace durable_early_test
