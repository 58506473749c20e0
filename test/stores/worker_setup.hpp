#pragma once

#ifdef DEDALUS_WITH_SQLITE
#include <dedalus/stores/sqlite.hpp>
#endif
#ifdef DEDALUS_WITH_POSTGRES
#include <dedalus/stores/postgres.hpp>
#endif
#include <dedalus/stores/run_store.hpp>

#include <boost/asio/io_context.hpp>

#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <unistd.h>

namespace test {

/// The store that the command line of a worker names: "sqlite" and a file, or "postgres" and a connection.
inline std::shared_ptr<dedalus::run_store>
open_store(const std::string& kind, const std::string& where, [[maybe_unused]] boost::asio::io_context& context)
{
#ifdef DEDALUS_WITH_SQLITE
    // Workers are killed, not their machine: what the system has is not lost.
    dedalus::sqlite_store_options options;
    options.full_sync = false;
    if (kind == "sqlite")
        return std::make_shared<dedalus::sqlite_run_store>(where, options);
#endif
#ifdef DEDALUS_WITH_POSTGRES
    if (kind == "postgres")
        return std::make_shared<dedalus::postgres_run_store>(context.get_executor(), where);
#endif
    std::_Exit(2);
}

/// Whoever started the process is gone when its input ends.
inline void leave_when_input_ends()
{
    std::thread([] {
        char c = 0;
        while (::read(STDIN_FILENO, &c, 1) > 0) {
        }
        std::_Exit(0);
    }).detach();
}

}  // namespace test
