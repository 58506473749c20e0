// Works on a run for ever, and says what it has been told is durable: for tests that kill it.
//
// Usage: dedalus_store_writer sqlite <file> <run id> <owner>
//        dedalus_store_writer postgres <connection> <run id> <owner>

#include "stores/worker_setup.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cstdlib>
#include <exception>
#include <memory>
#include <string>
#include <unistd.h>

namespace asio = boost::asio;
namespace stores = dedalus::stores;

namespace {

struct work
{
    std::shared_ptr<dedalus::run_store> store;
    std::string run_id;
    std::string owner;
    int operations = 0;

    std::string op() { return owner + '-' + std::to_string(::getpid()) + '-' + std::to_string(++operations); }
};

void say(std::string line)
{
    line += '\n';
    if (::write(STDOUT_FILENO, line.data(), line.size()) < 0)
        std::_Exit(1);
}

stores::log_entry next_entry(const stores::stored_run& run)
{
    stores::log_entry entry;
    entry.seq = run.last_seq + 1;
    entry.fence = run.fence;
    entry.kind = "note";
    entry.body = "{}";
    entry.raw.assign(static_cast<std::size_t>(entry.seq * 7919 % 20000), 'r');
    entry.crc32c = stores::checksum(entry);
    return entry;
}

// One commit and one finish; false when the run has gone to somebody else.
asio::awaitable<bool> step(std::shared_ptr<work> w, std::shared_ptr<stores::stored_run> run)
{
    stores::commit_request commit;
    commit.run_id = w->run_id;
    commit.fence = run->fence;
    commit.expected_rev = run->rev;
    commit.head = run->head;
    commit.entries.push_back(next_entry(*run));
    commit.op_id = w->op();
    const auto committed = co_await w->store->commit(std::move(commit));
    if (committed.outcome != stores::commit_outcome::committed)
        co_return false;
    run->rev = committed.rev;
    say("entry " + std::to_string(++run->last_seq));

    stores::append_request append;
    append.run_id = w->run_id;
    append.fence = run->fence;
    append.op_id = w->op();
    stores::call_record& record = append.records.emplace_back();
    record.key.call_id = append.op_id;
    record.kind = stores::call_record_kind::finish;
    record.fence = run->fence;
    record.body = "{}";
    record.crc32c = stores::checksum(record);
    const std::string call_id = record.key.call_id;
    const auto appended = co_await w->store->append_call(std::move(append));
    if (appended.outcome != stores::append_outcome::inserted)
        co_return false;
    say("finish " + call_id);
    co_return true;
}

asio::awaitable<void> turn(std::shared_ptr<work> w)
{
    stores::acquire_request acquire;
    acquire.run_id = w->run_id;
    acquire.owner = w->owner;
    acquire.ttl = std::chrono::milliseconds(20);
    acquire.op_id = w->op();
    const auto lease = co_await w->store->acquire(std::move(acquire));
    if (lease.outcome != stores::acquire_outcome::acquired) {
        asio::steady_timer pause(co_await asio::this_coro::executor, std::chrono::milliseconds(2));
        co_await pause.async_wait(asio::use_awaitable);
        co_return;
    }
    stores::load_request load;
    load.run_id = w->run_id;
    stores::load_result loaded = co_await w->store->load(std::move(load));
    if (loaded.outcome != stores::load_outcome::loaded) {
        say("corrupt");
        std::_Exit(1);
    }
    auto run = std::make_shared<stores::stored_run>(std::move(loaded.run));
    bool mine = run->fence == lease.fence;
    for (int i = 0; mine && i < 5; ++i)
        mine = co_await step(w, run);
    stores::release_request release;
    release.run_id = w->run_id;
    release.fence = lease.fence;
    co_await w->store->release(std::move(release));
}

asio::awaitable<void> work_for_ever(std::shared_ptr<work> w)
{
    for (;;)
        co_await turn(w);
}

}  // namespace

int main(int argc, char* argv[])
{
    if (argc != 5)
        return 2;
    test::leave_when_input_ends();
    asio::io_context context;
    auto w = std::make_shared<work>();
    w->store = test::open_store(argv[1], argv[2], context);
    w->run_id = argv[3];
    w->owner = argv[4];
    asio::co_spawn(context, work_for_ever(w), [](std::exception_ptr failure) {
        try {
            std::rethrow_exception(failure);
        }
        catch (const std::exception& e) {
            say(std::string("failed: ") + e.what());
        }
        std::_Exit(1);
    });
    context.run();
}
