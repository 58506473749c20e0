// dedalus-runs: looks into a store of runs, and decides for runs that wait.

#include <dedalus/error.hpp>
#include <dedalus/stores/encrypted.hpp>
#ifdef DEDALUS_WITH_SQLITE
#include <dedalus/stores/sqlite.hpp>
#endif
#ifdef DEDALUS_WITH_POSTGRES
#include <dedalus/stores/postgres.hpp>
#endif

#include "runs_program/arguments.hpp"
#include "runs_program/commands.hpp"
#include "runs_program/printable.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace {

namespace program = dedalus::runs_program;

std::shared_ptr<dedalus::run_store> open_store(boost::asio::io_context& context, const program::arguments& what)
{
    static_cast<void>(context);
    if (!what.sqlite.empty()) {
#ifdef DEDALUS_WITH_SQLITE
        std::error_code ignored;
        if (what.what != program::command::import_run && !std::filesystem::exists(what.sqlite, ignored))
            throw program::refused("there is no file " + program::plain(what.sqlite));
        return std::make_shared<dedalus::sqlite_run_store>(what.sqlite);
#else
        throw program::refused("this dedalus-runs was built without SQLite");
#endif
    }
#ifdef DEDALUS_WITH_POSTGRES
    return std::make_shared<dedalus::postgres_run_store>(context.get_executor(), what.postgres);
#else
    throw program::refused("this dedalus-runs was built without PostgreSQL");
#endif
}

std::shared_ptr<dedalus::run_store> with_keys(std::shared_ptr<dedalus::run_store> store, const std::string& file)
{
    if (file.empty())
        return store;
    const std::vector<std::string> keys = dedalus::read_store_keys(file);
    return std::make_shared<dedalus::encrypted_run_store>(std::move(store), [keys] { return keys; });
}

void run(const program::arguments& what)
{
    boost::asio::io_context context;
    const std::shared_ptr<dedalus::run_store> store = with_keys(open_store(context, what), what.keys);
    std::exception_ptr failure;
    boost::asio::co_spawn(context, program::run_command(what, store), [&failure](std::exception_ptr thrown) {
        failure = std::move(thrown);
    });
    context.run();
    if (failure)
        std::rethrow_exception(failure);
}

}  // namespace

int main(int argc, char** argv)
{
    try {
        const auto what = program::parse_arguments(std::vector<std::string>(argv + 1, argv + argc));
        if (what)
            run(*what);
        else
            std::cout << program::usage_text();
        return 0;
    }
    catch (const program::usage_error& e) {
        std::cerr << "dedalus-runs: " << program::plain(e.what()) << "\n\n" << program::usage_text();
        return 2;
    }
    catch (const std::exception& e) {
        std::cerr << "dedalus-runs: " << e.what() << '\n';
        return 1;
    }
}
