#pragma once

#include <dedalus/stores/postgres.hpp>

#include "stores/pg_connection.hpp"
#include "stores/shielded.hpp"

#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace dedalus::stores {

/// What to do with a pg_error: another attempt may succeed where nothing was done, or where doing it again is the same.
bool may_repeat(const pg_error& e);

/// The same as what leaves the store.
store_error to_store_error(const pg_error& e);

/// Connections to a server. All of it on its strand.
class pg_pool
{
public:
    pg_pool(boost::asio::any_io_executor executor, std::string connection, postgres_store_options options);

    const store_strand& strand() const noexcept { return strand_; }

    const std::string& connection() const noexcept { return connection_; }

    std::chrono::milliseconds operation_timeout() const noexcept { return options_.operation_timeout; }

    /// An idle connection, a new one, or the next that is given back before the deadline. Throws pg_error.
    boost::asio::awaitable<std::unique_ptr<pg_connection>> take(pg_connection::deadline at);

    /// Back from the caller; one that is not idle is closed.
    void give(std::unique_ptr<pg_connection> connection);

private:
    boost::asio::awaitable<std::unique_ptr<pg_connection>> open(pg_connection::deadline at);
    void wake_next();

    store_strand strand_;
    std::string connection_;
    postgres_store_options options_;
    std::vector<std::unique_ptr<pg_connection>> idle_;
    std::size_t open_ = 0;
    std::deque<std::shared_ptr<boost::asio::steady_timer>> waiting_;
};

/// What an operation does on a connection; the attempt counts from 1.
template <class T>
using pg_body = std::function<boost::asio::awaitable<T>(pg_connection&, int attempt)>;

template <class T>
struct pg_attempt
{
    std::optional<T> result{};
    std::exception_ptr failure{};
    bool repeat = false;
};

/// `begin`: the statement that begins the transaction around it; empty: none.
template <class T>
boost::asio::awaitable<pg_attempt<T>> try_operation(
    std::shared_ptr<pg_pool> pool,
    std::string begin,
    const pg_body<T>& body /* borrowed */,
    int number,
    pg_connection::deadline at
)
{
    pg_attempt<T> attempt;
    std::unique_ptr<pg_connection> connection;
    try {
        connection = co_await pool->take(at);
        connection->set_deadline(at);
        if (!begin.empty())
            co_await connection->run_all(begin);
        attempt.result = co_await body(*connection, number);
        if (!begin.empty())
            co_await connection->run_all("COMMIT");
    }
    catch (const pg_error& e) {
        attempt.result.reset();
        attempt.repeat = may_repeat(e);
        attempt.failure = std::make_exception_ptr(to_store_error(e));
    }
    catch (...) {
        attempt.result.reset();
        attempt.failure = std::current_exception();
    }
    if (connection)
        pool->give(std::move(connection));
    co_return attempt;
}

/// Runs an operation, again when its connection breaks or another one was in its way.
template <class T>
boost::asio::awaitable<T> run_operation(std::shared_ptr<pg_pool> pool, std::string begin, pg_body<T> body)
{
    constexpr int max_attempts = 5;
    const pg_connection::deadline at = std::chrono::steady_clock::now() + pool->operation_timeout();
    for (int number = 1;; ++number) {
        pg_attempt<T> attempt = co_await try_operation<T>(pool, begin, body, number, at);
        if (attempt.result)
            co_return std::move(*attempt.result);
        if (!attempt.repeat || number == max_attempts || std::chrono::steady_clock::now() >= at)
            std::rethrow_exception(attempt.failure);
        boost::asio::steady_timer pause(pool->strand(), std::chrono::milliseconds(10 * number * number));
        co_await pause.async_wait(boost::asio::use_awaitable);
    }
}

}  // namespace dedalus::stores
