#include "stores/postgres_server.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <libpq-fe.h>
#include <memory>
#include <spawn.h>
#include <stdexcept>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

extern char** environ;

namespace test {

namespace fs = std::filesystem;

namespace {

// "nobody": the server refuses to run as root.
constexpr uid_t unprivileged = 65534;

std::string find_programs()
{
    std::vector<std::string> found;
    for (const fs::directory_entry& version : fs::directory_iterator("/usr/lib/postgresql")) {
        if (fs::exists(version.path() / "bin/initdb"))
            found.push_back((version.path() / "bin").string());
    }
    if (found.empty())
        throw std::runtime_error("PostgreSQL is not installed. Debian package: postgresql-15");
    return *std::ranges::max_element(found);
}

std::vector<std::string> as_server(std::vector<std::string> command)
{
    std::vector<std::string> whole = {"/usr/bin/setpriv", "--pdeathsig", "QUIT"};
    if (::geteuid() == 0)
        whole.insert(whole.end(), {"--reuid=65534", "--regid=65534", "--clear-groups"});
    whole.insert(whole.end(), command.begin(), command.end());
    return whole;
}

pid_t spawn(std::vector<std::string> command, const std::string& log)
{
    std::vector<char*> arguments;
    for (std::string& word : command)
        arguments.push_back(word.data());
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    ::posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
    pid_t process = 0;
    const int failed = ::posix_spawn(&process, arguments[0], &actions, nullptr, arguments.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    if (failed != 0)
        throw std::runtime_error("cannot start " + command[0]);
    return process;
}

}  // namespace

postgres_server::postgres_server(durability d) : programs_(find_programs()), durability_(d)
{
    const std::string root = folder_.path("");
    if (::geteuid() == 0 && ::chown(root.c_str(), unprivileged, unprivileged) != 0)
        throw std::runtime_error("cannot give the folder of PostgreSQL away");
    const pid_t initdb = spawn(
        as_server(
            {programs_ + "/initdb",
             "-D",
             folder_.path("data"),
             "-U",
             "tester",
             "-A",
             "trust",
             "-E",
             "UTF8",
             "--no-locale",
             "--no-sync"}
        ),
        folder_.path("initdb.log")
    );
    int status = 0;
    ::waitpid(initdb, &status, 0);
    if (status != 0)
        throw std::runtime_error("initdb failed: " + folder_.read("initdb.log"));
    start();
}

void postgres_server::start()
{
    process_ = spawn(
        as_server(
            {programs_ + "/postgres",
             "-D",
             folder_.path("data"),
             "-k",
             folder_.path(""),
             "-c",
             "listen_addresses=",
             "-c",
             durability_ == durability::full ? "fsync=on" : "fsync=off",
             "-c",
             "shared_buffers=16MB",
             "-c",
             "max_connections=60",
             "-c",
             "autovacuum=off"}
        ),
        folder_.path("server.log")
    );
    wait_until_ready();
}

void postgres_server::wait_until_ready()
{
    const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (PQping(connection().c_str()) != PQPING_OK) {
        if (std::chrono::steady_clock::now() > end || ::waitpid(process_, nullptr, WNOHANG) != 0)
            throw std::runtime_error("PostgreSQL does not start: " + folder_.read("server.log"));
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
}

postgres_server::~postgres_server()
{
    stop();
}

void postgres_server::stop()
{
    if (process_ == 0)
        return;
    ::kill(process_, SIGQUIT);
    ::waitpid(process_, nullptr, 0);
    process_ = 0;
}

std::string postgres_server::connection(const std::string& database) const
{
    return "host=" + folder_.path("") + " user=tester dbname=" + database;
}

std::string postgres_server::new_database()
{
    const std::string name = "runs" + std::to_string(++databases_);
    execute("CREATE DATABASE " + name);
    return connection(name);
}

std::string postgres_server::execute(const std::string& statement, const std::string& database) const
{
    const std::unique_ptr<PGconn, decltype(&PQfinish)> c(PQconnectdb(connection(database).c_str()), PQfinish);
    const std::unique_ptr<PGresult, decltype(&PQclear)> result(PQexec(c.get(), statement.c_str()), PQclear);
    const ExecStatusType status = PQresultStatus(result.get());
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        throw std::runtime_error(PQerrorMessage(c.get()));
    return PQntuples(result.get()) > 0 && PQnfields(result.get()) > 0 ? PQgetvalue(result.get(), 0, 0) : "";
}

}  // namespace test
