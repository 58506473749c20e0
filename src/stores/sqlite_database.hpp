#pragma once

#include <dedalus/stores/records.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

struct sqlite3;
struct sqlite3_stmt;

namespace dedalus::stores {

/// Bytes that go into a BLOB column. A std::string_view goes into a TEXT column.
struct blob
{
    std::string_view bytes;
};

/// A prepared statement in use: arguments in, rows out. Reset when it goes.
class sqlite_query
{
public:
    explicit sqlite_query(sqlite3_stmt* statement) : statement_(statement) {}

    ~sqlite_query();

    sqlite_query(sqlite_query&& other) noexcept : statement_(std::exchange(other.statement_, nullptr)) {}

    sqlite_query& operator=(sqlite_query&&) = delete;

    // The bytes must stay as they are while the query is in use.
    void bind(int index, std::int64_t value);
    void bind(int index, std::string_view text);
    void bind(int index, blob bytes);
    void bind(int index, std::optional<time_point> time);

    /// False at the end.
    bool next();

    std::int64_t number(int column) const;
    std::string text(int column) const;
    std::string bytes(int column) const;
    std::optional<time_point> time(int column) const;
    bool is_null(int column) const;

private:
    sqlite3_stmt* statement_;
};

/// A connection. Its errors are store_error, without the text that SQLite makes of a statement. One thread at a time.
class sqlite_database
{
public:
    sqlite_database(const std::string& path, std::chrono::milliseconds busy_timeout);

    /// Over a connection of somebody else, who closes it.
    explicit sqlite_database(sqlite3* connection) : database_(connection), ours_(false) {}

    ~sqlite_database();

    sqlite_database(const sqlite_database&) = delete;
    sqlite_database& operator=(const sqlite_database&) = delete;

    /// Statements without arguments and results.
    void execute(const char* statements);

    /// A statement, which is kept prepared.
    template <class... Arguments>
    sqlite_query query(const char* text, const Arguments&... arguments)
    {
        sqlite_query q(prepare(text));
        int index = 0;
        (q.bind(++index, arguments), ...);
        return q;
    }

    /// Runs a statement that gives no rows; how many rows it changed.
    template <class... Arguments>
    std::int64_t run(const char* text, const Arguments&... arguments)
    {
        sqlite_query q = query(text, arguments...);
        q.next();
        return changes();
    }

    std::int64_t number(const char* text);

    /// Moves the log into the file, as far as nobody is in the way.
    void checkpoint() noexcept;

    bool in_transaction() const;

    /// False: it is in memory, and no other connection sees it.
    bool has_file() const;

private:
    sqlite3_stmt* prepare(const char* text);
    std::int64_t changes() const;

    sqlite3* database_ = nullptr;
    bool ours_ = true;
    std::map<const char*, sqlite3_stmt*> statements_;
};

}  // namespace dedalus::stores
