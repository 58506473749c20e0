#pragma once

#include <dedalus/stores/records.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

struct pg_conn;
struct pg_result;

namespace dedalus::stores {

/// What the server or the connection refused. Inside the store only: what leaves it is a store_error.
class pg_error : public std::runtime_error
{
public:
    enum class kind
    {
        refused,    ///< by the server, see sqlstate()
        lost,       ///< the connection is broken
        timed_out,  ///< the time is over; the connection is of no more use
    };

    pg_error(kind what, std::string sqlstate);

    kind what_kind() const noexcept { return kind_; }

    const std::string& sqlstate() const noexcept { return sqlstate_; }

private:
    kind kind_;
    std::string sqlstate_;
};

/// The arguments of a statement, in order.
class pg_arguments
{
public:
    pg_arguments& number(std::int64_t value);
    pg_arguments& text(std::string_view value);
    pg_arguments& bytes(std::string_view value);
    pg_arguments& time(std::optional<time_point> value);

    struct argument
    {
        std::string value{};
        bool is_null = false;
        bool is_bytes = false;
        bool is_number = false;
    };

    const std::vector<argument>& all() const noexcept { return arguments_; }

private:
    pg_arguments& add(argument value);

    std::vector<argument> arguments_;
};

/// A statement with its arguments.
struct pg_statement
{
    std::string text{};
    pg_arguments arguments{};
};

/// Rows of a statement.
class pg_rows
{
public:
    explicit pg_rows(pg_result* result = nullptr);

    std::size_t size() const;
    bool is_null(std::size_t row, int column) const;
    std::int64_t number(std::size_t row, int column) const;  ///< of a bigint
    std::string text(std::size_t row, int column) const;     ///< of a text or a bytea
    std::optional<time_point> time(std::size_t row, int column) const;

    /// Rows that the statement inserted, changed or removed.
    std::int64_t changed() const;

private:
    std::shared_ptr<pg_result> result_;
};

/// A connection through libpq, without blocking. All of it on one strand, one operation at a time. When an operation
/// throws pg_error of another kind than `refused`, the connection has to be dropped.
class pg_connection
{
public:
    using deadline = std::chrono::steady_clock::time_point;

    explicit pg_connection(const boost::asio::any_io_executor& executor);
    ~pg_connection();

    pg_connection(const pg_connection&) = delete;
    pg_connection& operator=(const pg_connection&) = delete;

    /// What follows ends with pg_error(timed_out) when this has passed.
    void set_deadline(deadline at) { deadline_ = at; }

    boost::asio::awaitable<void> connect(std::string connection);

    /// One statement. Throws pg_error.
    boost::asio::awaitable<pg_rows> run(std::string statement, pg_arguments arguments);
    boost::asio::awaitable<pg_rows> run(const pg_statement& statement /* borrowed */);

    /// Several statements, sent at once and done in order; what each of them gave. The first that fails is the last
    /// one. Throws pg_error.
    boost::asio::awaitable<std::vector<pg_rows>> run_together(std::vector<pg_statement> statements);

    /// Statements without arguments and results.
    boost::asio::awaitable<void> run_all(std::string statements);

    /// The payload of a notification that has come, or comes before the deadline; nothing: none came.
    boost::asio::awaitable<std::optional<std::string>> next_notification();

    /// Not in a transaction, and nothing is on its way.
    bool is_idle() const;

private:
    struct wait_state;

    boost::asio::awaitable<void> wait(bool for_writing);
    boost::asio::awaitable<void> flush();
    boost::asio::awaitable<void> wait_for_result();
    boost::asio::awaitable<pg_rows> result_of_one(std::string& refused /* borrowed */);
    boost::asio::awaitable<pg_rows> results();
    boost::asio::awaitable<void> end_pipeline();
    void send(const pg_statement& statement);
    void check_done(const std::string& refused) const;
    void adopt_socket();
    void check_sent(int sent) const;

    boost::asio::any_io_executor executor_;
    pg_conn* connection_ = nullptr;
    boost::asio::posix::stream_descriptor socket_;
    deadline deadline_ = deadline::max();
};

}  // namespace dedalus::stores
