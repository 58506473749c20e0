#include <dedalus/stores/memory.hpp>
#include <dedalus/testing/store_conformance.hpp>

#include "stores/forwarding_store.hpp"
#include "stores/store_suite.hpp"

#include <algorithm>
#include <atomic>
#include <functional>
#include <mutex>

namespace conformance_test {

namespace {

namespace stores = dedalus::stores;

/// What a broken store does otherwise. Each member that is set changes an operation.
struct defects
{
    std::function<void(stores::create_request&)> create{};
    std::function<void(stores::load_result&)> load{};
    std::function<void(stores::acquire_request&)> acquire{};
    std::function<void(stores::acquire_result&)> acquired{};
    std::function<void(stores::commit_request&)> commit{};
    std::function<void(stores::commit_result&)> committed{};
    std::function<void(stores::append_request&)> append{};
    std::function<void(stores::append_result&)> appended{};
    std::function<void(stores::post_request&)> post{};
    std::function<void(stores::post_outcome&)> posted{};
    std::function<void(std::vector<std::string>&)> resumable{};
    std::function<void(stores::list_page&)> listed{};
};

template <class T>
void distort(const std::function<void(T&)>& defect, T& value)
{
    if (defect)
        defect(value);
}

class broken_store final : public test::forwarding_store
{
public:
    broken_store(std::shared_ptr<dedalus::run_store> to, defects d)
        : forwarding_store(std::move(to)), defects_(std::move(d))
    {}

    awaitable<stores::create_outcome> create(stores::create_request r) override
    {
        distort(defects_.create, r);
        return forwarding_store::create(std::move(r));
    }

    awaitable<stores::load_result> load(stores::load_request r) override
    {
        stores::load_result result = co_await forwarding_store::load(std::move(r));
        distort(defects_.load, result);
        co_return result;
    }

    awaitable<stores::acquire_result> acquire(stores::acquire_request r) override
    {
        distort(defects_.acquire, r);
        stores::acquire_result result = co_await forwarding_store::acquire(std::move(r));
        distort(defects_.acquired, result);
        co_return result;
    }

    awaitable<stores::commit_result> commit(stores::commit_request r) override
    {
        distort(defects_.commit, r);
        stores::commit_result result = co_await forwarding_store::commit(std::move(r));
        distort(defects_.committed, result);
        co_return result;
    }

    awaitable<stores::append_result> append_call(stores::append_request r) override
    {
        distort(defects_.append, r);
        stores::append_result result = co_await forwarding_store::append_call(std::move(r));
        distort(defects_.appended, result);
        co_return result;
    }

    awaitable<stores::post_outcome> post(stores::post_request r) override
    {
        distort(defects_.post, r);
        stores::post_outcome outcome = co_await forwarding_store::post(std::move(r));
        distort(defects_.posted, outcome);
        co_return outcome;
    }

    awaitable<std::vector<std::string>> list_resumable(stores::run_filter f) override
    {
        std::vector<std::string> ids = co_await forwarding_store::list_resumable(std::move(f));
        distort(defects_.resumable, ids);
        co_return ids;
    }

    awaitable<stores::list_page> list(stores::list_query q) override
    {
        stores::list_page page = co_await forwarding_store::list(std::move(q));
        distort(defects_.listed, page);
        co_return page;
    }

private:
    defects defects_;
};

/// A clock that the checks move on themselves.
struct manual_clock
{
    std::mutex mutex{};
    stores::time_point now{std::chrono::seconds(1767225600)};

    stores::time_point read()
    {
        const std::lock_guard lock(mutex);
        return now += std::chrono::microseconds(1);
    }

    void pass(std::chrono::milliseconds time)
    {
        const std::lock_guard lock(mutex);
        now += time;
    }
};

dedalus::testing::store_conformance_options memory_options()
{
    auto clock = std::make_shared<manual_clock>();
    dedalus::memory_store_options options;
    options.clock = [clock] { return clock->read(); };
    auto store = std::make_shared<dedalus::memory_run_store>(std::move(options));
    dedalus::testing::store_conformance_options suite;
    suite.open = [store] { return store; };
    suite.pass_time = [clock](std::chrono::milliseconds time) { clock->pass(time); };
    return suite;
}

/// The names of the checks that a store with these defects fails.
std::vector<std::string> failed_with(defects d)
{
    auto options = memory_options();
    options.large_value_bytes = 1024;
    auto broken = std::make_shared<broken_store>(options.open(), std::move(d));
    options.open = [broken] { return broken; };
    std::vector<std::string> names;
    for (const auto& result : test::run_suite(options)) {
        if (result.status == test::check_status::failed)
            names.push_back(result.name);
    }
    return names;
}

bool fails(defects d, const std::string& check)
{
    const std::vector<std::string> names = failed_with(std::move(d));
    return std::ranges::count(names, check) == 1;
}

}  // namespace

TEST_CASE("the memory store conforms, with all optional operations")
{
    const auto results = test::run_suite(memory_options());
    CHECK(test::failures(results) == "");
    CHECK(test::count(results, test::check_status::passed) == dedalus::testing::store_checks().size());
}

TEST_CASE("the memory store conforms by the clock of the system")
{
    auto store = std::make_shared<dedalus::memory_run_store>();
    dedalus::testing::store_conformance_options options;
    options.open = [store] { return store; };
    const auto results = test::run_suite(options);
    CHECK(test::failures(results) == "");
}

TEST_CASE("the suite skips the optional operations that a store does not have")
{
    auto options = memory_options();
    auto base = std::make_shared<test::forwarding_store>(options.open());
    options.open = [base] { return base; };
    const auto results = test::run_suite(options);
    CHECK(test::failures(results) == "");
    for (const auto& result : results)
        CHECK((result.status == test::check_status::skipped) == (result.capability != "base"));
    CHECK(test::count(results, test::check_status::skipped) == 7);
}

TEST_CASE("the suite finds a store that cuts bytes at a NUL")
{
    defects d;
    d.create = [](stores::create_request& r) { r.head.bytes = r.head.bytes.c_str(); };
    CHECK(fails(d, "what was created is loaded byte for byte"));
}

TEST_CASE("the suite finds a store that cuts large values")
{
    defects d;
    d.load = [](stores::load_result& r) {
        for (auto& entry : r.run.entries)
            entry.raw.resize(std::min<std::size_t>(entry.raw.size(), 1000));
    };
    CHECK(fails(d, "large values come back whole"));
}

TEST_CASE("the suite finds a store that gives a lease which is held")
{
    defects d;
    d.acquired = [](stores::acquire_result& r) {
        if (r.outcome == stores::acquire_outcome::held)
            r.outcome = stores::acquire_outcome::acquired;
    };
    const auto names = failed_with(d);
    CHECK(std::ranges::count(names, "a live lease keeps others out") == 1);
    CHECK(std::ranges::count(names, "of several owners exactly one gets the lease") == 1);
}

TEST_CASE("the suite finds a store whose fence does not grow")
{
    defects d;
    d.acquired = [](stores::acquire_result& r) { r.fence = std::min<std::int64_t>(r.fence, 1); };
    CHECK(fails(d, "each acquire raises the fence"));
}

TEST_CASE("the suite finds a store that forgets the op_id of an acquire")
{
    defects d;
    auto n = std::make_shared<std::atomic<int>>(0);
    d.acquire = [n](stores::acquire_request& r) { r.op_id += std::to_string(++*n); };
    CHECK(fails(d, "an acquire is repeatable by its op_id"));
}

TEST_CASE("the suite finds a store that does not compare revisions")
{
    defects d;
    d.committed = [](stores::commit_result& r) {
        if (r.outcome == stores::commit_outcome::conflict)
            r.outcome = stores::commit_outcome::committed;
    };
    const auto names = failed_with(d);
    CHECK(std::ranges::count(names, "a commit at a wrong revision changes nothing") == 1);
    CHECK(std::ranges::count(names, "of commits at one revision exactly one wins") == 1);
    CHECK(std::ranges::count(names, "a commit does not overrule a decision") == 1);
    CHECK(std::ranges::count(names, "a terminal run stays as it is") == 1);
}

TEST_CASE("the suite finds a store that forgets the op_id of a commit")
{
    defects d;
    auto n = std::make_shared<std::atomic<int>>(0);
    d.commit = [n](stores::commit_request& r) { r.op_id += std::to_string(++*n); };
    CHECK(fails(d, "a commit is repeatable by its op_id"));
}

TEST_CASE("the suite finds a store that lets a stale owner write")
{
    defects d;
    d.committed = [](stores::commit_result& r) {
        if (r.outcome == stores::commit_outcome::fenced)
            r.outcome = stores::commit_outcome::conflict;
    };
    const auto names = failed_with(d);
    CHECK(std::ranges::count(names, "a stale fence changes nothing") == 1);
    CHECK(std::ranges::count(names, "fenced comes before every other outcome") == 1);
}

TEST_CASE("the suite finds a store that takes a second finish")
{
    defects d;
    d.appended = [](stores::append_result& r) {
        if (r.outcome == stores::append_outcome::already)
            r.outcome = stores::append_outcome::inserted;
    };
    const auto names = failed_with(d);
    CHECK(std::ranges::count(names, "the first finish of a call is kept") == 1);
    CHECK(std::ranges::count(names, "of finishes of one call exactly one wins") == 1);
}

TEST_CASE("the suite finds a store that inserts a part of a wave")
{
    defects d;
    d.append = [](stores::append_request& r) { r.records.resize(1); };
    CHECK(fails(d, "the starts of a wave are inserted all or none"));
}

TEST_CASE("the suite finds a store that takes two call records in one place")
{
    const auto keep_the_last = [](std::vector<stores::call_record>& records) {
        if (records.size() > 1 && records[0].key == records[1].key)
            records.erase(records.begin());
    };
    defects d;
    SECTION("in a commit")
    {
        d.commit = [keep_the_last](stores::commit_request& r) { keep_the_last(r.calls); };
    }
    SECTION("in an append")
    {
        d.append = [keep_the_last](stores::append_request& r) { keep_the_last(r.records); };
    }
    CHECK(fails(d, "two call records in one place are refused"));
}

TEST_CASE("the suite finds a store that loads records out of order")
{
    defects d;
    d.load = [](stores::load_result& r) {
        std::ranges::reverse(r.run.calls);
        std::ranges::reverse(r.run.inbox);
    };
    const auto names = failed_with(d);
    CHECK(std::ranges::count(names, "the records of a call are given in order") == 1);
    CHECK(std::ranges::count(names, "the inbox keeps the order of arrival") == 1);
}

TEST_CASE("the suite finds a store that hides a record from the new owner")
{
    defects d;
    d.load = [](stores::load_result& r) {
        if (r.run.fence > 1)
            r.run.calls.clear();
    };
    CHECK(fails(d, "a new owner sees every record of the former one"));
}

TEST_CASE("the suite finds a store that takes any token and any fingerprint")
{
    defects d;
    d.posted = [](stores::post_outcome& o) {
        if (o == stores::post_outcome::refused)
            o = stores::post_outcome::accepted;
    };
    CHECK(fails(d, "a decision must fit the wait and its token"));
}

TEST_CASE("the suite finds a store that takes late and second decisions")
{
    defects d;
    d.posted = [](stores::post_outcome& o) { o = stores::post_outcome::accepted; };
    const auto names = failed_with(d);
    CHECK(std::ranges::count(names, "a decision after the wait has expired is refused") == 1);
    CHECK(std::ranges::count(names, "of several decisions exactly one wins") == 1);
    CHECK(std::ranges::count(names, "an inbox id is accepted once") == 1);
}

TEST_CASE("the suite finds a store that forgets sleeping runs")
{
    defects d;
    d.resumable = [](std::vector<std::string>& ids) { ids.clear(); };
    const auto names = failed_with(d);
    CHECK(std::ranges::count(names, "the runs that can be resumed are listed") == 1);
    CHECK(std::ranges::count(names, "a suspended run is listed when its time has come") == 1);
}

TEST_CASE("the suite finds a listing whose pages skip a run")
{
    defects d;
    d.listed = [](stores::list_page& page) {
        if (!page.next.empty())
            page.runs.pop_back();
    };
    CHECK(fails(d, "a listing gives each run once"));
}

}  // namespace conformance_test
