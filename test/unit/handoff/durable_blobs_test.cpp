#include <dedalus/handoff/run_export.hpp>
#include <dedalus/handoff/run_timeline.hpp>
#include <dedalus/stores/store_error.hpp>

#include "stores/forwarding_store.hpp"
#include "support/catch.hpp"
#include "support/durable_scene.hpp"

#include <boost/json/parse.hpp>

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace durable_blobs_test {

namespace json = boost::json;
namespace stores = dedalus::stores;
using dedalus::run_phase;
using dedalus::stop_reason;
using dedalus::store_errc;
using dedalus::store_error;
using test::asks;
using test::durable_scene;
using test::ends;
using test::pending_call;
using test::run_coro;

namespace {

constexpr std::size_t more_than_a_record_takes = 70000;

const std::string large(more_than_a_record_takes, 'x');

boost::asio::awaitable<json::value> read(durable_scene& s, std::string id)  // borrowed: s
{
    s.log.push_back(id);
    co_return json::string(id == "c" ? "short" : large);
}

/// A tool whose results are large, and three calls of it, of which one gives something else.
void add_reader(durable_scene& s)
{
    s.definition.max_result_bytes = 256 * 1024;
    s.add("read", {}, [&s](json::object, dedalus::tool_context& context) { return read(s, context.call_id()); });
    const std::string first_two = pending_call("a", "read") + "," + pending_call("b", "read");
    s.says(asks("[" + first_two + "," + pending_call("c", "read") + "]"));
}

/// Leaves the run behind as a process does that dies before the second request.
void read_and_die(durable_scene& s)
{
    add_reader(s);
    s.fails(std::runtime_error("killed"));
    CHECK_THROWS_AS(s.run(), std::runtime_error);
}

std::size_t bytes_of_records(const stores::stored_run& run)
{
    std::size_t bytes = 0;
    for (const stores::call_record& record : run.calls)
        bytes += record.body.size();
    return bytes;
}

json::value demands(const stores::stored_run& run)
{
    return json::parse(run.head.bytes).at("must_understand");
}

/// The run in a store of its own, as if somebody had changed it there.
void put_back(durable_scene& s, stores::stored_run run)
{
    s.store = std::make_shared<dedalus::memory_run_store>();
    stores::restore_request request;
    request.run = std::move(run);
    request.op_id = "restore";
    REQUIRE(run_coro(s.store->restore(std::move(request))) == stores::create_outcome::created);
}

store_errc refusal_of(const std::string& document)
{
    try {
        dedalus::import_run(document);
    }
    catch (const store_error& e) {
        return e.reason();
    }
    FAIL("the document was read");
    return {};
}

std::string replaced(std::string text, const std::string& what, const std::string& with)
{
    const std::size_t place = text.find(what);
    REQUIRE(place != std::string::npos);
    return text.replace(place, what.size(), with);
}

}  // namespace

TEST_CASE("A large result stands beside its record, once for all calls that gave it, and the run goes on from it")
{
    durable_scene s;
    read_and_die(s);
    const stores::stored_run left = s.stored();
    REQUIRE(left.blobs.size() == 1);
    CHECK(left.blobs.begin()->second == large);
    CHECK(bytes_of_records(left) < 2000);
    CHECK(demands(left) == json::array{"blobs"});

    s.says(ends());
    const dedalus::run_result done = s.run();
    CHECK(done.phase == run_phase::completed);
    CHECK(s.log.size() == 3);
    CHECK(test::tool_text(s.sent.back().messages, "a") == large);
    CHECK(test::tool_text(s.sent.back().messages, "b") == large);
    CHECK(test::tool_text(s.sent.back().messages, "c") == "short");
    CHECK(s.bodies.at(2) == s.bodies.at(1));
    CHECK(demands(s.stored()) == json::array{"blobs"});
    CHECK(dedalus::timeline_of(s.stored()).result.tool_results.at(0).content == large);
}

TEST_CASE("Of a result that is cut for the model the whole value stands beside the record")
{
    durable_scene s;
    add_reader(s);
    s.definition.max_result_bytes = 4096;
    s.says(ends());
    CHECK(s.run().phase == run_phase::completed);
    const stores::stored_run left = s.stored();
    CHECK(left.blobs.size() == 1);
    CHECK(bytes_of_records(left) < 12000);
    const dedalus::run_result again = s.run();
    CHECK(again.tool_results.at(0).value == json::string(large));
    CHECK(again.tool_results.at(0).content.size() == 4096);
}

TEST_CASE("A run without large results demands no reader that knows of them")
{
    durable_scene s;
    s.add("look", {});
    s.says(asks("[" + pending_call("a", "look") + "]"));
    s.says(ends());
    CHECK(s.run().phase == run_phase::completed);
    CHECK(s.stored().blobs.empty());
    CHECK(demands(s.stored()) == json::array());
}

TEST_CASE("A store without blobs has large results in their records")
{
    durable_scene s;
    add_reader(s);
    s.says(ends());
    std::shared_ptr<test::engine::durable_input> input = s.input();
    input->store = std::make_shared<test::forwarding_store>(s.store);
    CHECK(run_coro(durable_scene::follow(std::move(input), s.stop)).phase == run_phase::completed);
    CHECK(bytes_of_records(s.stored()) > 2 * more_than_a_record_takes);
    CHECK(demands(s.stored()) == json::array());
}

TEST_CASE("A result from outside that is large stands beside its record, too")
{
    durable_scene s;
    s.definition.max_result_bytes = 256 * 1024;
    s.add("ask", {.effect = dedalus::tool_effect::external});
    s.says(asks("[" + pending_call("a", "ask") + "]"));
    CHECK(s.run().stop_reason == stop_reason::external_result);
    CHECK(run_coro(s.inbox().provide_result("r1", "a", json::value(large))) == stores::post_outcome::accepted);
    s.says(ends());
    CHECK(s.run().phase == run_phase::completed);
    CHECK(s.stored().blobs.size() == 1);
    CHECK(s.stored().calls.back().body.size() < 1000);
    CHECK(test::tool_text(s.sent.back().messages, "a") == large);
}

TEST_CASE("A run whose large result is missing or altered is corrupt, and nothing is sent")
{
    durable_scene s;
    read_and_die(s);
    stores::stored_run run = s.stored();
    const bool altered = GENERATE(false, true);
    if (altered)
        run.blobs.begin()->second.back() = '!';
    else
        run.blobs.clear();
    put_back(s, std::move(run));
    const std::size_t sent = s.sent.size();
    try {
        s.run();
        FAIL("the run went on");
    }
    catch (const store_error& e) {
        CHECK(e.reason() == store_errc::damaged);
        REQUIRE(e.partial_run());
        CHECK(e.partial_run()->stop_reason == stop_reason::corrupt_checkpoint);
    }
    CHECK(s.sent.size() == sent);
}

TEST_CASE("Large results are part of an exported run, which is read and written byte for byte")
{
    durable_scene s;
    read_and_die(s);
    const stores::stored_run run = s.stored();
    const std::string document = dedalus::export_run(run);
    const stores::stored_run read = dedalus::import_run(document);
    CHECK(read.blobs == run.blobs);
    CHECK(read.calls == run.calls);
    CHECK(dedalus::export_run(read) == document);

    put_back(s, read);
    s.says(ends());
    CHECK(s.run().phase == run_phase::completed);
    CHECK(test::tool_text(s.sent.back().messages, "b") == large);
    CHECK(s.log.size() == 3);

    CHECK(refusal_of(replaced(document, "eHh4", "eHh5")) == store_errc::damaged);
    CHECK(refusal_of(replaced(document, R"("bytes":"eHh4)", R"("bytes":"*)")) == store_errc::damaged);
    CHECK(refusal_of(replaced(document, R"("blobs":[)", R"("others":[)")) == store_errc::damaged);
}

TEST_CASE("A fork has the large results of its turns, and no others")
{
    durable_scene s;
    add_reader(s);
    s.add("look", {}, [](json::object, dedalus::tool_context&) -> boost::asio::awaitable<json::value> {
        co_return json::string(std::string(more_than_a_record_takes, 'y'));
    });
    s.says(asks("[" + pending_call("d", "look") + "]"));
    s.says(ends());
    CHECK(s.run().phase == run_phase::completed);
    CHECK(s.stored().blobs.size() == 2);
    CHECK(run_coro(dedalus::fork_run(s.store, "r1", 1, "r2")) == stores::create_outcome::created);
    stores::load_request request;
    request.run_id = "r2";
    const stores::stored_run fork = run_coro(s.store->load(std::move(request))).run;
    REQUIRE(fork.blobs.size() == 1);
    CHECK(fork.blobs.begin()->second == large);
    CHECK(demands(fork) == json::array{"blobs"});
}

}  // namespace durable_blobs_test
