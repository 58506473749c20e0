#include "client/key_cache.hpp"

#include "support/catch.hpp"
#include "support/run_coro.hpp"
#include "testing/credential_opener.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/json/serialize.hpp>

#include <memory>

namespace key_cache_test {

namespace asio = boost::asio;
using namespace dedalus;
using namespace std::chrono_literals;

namespace {

constexpr key_cache::time_point begin{1h};

key_cache::key some_key()
{
    testing::credential_opener opener;
    return std::make_shared<const crypto::credential_sealer>(
        crypto::encryption_key(boost::json::serialize(opener.key_set()))
    );
}

}  // namespace

TEST_CASE("a key is kept for ten minutes")
{
    key_cache cache;
    CHECK(cache.find(begin) == nullptr);
    const key_cache::key key = some_key();
    cache.store(key, begin);
    CHECK(cache.find(begin) == key);
    CHECK(cache.find(begin + 10min - 1ms) == key);
    CHECK(cache.find(begin + 10min) == nullptr);
    cache.store(key, begin + 10min);
    CHECK(cache.find(begin + 19min) == key);
}

TEST_CASE("one fetches the key, the others are told when that has ended")
{
    asio::io_context context;
    const auto make_event = [&context] { return std::make_shared<net::wake_up>(context.get_executor()); };
    key_cache cache;
    const auto first = make_event();
    const auto second = make_event();
    const auto third = make_event();
    CHECK(cache.begin_fetch(first));
    CHECK_FALSE(cache.begin_fetch(second));
    CHECK_FALSE(cache.begin_fetch(third));
    cache.end_fetch();
    test::run_coro_on(context, second->wait());
    context.restart();
    test::run_coro_on(context, third->wait());
    CHECK(cache.begin_fetch(first));  // the next one
}

}  // namespace key_cache_test
