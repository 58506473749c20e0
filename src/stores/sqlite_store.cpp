#include <dedalus/error.hpp>
#include <dedalus/stores/sqlite.hpp>

#include "stores/sqlite_schema.hpp"
#include "stores/sqlite_worker.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <functional>
#include <thread>
#include <type_traits>
#include <utility>

namespace dedalus {

namespace asio = boost::asio;

using namespace stores;

namespace {

/// An operation, and the coroutine that waits for it. Its cancellation slot is not used: the wait cannot be cut short.
template <class Result, class Operation, class Handler>
class waiting_job final : public sqlite_job
{
public:
    waiting_job(bool writes, Operation operation, asio::any_io_executor executor, Handler handler)
        : sqlite_job(writes), operation_(std::move(operation)),
          executor_(asio::prefer(std::move(executor), asio::execution::outstanding_work.tracked)),
          handler_(std::move(handler))
    {}

    void run(sqlite_tables& tables, time_point now) override { result_ = operation_(tables, now); }

    void fail(std::exception_ptr failure) noexcept override { failure_ = std::move(failure); }

    void complete() override
    {
        asio::post(
            executor_,
            [failure = std::move(failure_), result = std::move(result_), handler = std::move(handler_)]() mutable {
                std::move(handler)(std::move(failure), std::move(result));
            }
        );
        executor_ = {};
    }

private:
    Operation operation_;
    // Keeps the context at work, and alive. The last thing of it that this thread lets go: a strand looks at its
    // context when it goes.
    asio::any_io_executor executor_;
    Handler handler_;
    Result result_{};
    std::exception_ptr failure_;
};

template <class Result, class Operation>
struct submit_job
{
    std::shared_ptr<sqlite_worker> worker;
    asio::any_io_executor executor;
    bool writes;
    Operation operation;

    template <class Handler>
    void operator()(Handler handler)
    {
        using job = waiting_job<Result, Operation, Handler>;
        worker->submit(std::make_unique<job>(writes, std::move(operation), std::move(executor), std::move(handler)));
    }
};

template <class Result, class Operation>
asio::awaitable<Result> run_job(std::shared_ptr<sqlite_worker> worker, bool writes, Operation operation)
{
    asio::any_io_executor executor = co_await asio::this_coro::executor;
    submit_job<Result, Operation> submit{std::move(worker), std::move(executor), writes, std::move(operation)};
    co_return co_await asio::async_initiate<const asio::use_awaitable_t<>, void(std::exception_ptr, Result)>(
        std::move(submit), asio::use_awaitable
    );
}

asio::awaitable<void> run_and_forget(asio::awaitable<bool> job)
{
    co_await std::move(job);
}

sqlite_store_options checked(sqlite_store_options options)
{
    if (options.busy_timeout < std::chrono::milliseconds(1) || options.busy_timeout > std::chrono::minutes(1))
        throw config_error("sqlite_store_options::busy_timeout must be 1 ms to 1 min");
    return options;
}

// SQLite waits for other processes everywhere but here.
void use_write_ahead_log(sqlite_database& database, std::chrono::milliseconds at_most)
{
    const auto end = std::chrono::steady_clock::now() + at_most;
    for (;;) {
        try {
            database.execute("PRAGMA journal_mode = WAL");
            return;
        }
        catch (const store_error& e) {
            if (e.reason() != store_errc::busy || std::chrono::steady_clock::now() > end)
                throw;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
}

std::unique_ptr<sqlite_database> open(const std::string& path, const sqlite_store_options& options)
{
    auto database = std::make_unique<sqlite_database>(path, options.busy_timeout);
    database->execute("PRAGMA foreign_keys = ON");
    migrate(*database);
    use_write_ahead_log(*database, options.busy_timeout);
    database->execute(options.full_sync ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
    return database;
}

std::unique_ptr<sqlite_database> open_to_read(const std::string& path, const sqlite_store_options& options)
{
    auto database = std::make_unique<sqlite_database>(path, options.busy_timeout);
    database->execute("PRAGMA query_only = ON");
    return database;
}

}  // namespace

class sqlite_run_store::impl
{
public:
    impl(const std::string& path, sqlite_store_options options)
    {
        auto database = open(path, checked(options));
        const bool has_file = database->has_file();
        worker_ = std::make_shared<sqlite_worker>(std::move(database));
        lists_ = has_file ? std::make_shared<sqlite_worker>(open_to_read(path, options)) : worker_;
    }

    /// An operation on a request, which is checked when it begins.
    template <class Operation, class Request>
    auto write(Operation operation, Request request)
    {
        return submit(worker_, true, on_request(operation, std::move(request)));
    }

    template <class Operation, class Request>
    auto read(Operation operation, Request request)
    {
        return submit(worker_, false, on_request(operation, std::move(request)));
    }

    template <class Operation, class Request>
    auto list(Operation operation, Request request)
    {
        return submit(lists_, false, on_request(operation, std::move(request)));
    }

    template <class Operation>
    auto write(Operation operation)
    {
        return submit(worker_, true, std::move(operation));
    }

    template <class Operation>
    auto read(Operation operation)
    {
        return submit(worker_, false, std::move(operation));
    }

private:
    template <class Operation, class Request>
    static auto on_request(Operation operation, Request request)
    {
        return [operation, r = std::move(request)](sqlite_tables& t, time_point now) {
            check(r);
            if constexpr (std::is_invocable_v<Operation, sqlite_tables&, const Request&, time_point>)
                return std::invoke(operation, t, r, now);
            else
                return std::invoke(operation, t, r);
        };
    }

    template <class Operation>
    static auto submit(std::shared_ptr<sqlite_worker> worker, bool writes, Operation operation)
    {
        using result = std::invoke_result_t<Operation&, sqlite_tables&, time_point>;
        return run_job<result>(std::move(worker), writes, std::move(operation));
    }

    std::shared_ptr<sqlite_worker> worker_;
    std::shared_ptr<sqlite_worker> lists_;  // with a write-ahead log readers and the writer do not wait for each other
};

sqlite_run_store::sqlite_run_store(const std::string& path, sqlite_store_options options)
    : impl_(std::make_shared<impl>(path, options))
{}

sqlite_run_store::sqlite_run_store(const std::string& path) : sqlite_run_store(path, sqlite_store_options()) {}

sqlite_run_store::~sqlite_run_store() = default;

// The constructor has done it.
asio::awaitable<void> sqlite_run_store::migrate()
{
    return run_and_forget(impl_->read([](sqlite_tables&, time_point) { return true; }));
}

asio::awaitable<int> sqlite_run_store::schema_version()
{
    return impl_->read([](sqlite_tables&, time_point) { return sqlite_schema_version; });
}

asio::awaitable<create_outcome> sqlite_run_store::create(create_request request)
{
    return impl_->write(&sqlite_tables::create, std::move(request));
}

asio::awaitable<load_result> sqlite_run_store::load(load_request request)
{
    return impl_->read(&sqlite_tables::load, std::move(request));
}

asio::awaitable<acquire_result> sqlite_run_store::acquire(acquire_request request)
{
    return impl_->write(&sqlite_tables::acquire, std::move(request));
}

asio::awaitable<renew_result> sqlite_run_store::renew(renew_request request)
{
    return impl_->write(&sqlite_tables::renew, std::move(request));
}

asio::awaitable<lease_outcome> sqlite_run_store::release(release_request request)
{
    return impl_->write(&sqlite_tables::release, std::move(request));
}

asio::awaitable<commit_result> sqlite_run_store::commit(commit_request request)
{
    return impl_->write(&sqlite_tables::commit, std::move(request));
}

asio::awaitable<append_result> sqlite_run_store::append_call(append_request request)
{
    return impl_->write(&sqlite_tables::append_call, std::move(request));
}

asio::awaitable<post_outcome> sqlite_run_store::post(post_request request)
{
    return impl_->write(&sqlite_tables::post, std::move(request));
}

asio::awaitable<late_outcome> sqlite_run_store::put_late_result(late_request request)
{
    return impl_->write(&sqlite_tables::put_late_result, std::move(request));
}

asio::awaitable<std::vector<std::string>> sqlite_run_store::list_resumable(run_filter filter)
{
    return impl_->list(&sqlite_tables::list_resumable, std::move(filter));
}

asio::awaitable<list_page> sqlite_run_store::list(list_query query)
{
    return impl_->list(&sqlite_tables::list, std::move(query));
}

asio::awaitable<remove_outcome> sqlite_run_store::remove(std::string run_id, bool must_be_terminal)
{
    return impl_->write([id = std::move(run_id), must_be_terminal](sqlite_tables& t, time_point) {
        check_run_id(id);
        return t.remove(id, must_be_terminal);
    });
}

store_capabilities sqlite_run_store::capabilities() const noexcept
{
    return {false, true, true, true};
}

asio::awaitable<bool> sqlite_run_store::set_ttl(std::string run_id, std::optional<std::chrono::milliseconds> ttl)
{
    return impl_->write([id = std::move(run_id), ttl](sqlite_tables& t, time_point now) {
        check_run_id(id);
        return t.set_ttl(id, ttl, now);
    });
}

asio::awaitable<std::size_t> sqlite_run_store::collect(collect_query query)
{
    return impl_->write(&sqlite_tables::collect, query);
}

asio::awaitable<bool> sqlite_run_store::put_named_blob(std::string run_id, std::string name, std::string bytes)
{
    return impl_->write(
        [id = std::move(run_id), name = std::move(name), bytes = std::move(bytes)](sqlite_tables& t, time_point) {
            check_run_id(id);
            check_blob(name, bytes);
            return t.put_blob(id, name, bytes);
        }
    );
}

asio::awaitable<std::optional<std::string>> sqlite_run_store::get_blob(std::string run_id, std::string name)
{
    return impl_->read([id = std::move(run_id), name = std::move(name)](sqlite_tables& t, time_point) {
        check_run_id(id);
        return t.get_blob(id, name);
    });
}

asio::awaitable<create_outcome> sqlite_run_store::restore(restore_request request)
{
    return impl_->write(&sqlite_tables::restore, std::move(request));
}

}  // namespace dedalus
