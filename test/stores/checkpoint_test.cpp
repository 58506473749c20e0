#include <dedalus/handoff/run_export.hpp>
#include <dedalus/stores/store_error.hpp>

#include "handoff/checkpoint_head.hpp"
#include "handoff/utc_time.hpp"
#include "support/catch.hpp"

#include <boost/json/parse.hpp>

#include <fstream>
#include <functional>
#include <iterator>

namespace checkpoint_test {

using dedalus::export_run;
using dedalus::import_run;
using dedalus::run_phase;
using dedalus::store_errc;
using dedalus::store_error;
using dedalus::handoff_core::checkpoint_head;
using dedalus::handoff_core::decode_head;
using dedalus::handoff_core::encode_head;
namespace core = dedalus::handoff_core;
namespace json = boost::json;
namespace stores = dedalus::stores;

namespace {

stores::time_point at(int second, int micro = 0)
{
    return stores::time_point(std::chrono::seconds(1777629600 + second) + std::chrono::microseconds(micro));
}

stores::log_entry entry(std::int64_t seq, std::string kind, std::string body, std::string raw = "")
{
    stores::log_entry e;
    e.seq = seq;
    e.at = at(static_cast<int>(seq), 250000);
    e.fence = seq == 1 ? 0 : 1;
    e.turn = seq == 1 ? 0 : 1;
    e.kind = std::move(kind);
    e.body = std::move(body);
    e.raw = std::move(raw);
    e.crc32c = stores::checksum(e);
    return e;
}

stores::call_record record(std::string call, stores::call_record_kind kind, std::int64_t attempt, std::string body)
{
    stores::call_record r;
    r.key.call_id = std::move(call);
    r.kind = kind;
    r.attempt = attempt;
    r.fence = 1;
    r.at = at(10, 123456);
    r.body = std::move(body);
    r.crc32c = stores::checksum(r);
    return r;
}

checkpoint_head suspended_head()
{
    checkpoint_head head;
    head.writer = {{"sdk", "dedalus-cpp"}, {"version", "0.1.0"}};
    head.run_id = "r_01";
    head.labels = {{"order", "4711"}, {"tenant", "caf\xc3\xa9"}};
    head.rev = 4;
    head.last_seq = 4;
    head.phase = run_phase::suspended;
    head.suspended = json::object{{"reason", "approval"}, {"since", "2026-05-01T10:00:04Z"}};
    head.turn = 1;
    head.budget.limit = 10;
    head.budget.spent = 2;
    head.budget.per_request_cap = 4;
    head.correlation_id = "hs_9";
    head.deferred_seq = 3;
    head.profile = {{"extensions", true}};
    head.request = {{"model", "openai/gpt-5-nano"}, {"temperature", 0.2}, {"max_tokens", 100}};
    head.toolset = json::parse(R"([{"name":"book","schema_sha256":"9f","effect":"once"}])").as_array();
    head.needs = {{"credentials", json::array{"github"}}};
    head.plan_seq = 3;
    stores::wait_record wait;
    wait.key.call.call_id = "c2";
    wait.key.kind = "approval";
    wait.fingerprint = "5f00";
    wait.token_sha256 = std::string(64, 'a');
    wait.expires_at = at(86404);
    head.waits.push_back(wait);
    head.wakeup_at = at(86404);
    head.expires_at = at(864000);
    head.created_at = at(0);
    head.updated_at = at(4, 1);
    return head;
}

/// A run whose texts, numbers and keys a parser would not give back as they are.
stores::stored_run suspended_run()
{
    stores::stored_run run;
    run.run_id = "r_01";
    run.head = encode_head(suspended_head());
    run.rev = 4;
    run.last_seq = 4;
    run.fence = 1;
    run.created_at = at(0);
    run.updated_at = at(4, 1);
    const std::string raw = R"({"id":"x","deferred":[{"id":"d1","n":1.0,"n":1e2,"big":12345678901234567890123}]})";
    run.entries.push_back(entry(1, "input", R"({"messages":[{"role":"user","content":"a\u0000b \/ é"}]})"));
    run.entries.push_back(entry(2, "intent", R"({"attempt":1,"cap":4,"sha256":"ab"})"));
    run.entries.push_back(entry(3, "response", R"({"status":200,"deferred":[21,79]})", raw));
    run.entries.push_back(entry(4, "something newer", R"({ "kept" : -0.0 })", std::string("\0\xff", 2)));
    using kind = stores::call_record_kind;
    run.calls.push_back(record("c1", kind::start, 1, R"({"deadline":"2026-05-01T10:01:00Z"})"));
    run.calls.push_back(record("c1", kind::abandon, 1, "{}"));
    run.calls.push_back(record("c1", kind::start, 2, "{}"));
    run.calls.push_back(record("c1", kind::finish, 2, R"({"outcome":"ok","text":"42","duration_us":1250})"));
    stores::wait_record wait = suspended_head().waits[0];
    wait.decided_by = "decision-1";
    run.waits.push_back(wait);
    stores::inbox_item item;
    item.inbox_id = "decision-1";
    item.wait = wait.key;
    item.kind = "approve";
    item.body = R"({"by":"ada"})";
    item.at = at(60, 5);
    run.inbox.push_back(item);
    stores::late_result late;
    late.key.call_id = "c1";
    late.fence = 1;
    late.body = R"({"text":"late"})";
    late.at = at(61);
    run.late.push_back(late);
    return run;
}

std::string golden()
{
    std::ifstream file(DEDALUS_GOLDEN_CHECKPOINT, std::ios::binary);
    REQUIRE(file);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::string replaced(std::string text, const std::string& what, const std::string& with)
{
    const std::size_t place = text.find(what);
    REQUIRE(place != std::string::npos);
    return text.replace(place, what.size(), with);
}

store_errc reason_of(const std::function<void()>& operation)
{
    try {
        operation();
    }
    catch (const store_error& e) {
        return e.reason();
    }
    FAIL("nothing was thrown");
    return {};
}

store_errc reason_of_importing(const std::string& text)
{
    return reason_of([&] { import_run(text); });
}

}  // namespace

TEST_CASE("the golden file of version 1 is what this version writes")
{
    CHECK(export_run(suspended_run()) == golden());
}

TEST_CASE("the golden file of version 1 is read, and written byte for byte")
{
    const stores::stored_run run = import_run(golden());
    CHECK(run == suspended_run());
    CHECK(export_run(run) == golden());
}

TEST_CASE("an exported run has the members that its format names")
{
    const json::object document = json::parse(export_run(suspended_run())).as_object();
    CHECK(document.at("format") == "dedalus-run");
    CHECK(document.at("version") == 1);
    CHECK(document.at("phase") == "suspended");
    CHECK(document.at("log").as_array().at(2).at("raw").as_string().starts_with("eyJpZCI6"));
    const json::value& call = document.at("calls").as_array().at(0);
    CHECK(call.at("starts").as_array().size() == 2);
    CHECK(call.at("starts").as_array().at(0).as_object().contains("abandoned"));
    CHECK(call.at("finish").at("outcome") == "ok");
    CHECK(call.at("finish").at("fence") == 1);
    CHECK(document.at("inbox").as_array().at(0).at("inbox_id") == "decision-1");
    CHECK(document.at("waits").as_array().at(0).at("expires_at") == "2026-05-02T10:00:04Z");
}

TEST_CASE("a head is read as it was written")
{
    const checkpoint_head head = decode_head(encode_head(suspended_head()).bytes);
    CHECK(head.labels == suspended_head().labels);
    CHECK(head.suspended->at("reason") == "approval");
    CHECK(head.budget.per_request_cap == 4);
    CHECK(head.waits == suspended_head().waits);
    CHECK(head.wakeup_at == at(86404));
    CHECK(head.updated_at == at(4, 1));
    CHECK(encode_head(head) == encode_head(suspended_head()));
}

TEST_CASE("the columns of a head are those that the store looks at")
{
    const stores::run_head kept = encode_head(suspended_head());
    CHECK(kept.phase == run_phase::suspended);
    CHECK(kept.wakeup_at == at(86404));
    CHECK(kept.expires_at == at(864000));
    CHECK(kept.labels == suspended_head().labels);
}

TEST_CASE("a checkpoint of a newer version is refused before anything else is looked at")
{
    const std::string newer = replaced(golden(), R"("version":1,"minor")", R"("version":2,"minor")");
    CHECK(reason_of_importing(newer) == store_errc::wrong_format);
    CHECK(
        reason_of_importing(replaced(newer, R"("phase":"suspended")", R"("phase":"dreaming")")) ==
        store_errc::wrong_format
    );
}

TEST_CASE("a checkpoint that demands what is not known is refused")
{
    const std::string demanding = replaced(golden(), R"("must_understand":[])", R"("must_understand":["encryption"])");
    CHECK(reason_of_importing(demanding) == store_errc::wrong_format);
}

TEST_CASE("a checkpoint of a newer minor version keeps what is not known")
{
    std::string newer = replaced(golden(), R"("minor":0)", R"("minor":7)");
    newer = replaced(newer, R"("sticky":[])", R"("sticky":[],"mood":{"x":1.50,"x":[ 1 ]})");
    const stores::stored_run run = import_run(newer);
    CHECK(export_run(run) == newer);
    const checkpoint_head head = decode_head(run.head.bytes);
    CHECK(head.extra.contains("mood"));
    CHECK(json::parse(encode_head(head).bytes).at("mood").as_object().contains("x"));
}

TEST_CASE("a flipped byte in the log or in a call record is found")
{
    CHECK(reason_of_importing(replaced(golden(), R"("sha256":"ab")", R"("sha256":"aB")")) == store_errc::damaged);
    CHECK(reason_of_importing(replaced(golden(), R"("text":"42")", R"("text":"43")")) == store_errc::damaged);
    CHECK(reason_of_importing(replaced(golden(), R"("raw":"eyJpZCI6)", R"("raw":"eyJpZCI7)")) == store_errc::damaged);
}

TEST_CASE("no flipped byte of a checkpoint does more than an error")
{
    const std::string right = golden();
    std::size_t refused = 0;
    for (std::size_t i = 0; i < right.size(); ++i) {
        std::string wrong = right;
        wrong[i] = static_cast<char>(wrong[i] ^ 0x01);
        try {
            const stores::stored_run run = import_run(wrong);
            CHECK(import_run(export_run(run)) == run);
        }
        catch (const store_error&) {
            ++refused;
        }
    }
    CHECK(refused > right.size() / 2);
}

TEST_CASE("a checkpoint that contradicts itself is refused")
{
    const auto refused = [](const std::string& what, const std::string& with) {
        return reason_of_importing(replaced(golden(), what, with)) == store_errc::damaged;
    };
    CHECK(refused(R"("last_seq":4)", R"("last_seq":5)"));
    CHECK(refused(R"("spent":2)", R"("spent":11)"));
    CHECK(refused(R"("reserved":0)", R"("reserved":1)"));
    CHECK(refused(R"("deferred_seq":3)", R"("deferred_seq":2)"));
    CHECK(refused(R"("deferred_seq":3)", R"("deferred_seq":9)"));
    CHECK(refused(R"("phase":"suspended")", R"("phase":"sending")"));
    CHECK(refused(R"("phase":"suspended")", R"("phase":"dreaming")"));
    CHECK(refused(R"("format":"dedalus-run")", R"("format":"another")"));
    CHECK(refused(R"("turn":1,"budget")", R"("turn":1.5,"budget")"));
    CHECK(reason_of_importing("") == store_errc::damaged);
    CHECK(reason_of_importing("[]") == store_errc::damaged);
    CHECK(reason_of_importing("{}") == store_errc::damaged);
}

TEST_CASE("a response whose deferred calls lie outside of it is refused")
{
    stores::stored_run run = suspended_run();
    run.entries[2].body = R"({"status":200,"deferred":[21,100000]})";
    run.entries[2].crc32c = stores::checksum(run.entries[2]);
    CHECK(reason_of([&] { core::read_checkpoint(run); }) == store_errc::damaged);
    run.entries[2].body = R"({"status":200,"deferred":[-1,5]})";
    run.entries[2].crc32c = stores::checksum(run.entries[2]);
    CHECK(reason_of([&] { core::read_checkpoint(run); }) == store_errc::damaged);
}

TEST_CASE("a head holds no secret of a request")
{
    checkpoint_head head = suspended_head();
    head.request = json::parse(R"({"model":"m","credentials":{"values":{"k":"planted-1"}},"api_key":"planted-2",
        "mcp_servers":[{"name":"git","credentials":{"c":"planted-3"}}],"extra":{"Authorization":"Bearer planted-4",
        "X-API-Key":"planted-5","nested":[{"Set-Cookie":"planted-6"}]},"max_tokens":5})")
                       .as_object();
    const std::string bytes = encode_head(head).bytes;
    CHECK(bytes.find("planted") == std::string::npos);
    const checkpoint_head read = decode_head(bytes);
    CHECK(read.request.at("max_tokens") == 5);
    CHECK(read.request.at("mcp_servers").as_array().at(0).at("name") == "git");
}

TEST_CASE("the name of a secret is known by its end, in any spelling")
{
    const char* const name = GENERATE(
        "auth_token", "githubToken", "private_key", "AWS_SECRET_ACCESS_KEY", "x-auth-token", "api_secret", "db_password"
    );
    CHECK(core::without_secrets({{"in", json::object{{name, "x"}}}}) == json::object{{"in", json::object()}});
    const char* const harmless = GENERATE("max_tokens", "prompt_cache_key", "eos_token", "tokenizer", "author", "keys");
    const json::object members{{harmless, "x"}};
    CHECK(core::without_secrets(members) == members);
}

TEST_CASE("an error about a checkpoint does not quote it")
{
    try {
        import_run(replaced(golden(), R"("phase":"suspended")", R"("phase":"planted")"));
        FAIL("nothing was thrown");
    }
    catch (const store_error& e) {
        CHECK(std::string(e.what()).find("planted") == std::string::npos);
        CHECK(std::string(e.what()).find("\"phase\"") != std::string::npos);
    }
}

TEST_CASE("what is no JSON object or no UTF-8 cannot be exported")
{
    stores::stored_run run = suspended_run();
    run.entries[0].body = "[]";
    CHECK(reason_of([&] { export_run(run); }) == store_errc::damaged);
    run = suspended_run();
    run.calls[0].key.call_id = "\xff";
    CHECK(reason_of([&] { export_run(run); }) == store_errc::damaged);
    run = suspended_run();
    run.calls[3].body = R"({"fence":1})";
    CHECK(reason_of([&] { export_run(run); }) == store_errc::damaged);
}

TEST_CASE("times are written and read as RFC 3339 in UTC")
{
    using std::chrono::microseconds;
    using stores::time_point;
    CHECK(core::to_utc_text(time_point(microseconds(0))) == "1970-01-01T00:00:00Z");
    CHECK(core::to_utc_text(at(4, 5)) == "2026-05-01T10:00:04.000005Z");
    CHECK(core::to_utc_text(time_point(microseconds(-1))) == "1969-12-31T23:59:59.999999Z");
    CHECK(core::to_utc_text(time_point::min()) == "0000-01-01T00:00:00Z");
    CHECK(core::to_utc_text(time_point::max()) == "9999-12-31T23:59:59.999999Z");
    for (const std::int64_t micros : {0LL, -1LL, 1LL, 951782400000000LL, -62167219200000000LL, 253402300799999999LL})
        CHECK(
            core::from_utc_text(core::to_utc_text(time_point(microseconds(micros)))) == time_point(microseconds(micros))
        );
    CHECK(core::from_utc_text("2026-05-01T10:00:04.5Z") == at(4, 500000));
    for (const char* wrong :
         {"",
          "2026-05-01",
          "2026-05-01T10:00:04",
          "2026-05-01T10:00:04+00:00",
          "2026-13-01T10:00:04Z",
          "2026-02-29T10:00:04Z",
          "2026-05-01T24:00:00Z",
          "2026-05-01T10:60:00Z",
          "2026-05-01T10:00:60Z",
          "2026-05-01T10:00:04.Z",
          "2026-05-01T10:00:04.1234567Z",
          "2026-05-01T10:00:04Zx",
          "2026-05-01 10:00:04Z",
          "-026-05-01T10:00:04Z"})
        CHECK_FALSE(core::from_utc_text(wrong));
}

}  // namespace checkpoint_test
