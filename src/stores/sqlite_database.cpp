#include "stores/sqlite_database.hpp"

#include <dedalus/stores/store_error.hpp>

#include <limits>
#include <sqlite3.h>

namespace dedalus::stores {

namespace {

store_errc reason_of(int code)
{
    switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_INTERRUPT:
        return store_errc::busy;
    case SQLITE_CORRUPT:
        return store_errc::damaged;
    case SQLITE_NOTADB:
        return store_errc::wrong_format;
    default:
        return store_errc::unavailable;
    }
}

[[noreturn]] void fail(int code)
{
    throw store_error(reason_of(code), std::string("SQLite: ") + sqlite3_errstr(code));
}

void expect(int code)
{
    if (code != SQLITE_OK)
        fail(code);
}

}  // namespace

sqlite_query::~sqlite_query()
{
    if (!statement_)
        return;
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
}

void sqlite_query::bind(int index, std::int64_t value)
{
    expect(sqlite3_bind_int64(statement_, index, value));
}

void sqlite_query::bind(int index, std::string_view text)
{
    const char* data = text.data() ? text.data() : "";
    expect(sqlite3_bind_text64(statement_, index, data, text.size(), SQLITE_STATIC, SQLITE_UTF8));
}

void sqlite_query::bind(int index, blob value)
{
    const char* data = value.bytes.data() ? value.bytes.data() : "";
    expect(sqlite3_bind_blob64(statement_, index, data, value.bytes.size(), SQLITE_STATIC));
}

void sqlite_query::bind(int index, std::optional<time_point> time)
{
    if (time)
        bind(index, std::int64_t{time->time_since_epoch().count()});
    else
        expect(sqlite3_bind_null(statement_, index));
}

bool sqlite_query::next()
{
    const int code = sqlite3_step(statement_);
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        fail(code);
    return code == SQLITE_ROW;
}

std::int64_t sqlite_query::number(int column) const
{
    return sqlite3_column_int64(statement_, column);
}

std::string sqlite_query::text(int column) const
{
    return bytes(column);
}

std::string sqlite_query::bytes(int column) const
{
    const auto* data = static_cast<const char*>(sqlite3_column_blob(statement_, column));
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
    return data ? std::string(data, size) : std::string();
}

std::optional<time_point> sqlite_query::time(int column) const
{
    if (is_null(column))
        return {};
    return time_point(std::chrono::microseconds(number(column)));
}

bool sqlite_query::is_null(int column) const
{
    return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

sqlite_database::sqlite_database(const std::string& path, std::chrono::milliseconds busy_timeout)
{
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    const int code = sqlite3_open_v2(path.c_str(), &database_, flags, nullptr);
    if (code != SQLITE_OK) {
        sqlite3_close(database_);
        fail(code);
    }
    sqlite3_busy_timeout(database_, static_cast<int>(busy_timeout.count()));
}

sqlite_database::~sqlite_database()
{
    for (const auto& [text, statement] : statements_)
        sqlite3_finalize(statement);
    if (ours_)
        sqlite3_close(database_);
}

void sqlite_database::execute(const char* statements)
{
    expect(sqlite3_exec(database_, statements, nullptr, nullptr, nullptr));
}

sqlite3_stmt* sqlite_database::prepare(const char* text)
{
    sqlite3_stmt*& statement = statements_[text];
    if (!statement)
        expect(sqlite3_prepare_v3(database_, text, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr));
    return statement;
}

std::int64_t sqlite_database::changes() const
{
    return sqlite3_changes64(database_);
}

std::int64_t sqlite_database::number(const char* text)
{
    sqlite_query q = query(text);
    return q.next() ? q.number(0) : 0;
}

void sqlite_database::checkpoint() noexcept
{
    sqlite3_wal_checkpoint_v2(database_, nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
}

bool sqlite_database::in_transaction() const
{
    return sqlite3_get_autocommit(database_) == 0;
}

bool sqlite_database::has_file() const
{
    const char* const name = sqlite3_db_filename(database_, "main");
    return name != nullptr && *name != '\0';
}

}  // namespace dedalus::stores
