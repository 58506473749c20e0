#include <dedalus/error.hpp>
#include <dedalus/stores/memory.hpp>

#include "stores/encrypted_scene.hpp"
#include "stores/forwarding_store.hpp"
#include "stores/store_suite.hpp"
#include "stores/stored_bytes.hpp"
#include "support/background_program.hpp"
#include "support/run_coro.hpp"

#include <functional>
#include <optional>

namespace encrypted_store_test {

using dedalus::memory_run_store;
using dedalus::run_store;
using dedalus::store_errc;
using dedalus::store_error;
using test::bytes_of;
using test::encrypted;
using test::run_coro;
namespace stores = dedalus::stores;

namespace {

const std::string planted = "planted-visible";

/// A run with the word in all that may hold a text of somebody, and two of each record.
stores::stored_run full_run(const std::string& run_id)
{
    stores::stored_run run;
    run.run_id = run_id;
    run.head.bytes = "head " + planted;
    run.head.phase = dedalus::run_phase::suspended;
    run.head.labels["tenant"] = "7";
    run.rev = 3;
    run.last_seq = 2;
    run.fence = 1;
    for (int n = 1; n <= 2; ++n) {
        const std::string number = std::to_string(n);
        stores::log_entry& entry = run.entries.emplace_back();
        entry.seq = n;
        entry.kind = "note";
        entry.body = "body " + planted + number;
        entry.raw = "raw " + planted + number;
        entry.crc32c = stores::checksum(entry);
        stores::call_record& call = run.calls.emplace_back();
        call.key.call_id = "c" + number;
        call.body = "call " + planted + number;
        call.crc32c = stores::checksum(call);
        stores::wait_record& wait = run.waits.emplace_back();
        wait.key = {call.key, "approval"};
        wait.fingerprint = "fingerprint " + planted + number;
        wait.body = "wait " + planted + number;
        stores::inbox_item& item = run.inbox.emplace_back();
        item.inbox_id = "i" + number;
        item.kind = "say";
        item.body = "inbox " + planted + number;
        stores::late_result& late = run.late.emplace_back();
        late.key = call.key;
        late.fence = 1;
        late.body = "late " + planted + number;
    }
    return run;
}

void put(run_store& store, const std::string& run_id)
{
    stores::restore_request request;
    request.run = full_run(run_id);
    request.op_id = "put " + run_id;
    REQUIRE(run_coro(store.restore(request)) == stores::create_outcome::created);
}

stores::load_result load(run_store& store, const std::string& run_id)
{
    stores::load_request request;
    request.run_id = run_id;
    return run_coro(store.load(request));
}

/// Somebody who can write to the storage has changed what is loaded.
class altered_store final : public test::forwarding_store
{
public:
    using change = std::function<void(stores::stored_run&)>;

    altered_store(std::shared_ptr<run_store> to, change how) : forwarding_store(std::move(to)), how_(std::move(how)) {}

    awaitable<stores::load_result> load(stores::load_request r) override
    {
        stores::load_result result = co_await forwarding_store::load(std::move(r));
        how_(result.run);
        co_return result;
    }

private:
    change how_;
};

/// Gives the first blob that is put, under whatever name.
class one_blob_store final : public test::forwarding_store
{
public:
    using forwarding_store::forwarding_store;

    awaitable<bool> put_named_blob(std::string, std::string, std::string bytes) override
    {
        if (first_.empty())
            first_ = std::move(bytes);
        co_return true;
    }

    awaitable<std::optional<std::string>> get_blob(std::string, std::string) override { co_return first_; }

private:
    std::string first_;
};

template <class Operation>
store_errc reason_of(const Operation& operation)
{
    try {
        operation();
    }
    catch (const store_error& e) {
        CHECK(std::string(e.what()).find(planted) == std::string::npos);
        return e.reason();
    }
    FAIL("nothing was thrown");
    return {};
}

}  // namespace

TEST_CASE("an encrypted memory store conforms, with all optional operations")
{
    const auto memory = std::make_shared<memory_run_store>();
    dedalus::testing::store_conformance_options options;
    options.open = [memory] { return memory; };
    const auto results = test::run_suite(encrypted(options));
    CHECK(test::failures(results) == "");
    CHECK(test::count(results, test::check_status::passed) == dedalus::testing::store_checks().size());
}

TEST_CASE("a store gets no text of a run that is encrypted, and the run comes back as it was")
{
    const auto memory = std::make_shared<memory_run_store>();
    const auto store = encrypted(memory);
    put(*store, "r1");
    const stores::load_result loaded = load(*store, "r1");
    REQUIRE(loaded.outcome == stores::load_outcome::loaded);
    CHECK(loaded.run == full_run("r1"));
    const stores::load_result kept = load(*memory, "r1");
    CHECK(kept.outcome == stores::load_outcome::loaded);
    CHECK(bytes_of(kept.run).find(planted) == std::string::npos);
    CHECK(kept.run.head.labels == loaded.run.head.labels);
    CHECK(kept.run.waits[0].fingerprint.size() == 64);
}

TEST_CASE("a blob is kept under a name that says nothing of it, another one in each run")
{
    const auto memory = std::make_shared<memory_run_store>();
    const auto store = encrypted(memory);
    put(*store, "r1");
    const std::string name = run_coro(store->put_blob("r1", planted));
    CHECK(name.size() == 64);
    CHECK(run_coro(store->get_blob("r1", name)) == planted);
    CHECK_FALSE(run_coro(memory->get_blob("r1", name)));
}

TEST_CASE("the same text is encrypted to other bytes each time")
{
    const auto memory = std::make_shared<memory_run_store>();
    const auto store = encrypted(memory);
    put(*store, "r1");
    put(*store, "r2");
    CHECK(load(*memory, "r1").run.head.bytes != load(*memory, "r2").run.head.bytes);
    CHECK(load(*memory, "r1").run.waits[0].fingerprint != load(*memory, "r2").run.waits[0].fingerprint);
}

TEST_CASE("whatever of an encrypted run is altered or put into another place makes it corrupt")
{
    const auto memory = std::make_shared<memory_run_store>();
    put(*encrypted(memory), "r1");
    put(*encrypted(memory), "r2");
    const stores::stored_run other = load(*memory, "r2").run;
    using run = stores::stored_run;
    const std::vector<altered_store::change> changes = {
        [](run& r) { r.head.bytes.back() ^= 1; },
        [](run& r) { r.head.bytes[12] ^= 1; },
        [](run& r) { r.head.bytes.resize(12); },
        [](run& r) { r.head.labels["tenant"] = "8"; },
        [](run& r) { r.head.phase = dedalus::run_phase::ready; },
        [](run& r) { r.head.expires_at = stores::time_point(); },
        [](run& r) { ++r.rev; },
        [&](run& r) { r.head.bytes = other.head.bytes; },
        [](run& r) { r.entries[0].body.back() ^= 1; },
        [](run& r) { r.entries[0].raw.back() ^= 1; },
        [](run& r) { std::swap(r.entries[0].body, r.entries[1].body); },
        [](run& r) { std::swap(r.entries[0].raw, r.entries[1].raw); },
        [](run& r) { std::swap(r.entries[0].body, r.entries[0].raw); },
        [](run& r) { r.entries[0].kind = "end"; },
        [](run& r) { ++r.entries[0].turn; },
        [](run& r) { ++r.entries[0].fence; },
        [](run& r) { r.entries[0].at += std::chrono::seconds(1); },
        [&](run& r) { r.entries[0] = other.entries[0]; },
        [](run& r) { std::swap(r.calls[0].body, r.calls[1].body); },
        [](run& r) { r.calls[0].kind = stores::call_record_kind::finish; },
        [](run& r) { ++r.calls[0].attempt; },
        [&](run& r) { r.calls[0] = other.calls[0]; },
        [](run& r) { std::swap(r.waits[0].body, r.waits[1].body); },
        [](run& r) { std::swap(r.waits[0].fingerprint, r.waits[1].fingerprint); },
        [](run& r) { r.waits[0].token_sha256 = std::string(64, 'a'); },
        [](run& r) { r.waits[0].expires_at = stores::time_point(); },
        [&](run& r) { r.waits[0] = other.waits[0]; },
        [](run& r) { std::swap(r.inbox[0].body, r.inbox[1].body); },
        [](run& r) { r.inbox[0].kind = "cancel"; },
        [&](run& r) { r.inbox[0] = other.inbox[0]; },
        [](run& r) { std::swap(r.late[0].body, r.late[1].body); },
        [&](run& r) { r.late[0] = other.late[0]; },
    };
    for (std::size_t i = 0; i < changes.size(); ++i) {
        INFO("change " << i);
        const auto altered = encrypted(std::make_shared<altered_store>(memory, changes[i]));
        CHECK(load(*altered, "r1").outcome == stores::load_outcome::corrupt);
    }
}

TEST_CASE("of an altered record of an encrypted run nothing is given")
{
    const auto memory = std::make_shared<memory_run_store>();
    put(*encrypted(memory), "r1");
    const auto altered = encrypted(std::make_shared<altered_store>(memory, [](stores::stored_run& r) {
        std::swap(r.entries[0].body, r.entries[1].body);
    }));
    const stores::load_result loaded = load(*altered, "r1");
    CHECK(loaded.run.entries[0].body.empty());
    CHECK(loaded.run.entries[1].body.empty());
    CHECK(loaded.run.entries[0].raw == full_run("r1").entries[0].raw);
}

TEST_CASE("a blob that was altered, or has the name of another one, is damaged")
{
    const auto memory = std::make_shared<memory_run_store>();
    const auto store = encrypted(memory);
    put(*store, "r1");
    put(*store, "r2");

    const auto mixed_up = encrypted(std::make_shared<one_blob_store>(memory));
    const std::string name = run_coro(mixed_up->put_blob("r1", "one"));
    const std::string other = run_coro(mixed_up->put_blob("r1", "two"));
    CHECK(run_coro(mixed_up->get_blob("r1", name)) == "one");
    CHECK(reason_of([&] { run_coro(mixed_up->get_blob("r1", other)); }) == store_errc::damaged);
    CHECK(reason_of([&] { run_coro(mixed_up->get_blob("r2", name)); }) == store_errc::damaged);
}

TEST_CASE("a run that is encrypted with another key is not read, and stays as it is")
{
    const auto memory = std::make_shared<memory_run_store>();
    put(*encrypted(memory, "k"), "r1");
    const auto wrong = encrypted(memory, "w");
    CHECK(reason_of([&] { load(*wrong, "r1"); }) == store_errc::unknown_key);
    CHECK(load(*encrypted(memory, "k"), "r1").run == full_run("r1"));
}

TEST_CASE("a run in plaintext is not read from an encrypted store")
{
    const auto memory = std::make_shared<memory_run_store>();
    put(*memory, "r1");
    CHECK(reason_of([&] { load(*encrypted(memory), "r1"); }) == store_errc::wrong_format);
}

TEST_CASE("after a rotation old records are read, and new ones need no old key")
{
    const auto memory = std::make_shared<memory_run_store>();
    put(*encrypted(memory, "o"), "r1");
    const std::string blob = run_coro(encrypted(memory, "o")->put_blob("r1", planted));
    const auto rotated = encrypted(memory, "no");
    stores::stored_run whole = full_run("r1");
    whole.blobs = {{blob, planted}};
    CHECK(load(*rotated, "r1").run == whole);
    CHECK(run_coro(rotated->get_blob("r1", blob)) == planted);
    stores::post_request decision;
    decision.run_id = "r1";
    decision.inbox_id = "d1";
    decision.wait = full_run("r1").waits[0].key;
    decision.fingerprint = "another";
    decision.kind = "approve";
    CHECK(run_coro(rotated->post(decision)) == stores::post_outcome::refused);
    decision.fingerprint = full_run("r1").waits[0].fingerprint;
    CHECK(run_coro(rotated->post(decision)) == stores::post_outcome::accepted);
    CHECK(load(*rotated, "r1").run.waits[0].decided_by == "d1");
    put(*rotated, "r2");
    const auto new_only = encrypted(memory, "n");
    CHECK(load(*new_only, "r2").run == full_run("r2"));
    CHECK(reason_of([&] { load(*new_only, "r1"); }) == store_errc::unknown_key);
}

TEST_CASE("keys of an encrypted store are asked for anew by each operation")
{
    const auto memory = std::make_shared<memory_run_store>();
    std::vector<std::string> keys = {test::store_key('a')};
    dedalus::encrypted_run_store store(memory, [&keys] { return keys; });
    put(store, "r1");
    keys = {test::store_key('b')};
    CHECK(reason_of([&] { load(store, "r1"); }) == store_errc::unknown_key);
    keys.clear();
    CHECK_THROWS_AS(load(store, "r1"), dedalus::config_error);
}

TEST_CASE("keys of a wrong length, no key, no provider and no store are refused")
{
    const auto memory = std::make_shared<memory_run_store>();
    using dedalus::encrypted_run_store;
    const auto giving = [](std::vector<std::string> keys) { return [keys] { return keys; }; };
    CHECK_THROWS_AS(encrypted_run_store(memory, giving({std::string(16, 'k')})), dedalus::config_error);
    CHECK_THROWS_AS(encrypted_run_store(memory, giving({})), dedalus::config_error);
    CHECK_THROWS_AS(encrypted_run_store(memory, {}), dedalus::config_error);
    CHECK_THROWS_AS(encrypted_run_store(nullptr, giving({test::store_key('k')})), dedalus::config_error);
}

TEST_CASE("a file of keys has one in a line, and errors about it quote nothing")
{
    const test::temporary_folder folder;
    const std::string digits(64, 'a');
    const std::string good = folder.write("good", "# newest\n" + digits + "\n\n" + std::string(64, '0') + "\n");
    CHECK(dedalus::read_store_keys(good) == std::vector<std::string>{std::string(32, '\xaa'), std::string(32, '\0')});
    for (const std::string& text : {std::string(), digits + "a\n", digits + "\nplanted-visible\n"}) {
        try {
            dedalus::read_store_keys(folder.write("bad", text));
            FAIL("the file was read");
        }
        catch (const dedalus::config_error& e) {
            CHECK(std::string(e.what()).find(planted) == std::string::npos);
            CHECK(std::string(e.what()).find("aaa") == std::string::npos);
        }
    }
    CHECK_THROWS_AS(dedalus::read_store_keys(folder.path("none")), dedalus::config_error);
}

TEST_CASE("a record whose checksum is wrong is not encrypted")
{
    const auto memory = std::make_shared<memory_run_store>();
    const auto store = encrypted(memory);
    put(*store, "r1");
    stores::append_request request;
    request.run_id = "r1";
    request.fence = 1;
    request.op_id = "append";
    stores::call_record& record = request.records.emplace_back();
    record.key.call_id = "c9";
    record.fence = 1;
    CHECK(reason_of([&] { run_coro(store->append_call(request)); }) == store_errc::invalid_argument);
}

}  // namespace encrypted_store_test
