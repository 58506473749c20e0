#pragma once

#include <dedalus/testing/store_conformance.hpp>

#include "support/catch.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>

#include <string>
#include <vector>

namespace test {

using dedalus::testing::check_status;
using dedalus::testing::store_check_result;

/// Runs an awaitable on the pool to its end.
template <class T>
T run_on(boost::asio::thread_pool& pool, boost::asio::awaitable<T> operation)
{
    return boost::asio::co_spawn(pool, std::move(operation), boost::asio::use_future).get();
}

/// The results of all checks, whose operations run on four threads.
inline std::vector<store_check_result> run_suite(dedalus::testing::store_conformance_options options)
{
    boost::asio::thread_pool pool(4);
    return run_on(pool, dedalus::testing::check_store(std::move(options)));
}

inline std::string failures(const std::vector<store_check_result>& results)
{
    std::string text;
    for (const store_check_result& result : results) {
        if (result.status == check_status::failed)
            text += result.name + ": " + result.problem + '\n';
    }
    return text;
}

inline std::size_t count(const std::vector<store_check_result>& results, check_status status)
{
    std::size_t n = 0;
    for (const store_check_result& result : results)
        n += result.status == status ? 1 : 0;
    return n;
}

}  // namespace test
