#include "stores/runs_program.hpp"

#include <dedalus/error.hpp>
#include <dedalus/handoff/run_export.hpp>
#include <dedalus/stores/sqlite.hpp>

#include "stores/encrypted_scene.hpp"
#include "support/catch.hpp"

#include <boost/asio/error.hpp>
#include <boost/json/serialize.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace runs_program_test {

using dedalus::run_phase;
using test::program_end;
namespace json = boost::json;
namespace stores = dedalus::stores;

namespace {

// Of a store that encrypts with the key of 'k'.
const std::string key_in_hex = "6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b\n";

const std::string hostile_id = R"("><img src=x onerror='alert(1)'>)";

/// Runs in a SQLite file, and the program that looks at them.
struct scene : test::timed_scene
{
    scene() : store_file(std::make_shared<dedalus::sqlite_run_store>(folder.path("runs.db")))
    {
        dedalus::tool_options booking;
        booking.needs_approval = true;
        booking.wait_limit = std::chrono::hours(24 * 365 * 100);
        add_timed("look", {.effect = dedalus::tool_effect::pure});
        add_timed("book", booking);
        definition.request.model = "openai/gpt-5-nano";
        definition.max_turns = 20;
    }

    program_end runs(std::vector<std::string> words, const std::string& input_file = "/dev/null")
    {
        words.insert(words.begin(), {DEDALUS_RUNS_PROGRAM, "--sqlite", folder.path("runs.db")});
        return test::run_program(words, input_file);
    }

    /// A run that waits for an approval of the call "b".
    void suspend(const std::string& id)
    {
        says(test::asks(
            '[' + test::pending_call("a", "look") + ',' + test::pending_call("b", "book", R"("a")") + ']',
            R"(,"tools_executed":["search"],"mcp_tool_results":[{"tool_name":"find","server_name":"docs","arguments":{},)"
            R"("is_error":true,"result":null,"duration_ms":12}])"
        ));
        REQUIRE(follow_in(store_file, id).phase == run_phase::suspended);
    }

    void complete(const std::string& id)
    {
        says(test::ends("All done."));
        REQUIRE(follow_in(store_file, id).phase == run_phase::completed);
    }

    stores::stored_run load(const std::string& id)
    {
        stores::load_request request;
        request.run_id = id;
        return test::run_coro(store_file->load(request)).run;
    }

    test::temporary_folder folder;
    std::shared_ptr<dedalus::sqlite_run_store> store_file;
};

bool has(const std::string& text, const std::string& part)
{
    return text.find(part) != std::string::npos;
}

/// A run in which much went wrong, with names and texts that want to be more than text.
void make_eventful(scene& s, const std::string& id)
{
    s.fails(dedalus::connection_error(dedalus::call_phase::body, boost::asio::error::connection_reset, "cut off"));
    s.says(test::asks(
        '[' + test::pending_call("a", "look") + ',' + test::pending_call("b", "book", R"("a")") +
        R"(,{"id":"\"><img src=x onerror='alert(1)'>","name":"<script>alert(2)</script>",)"
        R"("arguments":{"\u001b[31m":"</pre><script>alert(3)</script>\u202etxt"}}])"
    ));
    REQUIRE(s.follow_in(s.store_file, id).phase == run_phase::suspended);
    s.passed += std::chrono::hours(2);
    test::run_coro(dedalus::run_inbox(s.store_file).approve(id, "b"));
    s.says(test::ends("<b onclick=x>\\u001b[2J</b> & \\u0000"));
    REQUIRE(s.follow_in(s.store_file, id).phase == run_phase::completed);
}

}  // namespace

TEST_CASE("dedalus-runs ends with status 2 for a command line that it does not understand")
{
    const std::vector<std::vector<std::string>> wrong{
        {},
        {"list"},
        {"--sqlite", "x"},
        {"--sqlite"},
        {"--sqlite", "", "list"},
        {"--sqlite", "x", "--sqlite", "y", "list"},
        {"--sqlite", "x", "list", "--keys"},
        {"--sqlite", "x", "--keys", "a", "--keys", "b", "list"},
        {"--sqlite", "x", "--postgres", "y", "list"},
        {"--sqlite", "x", "dream"},
        {"--sqlite", "x", "list", "more"},
        {"--sqlite", "x", "list", "--html"},
        {"--sqlite", "x", "list", "--label"},
        {"--sqlite", "x", "list", "--label", "tenant"},
        {"--sqlite", "x", "list", "--label", "=7"},
        {"--sqlite", "x", "show", "r", "--label", "a=b"},
        {"--sqlite", "x", "list", "--phase"},
        {"--sqlite", "x", "list", "--phase", "dreaming"},
        {"--sqlite", "x", "list", "--phase", "ready", "--phase", "ready"},
        {"--sqlite", "x", "show"},
        {"--sqlite", "x", "show", "r", "--phase", "ready"},
        {"--sqlite", "x", "show", "r", "--verbose"},
        {"--sqlite", "x", "approve", "r"},
        {"--sqlite", "x", "reject", "r", "c", "why", "more"},
        {"--sqlite", "x", "result", "r", "c"},
        {"--postgres=password=planted", "list"},
    };
    for (std::vector<std::string> words : wrong) {
        words.insert(words.begin(), DEDALUS_RUNS_PROGRAM);
        const program_end end = test::run_program(words);
        INFO(json::serialize(json::array(words.begin(), words.end())));
        CHECK(end.status == 2);
        CHECK(end.out.empty());
        CHECK(has(end.err, "usage: dedalus-runs"));
        CHECK_FALSE(has(end.err, "planted"));
    }
    const program_end help = test::run_program({DEDALUS_RUNS_PROGRAM, "--help"});
    CHECK(help.status == 0);
    CHECK(has(help.out, "usage: dedalus-runs"));
}

TEST_CASE("dedalus-runs reads and decides on encrypted runs with a file of keys, and lists them without")
{
    scene s;
    const auto encrypted = test::encrypted(s.store_file, "k");
    s.says(test::asks('[' + test::pending_call("b", "book") + ']'));
    REQUIRE(s.follow_in(encrypted, "order-1").phase == run_phase::suspended);
    const std::string keys = s.folder.write("keys", "# the newest\n" + key_in_hex + std::string(64, '1') + '\n');
    CHECK(has(s.runs({"list"}).out, "order-1  suspended"));
    CHECK(s.runs({"show", "order-1"}).status == 1);
    CHECK(has(s.runs({"show", "order-1", "--keys", keys}).out, "call     book once: waits for: approval"));
    CHECK(s.runs({"--keys", keys, "approve", "order-1", "b"}).status == 0);
    s.says(test::ends("All done."));
    REQUIRE(s.follow_in(encrypted, "order-1").phase == run_phase::completed);
    CHECK(has(s.runs({"--keys", keys, "show", "order-1"}).out, "answer: All done."));

    const std::string other = s.folder.write("other", std::string(64, '1') + '\n');
    const program_end unknown = s.runs({"--keys", other, "show", "order-1"});
    CHECK(unknown.status == 1);
    CHECK(has(unknown.err, "encrypted with a key that is not there"));
    CHECK(s.runs({"--keys", s.folder.path("none"), "show", "order-1"}).status == 1);
}

TEST_CASE("dedalus-runs removes runs that have ended, one or all that are old enough, and no other")
{
    scene s;
    s.suspend("waiting");
    s.suspend("done");
    test::run_coro(dedalus::run_inbox(s.store_file).approve("done", "b"));
    s.complete("done");
    const program_end refused = s.runs({"remove", "waiting"});
    CHECK(refused.status == 1);
    CHECK(has(refused.err, "has not ended"));
    CHECK(s.runs({"remove", "no such run"}).status == 1);
    CHECK(s.runs({"remove"}).status == 2);
    CHECK(s.runs({"collect"}).status == 2);
    CHECK(s.runs({"collect", "--older-than", "soon"}).status == 2);
    CHECK(s.runs({"collect", "--older-than", "99999999999999999d"}).status == 2);
    CHECK(s.runs({"collect", "--older-than", "1d", "--phase", "suspended"}).status == 2);
    CHECK(s.runs({"list", "--older-than", "1d"}).status == 2);
    CHECK(s.runs({"collect", "--older-than", "36500d"}).out == "0 removed\n");
    CHECK(s.runs({"collect", "--older-than", "0s", "--phase", "failed"}).out == "0 removed\n");
    const bool one = GENERATE(true, false);
    CHECK(
        s.runs(
             one ? std::vector<std::string>{"remove", "done"}
                 : std::vector<std::string>{"collect", "--older-than", "0s"}
        )
            .status == 0
    );
    const std::string left = s.runs({"list"}).out;
    CHECK(has(left, "waiting"));
    CHECK_FALSE(has(left, "done"));
}

TEST_CASE("dedalus-runs makes no file where there is none")
{
    const test::temporary_folder folder;
    const program_end end = test::run_program({DEDALUS_RUNS_PROGRAM, "--sqlite", folder.path("none.db"), "list"});
    CHECK(end.status == 1);
    CHECK(has(end.err, "there is no file"));
    CHECK_FALSE(std::filesystem::exists(folder.path("none.db")));
}

TEST_CASE("dedalus-runs lists runs, and calls that wait")
{
    scene s;
    s.definition.labels["tenant"] = "7";
    s.suspend("order-1");
    s.definition.labels["tenant"] = "8";
    s.suspend("order-2");
    test::run_coro(dedalus::run_inbox(s.store_file).reject("order-2", "b"));
    s.complete("order-2");
    const program_end labelled = s.runs({"list", "--label", "tenant=7"});
    CHECK(has(labelled.out, "order-1"));
    CHECK_FALSE(has(labelled.out, "order-2"));
    const program_end all = s.runs({"list"});
    CHECK(all.status == 0);
    CHECK(all.err.empty());
    CHECK(has(all.out, "order-1  suspended"));
    CHECK(has(all.out, "order-2  completed"));
    const program_end some = s.runs({"list", "--phase", "completed"});
    CHECK_FALSE(has(some.out, "order-1"));
    CHECK(has(some.out, "order-2"));
    const program_end waiting = s.runs({"waiting"});
    CHECK(has(waiting.out, "order-1  b     approval"));
    CHECK(has(waiting.out, "approve,approve_always,edit,reject"));
    CHECK_FALSE(has(waiting.out, "order-2"));
    CHECK(s.runs({"waiting", "order-1"}).out == waiting.out);
    CHECK(s.runs({"waiting", "order-9"}).status == 1);
}

TEST_CASE("dedalus-runs shows turns, requests, calls, waits and what came of them")
{
    scene s;
    s.suspend("order-1");
    const std::string waiting = s.runs({"show", "order-1"}).out;
    CHECK(has(waiting, "phase      suspended (approval) since 2015-08-19 16:00:00.160 UTC"));
    CHECK(has(waiting, "call     book once: waits for: approval"));
    CHECK(has(waiting, "server   search"));
    CHECK(has(waiting, "server   find of docs, failed, after 12 ms"));
    s.passed += std::chrono::minutes(5);
    test::run_coro(dedalus::run_inbox(s.store_file).approve("order-1", "b"));
    s.complete("order-1");
    const program_end end = s.runs({"show", "order-1"});
    CHECK(end.status == 0);
    CHECK(has(end.out, "phase      completed (final)"));
    CHECK(has(end.out, "LLM turns  2 of 20"));
    CHECK(has(end.out, "owners     2"));
    CHECK(has(end.out, "request  at +0.0 ms, took 0.0 ms: answered (attempt 1, owner 1)"));
    CHECK(has(end.out, "call     look pure: ok"));
    CHECK(has(end.out, "attempt 1   at +0.0 ms, by owner 1"));
    CHECK(has(end.out, "after       a"));
    CHECK(has(end.out, "waited      at +120 ms for: approval, approved after 5 min 00 s"));
    CHECK(has(end.out, "attempt 1   at +5 min 00 s, by owner 2"));
    CHECK(has(end.out, "result      b done"));
    CHECK(has(end.out, "answer: All done."));
    CHECK(s.runs({"show", "order-9"}).status == 1);
    CHECK(has(s.runs({"show", "order-9"}).err, "there is no run order-9"));
}

TEST_CASE("dedalus-runs shows a run whose process died in a tool")
{
    scene s;
    stores::append_request start;
    s.suspend("order-1");
    stores::acquire_request taken;
    taken.run_id = "order-1";
    taken.owner = "other";
    taken.op_id = "take";
    start.fence = test::run_coro(s.store_file->acquire(taken)).fence;
    start.run_id = "order-1";
    start.op_id = "start";
    stores::call_record& record = start.records.emplace_back();
    record.key.call_id = "b";
    record.fence = start.fence;
    record.at = s.load("order-1").entries.back().at + std::chrono::milliseconds(3);
    record.crc32c = stores::checksum(record);
    test::run_coro(s.store_file->append_call(start));
    const std::string shown = s.runs({"show", "order-1"}).out;
    CHECK(has(shown, "attempt 1   at +123 ms, by owner 2"));
    CHECK(has(s.runs({"show", "order-1", "--html"}).out, "class=\"bar tool open\""));
}

TEST_CASE("dedalus-runs decides on calls, once")
{
    scene s;
    s.suspend("order-1");
    CHECK(s.runs({"result", "order-1", "b", "{}"}).status == 1);
    CHECK(s.runs({"approve", "order-1", "a"}).status == 1);
    CHECK(s.runs({"approve", "order-9", "b"}).status == 1);
    CHECK(s.runs({"approve", "order-1", "b"}).status == 0);
    const program_end again = s.runs({"reject", "order-1", "b", "no"});
    CHECK(again.status == 1);
    CHECK(has(again.err, "somebody has decided on this call already"));
    s.complete("order-1");
    CHECK(s.log.back() == "b");

    s.suspend("order-2");
    CHECK(s.runs({"reject", "order-2", "--", "b", "--not today"}).status == 0);
    s.complete("order-2");
    CHECK(has(s.runs({"show", "order-2"}).out, "--not today"));
}

TEST_CASE("dedalus-runs ends a call with a result from outside")
{
    scene s;
    s.add("ship", {.effect = dedalus::tool_effect::external});
    s.says(test::asks('[' + test::pending_call("s", "ship") + ']'));
    REQUIRE(s.follow_in(s.store_file, "order-1").phase == run_phase::suspended);
    CHECK(s.runs({"result", "order-1", "s", "shipped"}).status == 2);
    CHECK(s.runs({"approve", "order-1", "s"}).status == 1);
    CHECK(s.runs({"result", "order-1", "s", R"({"parcel":17})"}).status == 0);
    s.complete("order-1");
    CHECK(has(s.runs({"show", "order-1"}).out, R"(result      {"parcel":17})"));

    s.says(test::asks('[' + test::pending_call("s", "ship") + ']'));
    REQUIRE(s.follow_in(s.store_file, "order-2").phase == run_phase::suspended);
    CHECK(s.runs({"error", "order-2", "s", "sunk"}).status == 0);
    s.complete("order-2");
    CHECK(has(s.runs({"show", "order-2"}).out, "sunk"));
}

TEST_CASE("dedalus-runs approves with other arguments, and for all calls of a tool")
{
    scene s;
    s.suspend("order-1");
    CHECK(s.runs({"approve", "order-1", "b", "[1]"}).status == 2);
    CHECK(s.runs({"approve", "--always", "order-1", "b", "{}"}).status == 2);
    CHECK(s.runs({"approve", "order-1", "b", R"({"day":"Tuesday"})"}).status == 0);
    s.complete("order-1");
    CHECK(has(s.runs({"show", "order-1"}).out, "approval, approved with other arguments after"));

    s.suspend("order-2");
    CHECK(s.runs({"approve", "--always", "order-2", "b"}).status == 0);
    s.says(test::asks('[' + test::pending_call("c", "book") + ']'));
    s.complete("order-2");
    CHECK(has(s.runs({"show", "order-2"}).out, "approved, with all later calls of the tool"));
}

TEST_CASE("dedalus-runs adds a message to a run, and cancels one")
{
    scene s;
    s.suspend("order-1");
    CHECK(s.runs({"say", "order-1", "Hurry up."}).status == 0);
    CHECK(s.runs({"approve", "order-1", "b"}).status == 0);
    s.complete("order-1");
    CHECK(has(s.bodies.back(), "Hurry up."));
    CHECK(s.runs({"say", "order-1", "Too late."}).status == 1);

    s.suspend("order-2");
    CHECK(s.runs({"cancel", "order-2"}).status == 0);
    CHECK(s.follow_in(s.store_file, "order-2").phase == run_phase::cancelled);
    CHECK(has(s.runs({"show", "order-2"}).out, "phase      cancelled"));
    CHECK(s.runs({"cancel", "order-2"}).status == 1);
}

TEST_CASE("dedalus-runs cancels one call, and its run goes on")
{
    scene s;
    s.suspend("order-1");
    CHECK(s.runs({"cancel-call", "order-1"}).status == 2);
    CHECK(s.runs({"cancel-call", "order-9", "b"}).status == 1);
    CHECK(s.runs({"cancel-call", "order-1", "b"}).status == 0);
    const std::size_t run_before = s.log.size();
    s.complete("order-1");
    CHECK(s.log.size() == run_before);
    CHECK(has(s.runs({"show", "order-1"}).out, "Error: a person cancelled this call"));
    CHECK(s.runs({"cancel-call", "order-1", "b"}).status == 1);
}

TEST_CASE("dedalus-runs lets the next worker go on with a suspended run")
{
    scene s;
    s.suspend("order-1");
    CHECK(test::run_coro(s.store_file->list_resumable({})).empty());
    CHECK(s.runs({"resume", "order-1"}).status == 0);
    CHECK(test::run_coro(s.store_file->list_resumable({})) == std::vector<std::string>{"order-1"});
    CHECK(s.runs({"resume", "order-9"}).status == 1);

    stores::acquire_request taken;
    taken.run_id = "order-1";
    taken.owner = "somebody";
    taken.op_id = "take";
    const std::int64_t fence = test::run_coro(s.store_file->acquire(taken)).fence;
    const program_end held = s.runs({"resume", "order-1"});
    CHECK(held.status == 1);
    CHECK(has(held.err, "somebody has the run until "));
    stores::release_request given_back;
    given_back.run_id = "order-1";
    given_back.fence = fence;
    test::run_coro(s.store_file->release(given_back));

    test::run_coro(dedalus::run_inbox(s.store_file).approve("order-1", "b"));
    s.complete("order-1");
    CHECK(has(s.runs({"resume", "order-1"}).err, "the run has ended"));
}

TEST_CASE("dedalus-runs exports a run, and imports it into another file, byte for byte")
{
    scene s;
    s.suspend("order-1");
    const program_end exported = s.runs({"export", "order-1"});
    REQUIRE(exported.status == 0);
    CHECK(exported.out == dedalus::export_run(s.load("order-1")) + '\n');
    const std::string document = s.folder.write("run.json", exported.out);

    const std::string other = s.folder.path("other.db");
    const auto in_other = [&](std::vector<std::string> words, const std::string& input = "/dev/null") {
        words.insert(words.begin(), {DEDALUS_RUNS_PROGRAM, "--sqlite", other});
        return test::run_program(words, input);
    };
    CHECK(in_other({"import", document}).status == 0);
    CHECK(in_other({"export", "order-1"}).out == exported.out);
    const program_end twice = in_other({"import"}, document);
    CHECK(twice.status == 1);
    CHECK(has(twice.err, "there is a run of this id already"));
    CHECK(in_other({"import", s.folder.path("none")}).status == 1);
    CHECK(in_other({"import"}).status == 1);

    std::string newer = exported.out;
    newer.replace(newer.find(R"("version":1)"), 11, R"("version":2)");
    newer.replace(newer.find("order-1"), 7, "order-2");
    const program_end refused = in_other({"import", s.folder.write("newer.json", newer)});
    CHECK(refused.status == 1);
    CHECK(has(refused.err, "newer version"));
}

TEST_CASE("names and texts of others are text in the pages of dedalus-runs, and nothing more")
{
    scene s;
    const std::string id = "<b>run</b> & 'one' \xe2\x80\xae";
    make_eventful(s, id);
    const program_end page = s.runs({"show", "--html", id});
    REQUIRE(page.status == 0);
    for (const char* planted : {"<script", "<img", "<b>", "<b ", "onclick=x>", "\x1b", "\xe2\x80\xae", "</pre><"}) {
        INFO(planted);
        CHECK((std::string(planted) == "</pre><" || !has(page.out, planted)));
    }
    CHECK(has(page.out, "&lt;script&gt;alert(2)&lt;/script&gt;"));
    CHECK(has(page.out, "&quot;&gt;&lt;img src=x onerror=&#39;alert(1)&#39;&gt;"));
    CHECK(has(page.out, "&lt;/pre&gt;&lt;script&gt;"));
    CHECK(has(page.out, "<title>&lt;b&gt;run&lt;/b&gt; &amp; &#39;one&#39; \\u202e</title>"));
    for (const std::vector<std::string>& words :
         std::vector<std::vector<std::string>>{{"show", id}, {"list"}, {"waiting"}}) {
        const program_end text = s.runs(words);
        CHECK(text.status == 0);
        CHECK_FALSE(has(text.out, "\x1b"));
        CHECK_FALSE(has(text.out, "\xe2\x80\xae"));
    }
    CHECK(has(s.runs({"show", id}).out, "\\x1b[2J"));
}

TEST_CASE("the page of a run needs nothing but itself, and draws every request and call")
{
    scene s;
    make_eventful(s, "order-1");
    const program_end end = s.runs({"show", "--html", "order-1"});
    REQUIRE(end.status == 0);
    if (const char* copy = std::getenv("DEDALUS_PAGE"))
        std::ofstream(copy) << end.out;
    for (const char* outside : {"http://", "https://", "src=\"", "<link", "url(h", "@import", "<iframe"})
        CHECK_FALSE(has(end.out, outside));
    CHECK(has(end.out, "prefers-color-scheme: dark"));
    CHECK(has(end.out, "2 h 00 min in which nothing began or ended"));
    const auto count = [&](const std::string& part) {
        std::size_t n = 0;
        for (std::size_t i = end.out.find(part); i != std::string::npos; i = end.out.find(part, i + 1))
            ++n;
        return n;
    };
    CHECK(count("class=\"bar request") == 3);
    CHECK(count("class=\"bar request failed\"") == 1);
    CHECK(count("class=\"bar tool\"") == 2);
    CHECK(count("class=\"bar wait\"") == 1);
    CHECK(count("class=\"bar tool failed\"") == 1);
    CHECK(count("class=\"arrow\"") == 1);
    CHECK(count("<article") == 3);
}

}  // namespace runs_program_test
