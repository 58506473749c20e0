#include <dedalus/handoff/run_export.hpp>
#include <dedalus/stores/store_error.hpp>

#include "support/catch.hpp"
#include "support/durable_scene.hpp"

#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

namespace durable_format_test {

namespace stores = dedalus::stores;
using dedalus::run_phase;
using dedalus::store_errc;
using dedalus::store_error;
using dedalus::tool_effect;
using stores::post_outcome;
using test::durable_scene;
using test::ends;
using test::run_coro;
using names = std::vector<std::string>;

namespace {

/// A run that version 1 has left waiting for the approval of a once call, as it was exported.
stores::stored_run waiting_run_of_version_1()
{
    std::ifstream file(DEDALUS_WAITING_CHECKPOINT, std::ios::binary);
    REQUIRE(file);
    return dedalus::import_run(std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()));
}

void replace(std::string& text, const std::string& what, const std::string& with)
{
    const std::size_t place = text.find(what);
    REQUIRE(place != std::string::npos);
    text.replace(place, what.size(), with);
}

/// The run in a store, as if an earlier process had left it there.
void restore(durable_scene& s, stores::stored_run run)
{
    s.definition.tools.clear();
    s.add("book", {.effect = tool_effect::once, .needs_approval = true});
    stores::restore_request request;
    request.run = std::move(run);
    request.op_id = "restore";
    REQUIRE(run_coro(s.store->restore(std::move(request))) == stores::create_outcome::created);
    s.says(ends());
}

}  // namespace

TEST_CASE("A run that version 1 has left waiting goes on from there")
{
    durable_scene s;
    restore(s, waiting_run_of_version_1());
    CHECK(s.run().phase == run_phase::suspended);
    CHECK(run_coro(s.inbox().approve("r1", "a")) == post_outcome::accepted);
    const dedalus::run_result done = s.run();
    CHECK(done.phase == run_phase::completed);
    CHECK(done.tool_results.at(0).content == "a done");
    CHECK(s.log == names{"a"});
    CHECK(s.sent.size() == 1);
}

TEST_CASE("A run in a format that is not known is left as it is, and nothing is sent or run")
{
    const auto [known, newer] = GENERATE(
        std::pair<std::string, std::string>(R"("version":1)", R"("version":2)"),
        std::pair<std::string, std::string>(R"("must_understand":[])", R"("must_understand":["encryption"])")
    );
    durable_scene s;
    stores::stored_run run = waiting_run_of_version_1();
    replace(run.head.bytes, known, newer);
    restore(s, run);
    CHECK(run_coro(s.inbox().approve("r1", "a")) == post_outcome::accepted);
    try {
        s.run();
        FAIL("a run in an unknown format went on");
    }
    catch (const store_error& e) {
        CHECK(e.reason() == store_errc::wrong_format);
        REQUIRE(e.partial_run() != nullptr);
        CHECK(e.partial_run()->stop_reason == dedalus::stop_reason::format_too_new);
    }
    CHECK(s.sent.empty());
    CHECK(s.log.empty());
    const stores::stored_run left = s.stored();
    CHECK(left.rev == run.rev);
    CHECK(left.head.bytes == run.head.bytes);
    CHECK(left.entries == run.entries);
    CHECK(left.inbox.size() == 1);
}

TEST_CASE("An entry of a kind that is not known is kept, and the run goes on")
{
    durable_scene s;
    stores::stored_run run = waiting_run_of_version_1();
    stores::log_entry entry = run.entries.back();
    entry.seq = ++run.last_seq;
    entry.kind = "mood";
    entry.body = R"({ "x" : 1.50 })";
    entry.crc32c = stores::checksum(entry);
    run.entries.push_back(entry);
    replace(run.head.bytes, R"("last_seq":5)", R"("last_seq":6)");
    restore(s, std::move(run));
    CHECK(run_coro(s.inbox().approve("r1", "a")) == post_outcome::accepted);
    CHECK(s.run().phase == run_phase::completed);
    CHECK(s.stored().entries.at(5) == entry);
    CHECK(dedalus::export_run(s.stored()).find(R"("kind":"mood","body":{ "x" : 1.50 })") != std::string::npos);
}

TEST_CASE("Who cannot read a run leaves its fence and its lease alone, so that others can take it at once")
{
    durable_scene s;
    stores::stored_run run = waiting_run_of_version_1();
    SECTION("its format is newer")
    {
        replace(run.head.bytes, R"("version":1)", R"("version":2)");
    }
    SECTION("its log cannot have happened")
    {
        stores::log_entry twice = run.entries.at(1);
        REQUIRE(twice.kind == "intent");
        twice.seq = ++run.last_seq;
        twice.crc32c = stores::checksum(twice);
        run.entries.push_back(twice);
        ++run.rev;
        replace(run.head.bytes, R"("rev":)" + std::to_string(run.rev - 1), R"("rev":)" + std::to_string(run.rev));
        replace(
            run.head.bytes,
            R"("last_seq":)" + std::to_string(run.last_seq - 1),
            R"("last_seq":)" + std::to_string(run.last_seq)
        );
    }
    restore(s, run);
    const stores::stored_run before = s.stored();
    CHECK_THROWS_AS(s.run(), store_error);
    CHECK_THROWS_AS(s.run(), store_error);
    CHECK(s.stored() == before);
    CHECK(run_coro(s.store->list({})).runs.at(0).lease_owner.empty());
}

TEST_CASE("What a newer minor version has written into the head of a run is kept when the run goes on")
{
    durable_scene s;
    stores::stored_run run = waiting_run_of_version_1();
    replace(run.head.bytes, R"("minor":0)", R"("minor":7,"mood":{"x":1})");
    restore(s, std::move(run));
    CHECK(run_coro(s.inbox().approve("r1", "a")) == post_outcome::accepted);
    CHECK(s.run().phase == run_phase::completed);
    CHECK(s.stored().head.bytes.find(R"("mood":{"x":1})") != std::string::npos);
    CHECK(s.stored().head.bytes.find(R"("minor":7)") != std::string::npos);
}

TEST_CASE("What only the head of an imported run says is kept when the run goes on")
{
    durable_scene s;
    stores::stored_run run = waiting_run_of_version_1();
    replace(
        run.head.bytes,
        R"("minor":0)",
        R"("minor":0,"labels":{"tenant":"7"},"parent_run":"r0","profile":{"own":1},"request":{"model":"q"},"needs":{"k":2})"
    );
    run.head.labels = {{"tenant", "7"}};
    restore(s, std::move(run));
    CHECK(run_coro(s.inbox().approve("r1", "a")) == post_outcome::accepted);
    CHECK(s.run().phase == run_phase::completed);
    const stores::stored_run left = s.stored();
    CHECK(left.head.labels == stores::label_map{{"tenant", "7"}});
    const test::core::checkpoint_head head = test::core::decode_head(left.head.bytes);
    CHECK(head.labels == left.head.labels);
    CHECK(head.parent_run == "r0");
    CHECK(head.profile.at("own") == 1);
    CHECK(head.request.at("model") == "q");
    CHECK(head.needs.at("k") == 2);
}

}  // namespace durable_format_test
