#include <dedalus/error.hpp>
#include <dedalus/stores/postgres.hpp>

#include "stores/pg_operations.hpp"
#include "stores/pg_pool.hpp"
#include "stores/pg_schema.hpp"
#include "stores/pg_watch.hpp"

#include <utility>

namespace dedalus {

namespace asio = boost::asio;

using namespace stores;

namespace {

constexpr const char* write = "BEGIN ISOLATION LEVEL READ COMMITTED";
// The statements of a load see one state. It comes after an acquire has returned, so that state has everything of the
// former owner.
constexpr const char* snapshot = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
constexpr const char* one_statement = "";

postgres_store_options checked(postgres_store_options options)
{
    if (options.max_connections < 1 || options.max_connections > 100)
        throw config_error("postgres_store_options::max_connections must be 1 to 100");
    if (options.operation_timeout < std::chrono::milliseconds(100) ||
        options.operation_timeout > std::chrono::minutes(10))
        throw config_error("postgres_store_options::operation_timeout must be 100 ms to 10 min");
    return options;
}

template <class T>
asio::awaitable<T> perform(std::shared_ptr<pg_pool> pool, std::string begin, pg_body<T> body)
{
    co_return co_await run_shielded(pool->strand(), run_operation<T>(pool, std::move(begin), std::move(body)));
}

asio::awaitable<void> ignore(asio::awaitable<bool> operation)
{
    co_await std::move(operation);
}

asio::awaitable<std::unique_ptr<run_watch>> start_watch(std::shared_ptr<pg_pool> pool, std::string run_id)
{
    const store_strand strand(pool->strand().get_inner_executor());
    auto watch = std::make_unique<pg_watch>(strand, pool->connection(), std::move(run_id), pool->operation_timeout());
    co_await watch->start();
    co_return std::unique_ptr<run_watch>(std::move(watch));
}

// When the answer to the first attempt was lost, the second one finds its own work.
post_outcome of_attempt(post_outcome outcome, int attempt)
{
    return attempt > 1 && outcome == post_outcome::duplicate ? post_outcome::accepted : outcome;
}

asio::awaitable<post_outcome>
post_once(pg_connection& c /* borrowed */, const post_request& r /* borrowed */, int attempt)
{
    const post_outcome outcome = co_await pg::post(c, r);
    co_return of_attempt(outcome, attempt);
}

asio::awaitable<remove_outcome>
remove_once(pg_connection& c /* borrowed */, std::string run_id, bool must_be_terminal, int attempt)
{
    const remove_outcome outcome = co_await pg::remove(c, std::move(run_id), must_be_terminal);
    co_return attempt > 1 && outcome == remove_outcome::not_found ? remove_outcome::removed : outcome;
}

}  // namespace

class postgres_run_store::impl
{
public:
    impl(asio::any_io_executor executor, const std::string& connection, postgres_store_options options)
        : pool_(std::make_shared<pg_pool>(std::move(executor), connection, checked(options)))
    {}

    /// An operation on a request, which is checked when it begins.
    template <class T, class Request>
    asio::awaitable<T>
    run(const char* begin, asio::awaitable<T> (*operation)(pg_connection&, const Request&), Request request)
    {
        pg_body<T> body = [operation, r = std::move(request)](pg_connection& c, int) {
            check(r);
            return operation(c, r);
        };
        return perform<T>(pool_, begin, std::move(body));
    }

    template <class T>
    asio::awaitable<T> run(const char* begin, pg_body<T> body)
    {
        return perform<T>(pool_, begin, std::move(body));
    }

    const std::shared_ptr<pg_pool>& pool() const noexcept { return pool_; }

private:
    std::shared_ptr<pg_pool> pool_;
};

postgres_run_store::postgres_run_store(
    asio::any_io_executor executor, const std::string& connection, postgres_store_options options
)
    : impl_(std::make_shared<impl>(std::move(executor), connection, options))
{}

postgres_run_store::postgres_run_store(asio::any_io_executor executor, const std::string& connection)
    : postgres_run_store(std::move(executor), connection, postgres_store_options())
{}

postgres_run_store::~postgres_run_store() = default;

asio::awaitable<void> postgres_run_store::migrate()
{
    return ignore(impl_->run<bool>(write, [](pg_connection& c, int) { return stores::migrate(c); }));
}

asio::awaitable<int> postgres_run_store::schema_version()
{
    return impl_->run<int>(one_statement, [](pg_connection& c, int) { return read_schema_version(c); });
}

asio::awaitable<create_outcome> postgres_run_store::create(create_request request)
{
    return impl_->run(write, pg::create, std::move(request));
}

asio::awaitable<create_outcome> postgres_run_store::restore(restore_request request)
{
    return impl_->run(write, pg::restore, std::move(request));
}

asio::awaitable<load_result> postgres_run_store::load(load_request request)
{
    return impl_->run(snapshot, pg::load, std::move(request));
}

asio::awaitable<acquire_result> postgres_run_store::acquire(acquire_request request)
{
    return impl_->run(write, pg::acquire, std::move(request));
}

asio::awaitable<renew_result> postgres_run_store::renew(renew_request request)
{
    return impl_->run(one_statement, pg::renew, std::move(request));
}

asio::awaitable<lease_outcome> postgres_run_store::release(release_request request)
{
    return impl_->run(one_statement, pg::release, std::move(request));
}

asio::awaitable<commit_result> postgres_run_store::commit(commit_request request)
{
    return impl_->run(one_statement, pg::commit, std::move(request));
}

asio::awaitable<append_result> postgres_run_store::append_call(append_request request)
{
    return impl_->run(one_statement, pg::append_call, std::move(request));
}

asio::awaitable<post_outcome> postgres_run_store::post(post_request request)
{
    return impl_->run<post_outcome>(write, [r = std::move(request)](pg_connection& c, int attempt) {
        check(r);
        return post_once(c, r, attempt);
    });
}

asio::awaitable<late_outcome> postgres_run_store::put_late_result(late_request request)
{
    return impl_->run(write, pg::put_late, std::move(request));
}

asio::awaitable<std::vector<std::string>> postgres_run_store::list_resumable(run_filter filter)
{
    return impl_->run(one_statement, pg::list_resumable, std::move(filter));
}

asio::awaitable<list_page> postgres_run_store::list(list_query query)
{
    return impl_->run(one_statement, pg::list, std::move(query));
}

asio::awaitable<remove_outcome> postgres_run_store::remove(std::string run_id, bool must_be_terminal)
{
    return impl_->run<remove_outcome>(write, [id = std::move(run_id), must_be_terminal](pg_connection& c, int attempt) {
        check_run_id(id);
        return remove_once(c, id, must_be_terminal, attempt);
    });
}

store_capabilities postgres_run_store::capabilities() const noexcept
{
    return {true, true, true, true};
}

asio::awaitable<bool> postgres_run_store::set_ttl(std::string run_id, std::optional<std::chrono::milliseconds> ttl)
{
    return impl_->run<bool>(one_statement, [id = std::move(run_id), ttl](pg_connection& c, int) {
        check_run_id(id);
        return pg::set_ttl(c, id, ttl);
    });
}

asio::awaitable<std::size_t> postgres_run_store::collect(collect_query query)
{
    return impl_->run(one_statement, pg::collect, std::move(query));
}

asio::awaitable<bool> postgres_run_store::put_named_blob(std::string run_id, std::string name, std::string bytes)
{
    return impl_->run<bool>(
        write,
        [id = std::move(run_id), name = std::move(name), bytes = std::move(bytes)](pg_connection& c, int) {
            check_run_id(id);
            check_blob(name, bytes);
            return pg::put_blob(c, id, name, bytes);
        }
    );
}

asio::awaitable<std::optional<std::string>> postgres_run_store::get_blob(std::string run_id, std::string name)
{
    using found = std::optional<std::string>;
    return impl_->run<found>(one_statement, [id = std::move(run_id), name = std::move(name)](pg_connection& c, int) {
        check_run_id(id);
        return pg::get_blob(c, id, name);
    });
}

asio::awaitable<std::unique_ptr<run_watch>> postgres_run_store::watch(std::string run_id)
{
    return start_watch(impl_->pool(), std::move(run_id));
}

}  // namespace dedalus
