#include "stores/pg_pool.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/system/error_code.hpp>

#include <utility>

namespace dedalus::stores {

namespace asio = boost::asio;

bool may_repeat(const pg_error& e)
{
    if (e.what_kind() == pg_error::kind::lost)
        return true;
    const std::string& state = e.sqlstate();
    // Serialization, deadlock, a row that somebody else inserted meanwhile, the server going down.
    return state == "40001" || state == "40P01" || state == "23505" || state.starts_with("57P");
}

store_error to_store_error(const pg_error& e)
{
    const std::string& state = e.sqlstate();
    if (e.what_kind() == pg_error::kind::timed_out || state == "57014" || state == "55P03")
        return {store_errc::busy, "PostgreSQL did not do it in time"};
    if (e.what_kind() == pg_error::kind::lost)
        return {store_errc::unavailable, "no connection to PostgreSQL"};
    if (state == "42P01")
        return {store_errc::wrong_format, "the tables are not there: call migrate()"};
    return {store_errc::unavailable, "PostgreSQL refused it with SQLSTATE " + state};
}

pg_pool::pg_pool(asio::any_io_executor executor, std::string connection, postgres_store_options options)
    : strand_(std::move(executor)), connection_(std::move(connection)), options_(options)
{}

asio::awaitable<std::unique_ptr<pg_connection>> pg_pool::take(pg_connection::deadline at)
{
    while (idle_.empty() && open_ >= options_.max_connections) {
        auto turn = std::make_shared<asio::steady_timer>(strand_, at);
        waiting_.push_back(turn);
        boost::system::error_code woken;
        co_await turn->async_wait(asio::redirect_error(asio::use_awaitable, woken));
        std::erase(waiting_, turn);
        if (!woken.failed())
            throw pg_error(pg_error::kind::timed_out, "");
    }
    if (idle_.empty())
        co_return co_await open(at);
    std::unique_ptr<pg_connection> connection = std::move(idle_.back());
    idle_.pop_back();
    co_return connection;
}

asio::awaitable<std::unique_ptr<pg_connection>> pg_pool::open(pg_connection::deadline at)
{
    ++open_;
    auto connection = std::make_unique<pg_connection>(strand_);
    connection->set_deadline(at);
    std::exception_ptr failure;
    try {
        co_await connection->connect(connection_);
        // The server stops what nobody waits for any more.
        co_await connection->run_all("SET statement_timeout = " + std::to_string(options_.operation_timeout.count()));
    }
    catch (const pg_error&) {
        failure = std::current_exception();
    }
    if (failure) {
        --open_;
        wake_next();
        std::rethrow_exception(failure);
    }
    co_return connection;
}

void pg_pool::give(std::unique_ptr<pg_connection> connection)
{
    if (connection->is_idle())
        idle_.push_back(std::move(connection));
    else
        --open_;
    wake_next();
}

void pg_pool::wake_next()
{
    if (waiting_.empty())
        return;
    const std::shared_ptr<asio::steady_timer> turn = std::move(waiting_.front());
    waiting_.pop_front();
    turn->cancel();
}

}  // namespace dedalus::stores
