#include "stores/pg_connection.hpp"

#include "stores/pg_bound.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/error_code.hpp>
#include <boost/system/system_error.hpp>

#include <array>
#include <libpq-fe.h>

namespace dedalus::stores {

namespace asio = boost::asio;

namespace {

// Type numbers of the server (pg_type).
constexpr Oid type_bytea = 17;
constexpr Oid type_bigint = 20;
constexpr Oid type_text = 25;

std::string sqlstate_of(const PGresult* result)
{
    const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    return state ? state : "";
}

/// Waits for a socket to be readable, or writable, too, and for a time. The first that happens completes it.
struct socket_wait
{
    asio::posix::stream_descriptor& socket;
    bool for_writing;
    pg_connection::deadline deadline;

    template <class Handler>
    struct state
    {
        state(asio::posix::stream_descriptor& s, Handler h) : socket(s), timer(s.get_executor()), handler(std::move(h))
        {}

        void complete(boost::system::error_code result)
        {
            if (std::exchange(done, true))
                return;
            boost::system::error_code ignored;
            socket.cancel(ignored);
            timer.cancel();
            std::move(handler)(result);
        }

        asio::posix::stream_descriptor& socket;
        asio::steady_timer timer;
        Handler handler;
        bool done = false;
    };

    template <class Handler>
    void operator()(Handler handler)
    {
        auto s = std::make_shared<state<Handler>>(socket, std::move(handler));
        const auto ready = [s](boost::system::error_code result) { s->complete(result); };
        socket.async_wait(asio::posix::stream_descriptor::wait_read, ready);
        if (for_writing)
            socket.async_wait(asio::posix::stream_descriptor::wait_write, ready);
        if (deadline == pg_connection::deadline::max())
            return;
        s->timer.expires_at(deadline);
        s->timer.async_wait([s](boost::system::error_code) { s->complete(asio::error::timed_out); });
    }
};

}  // namespace

pg_error::pg_error(kind what, std::string sqlstate)
    : std::runtime_error("PostgreSQL " + sqlstate), kind_(what), sqlstate_(std::move(sqlstate))
{}

pg_arguments& pg_arguments::add(argument value)
{
    arguments_.push_back(std::move(value));
    return *this;
}

pg_arguments& pg_arguments::number(std::int64_t value)
{
    return add(argument{std::to_string(value), false, false, true});
}

pg_arguments& pg_arguments::text(std::string_view value)
{
    return add(argument{std::string(value), false, false, false});
}

pg_arguments& pg_arguments::bytes(std::string_view value)
{
    return add(argument{std::string(value), false, true, false});
}

pg_arguments& pg_arguments::time(std::optional<time_point> value)
{
    return value ? number(value->time_since_epoch().count()) : add(argument{"", true, false, true});
}

pg_bound::pg_bound(const pg_arguments& arguments)
{
    for (const pg_arguments::argument& argument : arguments.all()) {
        values.push_back(argument.is_null ? nullptr : argument.value.c_str());
        lengths.push_back(static_cast<int>(argument.value.size()));
        formats.push_back(argument.is_bytes ? binary : 0);
        types.push_back(argument.is_number ? type_bigint : argument.is_bytes ? type_bytea : type_text);
    }
}

pg_rows::pg_rows(pg_result* result) : result_(result, PQclear) {}

std::size_t pg_rows::size() const
{
    return static_cast<std::size_t>(PQntuples(result_.get()));
}

bool pg_rows::is_null(std::size_t row, int column) const
{
    return PQgetisnull(result_.get(), static_cast<int>(row), column) != 0;
}

std::int64_t pg_rows::number(std::size_t row, int column) const
{
    const std::string bytes = text(row, column);
    std::uint64_t value = 0;
    for (const char byte : bytes)
        value = value << 8U | static_cast<unsigned char>(byte);
    return static_cast<std::int64_t>(value);
}

std::string pg_rows::text(std::size_t row, int column) const
{
    const int r = static_cast<int>(row);
    const auto size = static_cast<std::size_t>(PQgetlength(result_.get(), r, column));
    return {PQgetvalue(result_.get(), r, column), size};
}

std::optional<time_point> pg_rows::time(std::size_t row, int column) const
{
    if (is_null(row, column))
        return {};
    return time_point(std::chrono::microseconds(number(row, column)));
}

std::int64_t pg_rows::changed() const
{
    const std::string count = PQcmdTuples(result_.get());
    return count.empty() ? 0 : std::stoll(count);
}

pg_connection::pg_connection(const asio::any_io_executor& executor) : executor_(executor), socket_(executor) {}

pg_connection::~pg_connection()
{
    // libpq closes the socket.
    if (socket_.is_open())
        socket_.release();
    PQfinish(connection_);
}

void pg_connection::adopt_socket()
{
    // libpq may have closed a socket and opened another one of the same number.
    if (socket_.is_open())
        socket_.release();
    const int number = PQsocket(connection_);
    boost::system::error_code failure;
    if (number < 0 || socket_.assign(number, failure))
        throw pg_error(pg_error::kind::lost, "");
}

asio::awaitable<void> pg_connection::wait(bool for_writing)
{
    socket_wait operation{socket_, for_writing, deadline_};
    try {
        co_await asio::async_initiate<const asio::use_awaitable_t<>, void(boost::system::error_code)>(
            std::move(operation), asio::use_awaitable
        );
    }
    catch (const boost::system::system_error& e) {
        const bool late = e.code() == asio::error::timed_out;
        throw pg_error(late ? pg_error::kind::timed_out : pg_error::kind::lost, "");
    }
}

asio::awaitable<void> pg_connection::connect(std::string connection)
{
    connection_ = PQconnectStart(connection.c_str());
    if (!connection_ || PQstatus(connection_) == CONNECTION_BAD)
        throw pg_error(pg_error::kind::lost, "");
    // Notices would go to stderr.
    PQsetNoticeProcessor(
        connection_, [](void*, const char*) {}, nullptr
    );
    PostgresPollingStatusType next = PGRES_POLLING_WRITING;
    while (next != PGRES_POLLING_OK) {
        adopt_socket();
        co_await wait(next == PGRES_POLLING_WRITING);
        next = PQconnectPoll(connection_);
        if (next == PGRES_POLLING_FAILED)
            throw pg_error(pg_error::kind::lost, "");
    }
    adopt_socket();
    if (PQsetnonblocking(connection_, 1) != 0 || PQsetClientEncoding(connection_, "UTF8") != 0)
        throw pg_error(pg_error::kind::lost, "");
}

void pg_connection::check_sent(int sent) const
{
    if (sent != 1)
        throw pg_error(pg_error::kind::lost, "");
}

// While the server does not take what is sent, it may be waiting for its own output to be read.
asio::awaitable<void> pg_connection::flush()
{
    for (;;) {
        const int left = PQflush(connection_);
        if (left == 0)
            co_return;
        if (left < 0)
            throw pg_error(pg_error::kind::lost, "");
        co_await wait(true);
        check_sent(PQconsumeInput(connection_));
    }
}

asio::awaitable<void> pg_connection::wait_for_result()
{
    while (PQisBusy(connection_) != 0) {
        co_await wait(false);
        check_sent(PQconsumeInput(connection_));
    }
}

// Of several results the last one; the first error, with a space behind it, unless there is one already.
asio::awaitable<pg_rows> pg_connection::result_of_one(std::string& refused /* borrowed */)
{
    pg_rows last;
    for (;;) {
        co_await wait_for_result();
        PGresult* result = PQgetResult(connection_);
        if (!result)
            co_return last;
        last = pg_rows(result);
        const ExecStatusType status = PQresultStatus(result);
        const bool good = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY;
        if (!good && refused.empty())
            refused = sqlstate_of(result) + ' ';
    }
}

void pg_connection::check_done(const std::string& refused) const
{
    if (PQstatus(connection_) == CONNECTION_BAD)
        throw pg_error(pg_error::kind::lost, "");
    if (!refused.empty())
        throw pg_error(pg_error::kind::refused, refused.substr(0, refused.size() - 1));
}

asio::awaitable<pg_rows> pg_connection::results()
{
    co_await flush();
    std::string refused;
    pg_rows last = co_await result_of_one(refused);
    check_done(refused);
    co_return last;
}

void pg_connection::send(const pg_statement& statement)
{
    const pg_bound bound(statement.arguments);
    check_sent(PQsendQueryParams(
        connection_,
        statement.text.c_str(),
        bound.count(),
        bound.types.data(),
        bound.values.data(),
        bound.lengths.data(),
        bound.formats.data(),
        pg_bound::binary
    ));
}

asio::awaitable<pg_rows> pg_connection::run(const pg_statement& statement /* borrowed */)
{
    send(statement);
    pg_rows rows = co_await results();
    co_return rows;
}

asio::awaitable<pg_rows> pg_connection::run(std::string statement, pg_arguments arguments)
{
    const pg_statement whole{std::move(statement), std::move(arguments)};
    pg_rows rows = co_await run(whole);
    co_return rows;
}

// Of the mark behind the statements.
asio::awaitable<void> pg_connection::end_pipeline()
{
    co_await wait_for_result();
    const pg_rows mark(PQgetResult(connection_));
    check_sent(PQexitPipelineMode(connection_));
}

asio::awaitable<std::vector<pg_rows>> pg_connection::run_together(std::vector<pg_statement> statements)
{
    check_sent(PQenterPipelineMode(connection_));
    for (const pg_statement& statement : statements)
        send(statement);
    check_sent(PQpipelineSync(connection_));
    co_await flush();
    std::string refused;
    std::vector<pg_rows> all;
    for (std::size_t i = 0; i < statements.size(); ++i) {
        pg_rows rows = co_await result_of_one(refused);
        all.push_back(std::move(rows));
    }
    if (PQstatus(connection_) != CONNECTION_BAD)
        co_await end_pipeline();
    check_done(refused);
    co_return all;
}

asio::awaitable<void> pg_connection::run_all(std::string statements)
{
    check_sent(PQsendQuery(connection_, statements.c_str()));
    co_await results();
}

asio::awaitable<std::optional<std::string>> pg_connection::next_notification()
{
    for (;;) {
        check_sent(PQconsumeInput(connection_));
        if (PGnotify* notification = PQnotifies(connection_)) {
            std::optional<std::string> payload = std::string(notification->extra);
            PQfreemem(notification);
            co_return payload;
        }
        if (std::chrono::steady_clock::now() >= deadline_)
            co_return std::nullopt;
        bool late = false;
        try {
            co_await wait(false);
        }
        catch (const pg_error& e) {
            late = e.what_kind() == pg_error::kind::timed_out;
            if (!late)
                throw;
        }
    }
}

bool pg_connection::is_idle() const
{
    return PQstatus(connection_) == CONNECTION_OK && PQtransactionStatus(connection_) == PQTRANS_IDLE;
}

}  // namespace dedalus::stores
