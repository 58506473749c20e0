#pragma once

#include <dedalus/stores/postgres.hpp>

#include "stores/pg_connection.hpp"
#include "stores/postgres_server.hpp"
#include "stores/store_suite.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <openssl/crypto.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>

namespace test {

/// One server and some threads for all tests of the program.
struct postgres_scene
{
    /// What first uses OpenSSL makes it load its configuration. A thread that does so leaves its error state behind
    /// when it ends, which LeakSanitizer finds.
    postgres_scene() { OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, nullptr); }

    boost::asio::thread_pool threads{4};
    postgres_server server{};

    static postgres_scene& get()
    {
        static postgres_scene scene;
        return scene;
    }

    std::shared_ptr<dedalus::postgres_run_store>
    open(const std::string& connection, dedalus::postgres_store_options options = {})
    {
        return std::make_shared<dedalus::postgres_run_store>(threads.get_executor(), connection, options);
    }

    /// A store with its tables, and a run "order-1" that nobody has acquired.
    std::shared_ptr<dedalus::postgres_run_store>
    open_with_run(const std::string& connection, dedalus::postgres_store_options options = {})
    {
        auto store = open(connection, options);
        run_on(threads, store->migrate());
        dedalus::stores::create_request request;
        request.run_id = "order-1";
        request.head.bytes = "{}";
        request.op_id = "create";
        run_on(threads, store->create(std::move(request)));
        return store;
    }

    template <class T>
    T run(boost::asio::awaitable<T> operation)
    {
        return run_on(threads, std::move(operation));
    }

    /// Waits until so many clients of the database wait for a lock.
    void wait_for_blocked(int n)
    {
        const std::string question = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
        for (int i = 0; i < 1000 && server.execute(question) != std::to_string(n); ++i)
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
};

/// Another client, whose transactions a test holds open. Through the connection of the store, used from one thread.
class raw_client
{
public:
    explicit raw_client(const std::string& connection) : connection_(context_.get_executor())
    {
        run(connection_.connect(connection));
    }

    void execute(const std::string& statements) { run(connection_.run_all(statements)); }

    template <class T>
    T run(boost::asio::awaitable<T> operation)
    {
        context_.restart();
        auto result = boost::asio::co_spawn(context_, std::move(operation), boost::asio::use_future);
        context_.run();
        return result.get();
    }

    std::int64_t number(const std::string& statement)
    {
        return run(connection_.run(statement, dedalus::stores::pg_arguments())).number(0, 0);
    }

    dedalus::stores::pg_connection& connection() { return connection_; }

private:
    boost::asio::io_context context_;
    dedalus::stores::pg_connection connection_;
};

}  // namespace test
