#pragma once

#include "support/background_program.hpp"

#include <string>
#include <sys/types.h>

namespace test {

/// A PostgreSQL server of its own, in a temporary folder, that listens on a Unix socket in it alone. Of the newest
/// version that is installed. Goes with the object, and with the thread that made it.
class postgres_server
{
public:
    enum class durability
    {
        none,  ///< nothing is synced to the disk: faster, and safe as long as the machine stands
        full,
    };

    /// Throws runtime_error when it does not start within a minute.
    explicit postgres_server(durability d = durability::none);
    ~postgres_server();

    postgres_server(const postgres_server&) = delete;
    postgres_server& operator=(const postgres_server&) = delete;

    /// Ends it at once, as a crash does. What was committed is there again after start().
    void stop();
    void start();

    /// How libpq finds a database of it.
    std::string connection(const std::string& database = "postgres") const;

    /// Makes a new, empty database and gives how to find it.
    std::string new_database();

    /// Where all its files are.
    std::string folder() const { return folder_.path(""); }

    /// Runs a statement as another client, and gives the first value of its answer.
    std::string execute(const std::string& statement, const std::string& database = "postgres") const;

private:
    void wait_until_ready();

    temporary_folder folder_;
    std::string programs_;
    durability durability_;
    pid_t process_ = 0;
    int databases_ = 0;
};

}  // namespace test
