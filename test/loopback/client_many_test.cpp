#include <dedalus/dedalus.hpp>

#include "support/catch.hpp"
#include "support/child_process.hpp"
#include "support/process_sockets.hpp"
#include "support/run_coro.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace client_many_test {

namespace asio = boost::asio;
using namespace dedalus;
using namespace std::chrono_literals;

namespace {

// Sanitizers make each connection many times as expensive, and find in a thousand what they find in ten thousand.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool sanitized = true;
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
constexpr bool sanitized = true;
#else
constexpr bool sanitized = false;
#endif
#else
constexpr bool sanitized = false;
#endif

// Opened one after the other by each of so many coroutines, so that the queue of the listening socket has room.
constexpr std::size_t openers = 100;

constexpr auto patience = 90s;

/// What many coroutines of one thread do together.
struct crowd
{
    client c;
    std::vector<std::unique_ptr<chat_completion_stream>> streams;
    std::size_t opened = 0;
    std::size_t read = 0;       // streams that have got all their events
    std::size_t cancelled = 0;  // streams that ended by cancel()
    std::vector<std::string> problems{};
};

std::string text_of(std::size_t stream)
{
    return "stream " + std::to_string(stream);
}

asio::awaitable<void> pull_one(crowd* all, std::size_t i)
{
    const auto chunk = co_await all->streams[i]->next();
    if (!chunk || chunk->text() != text_of(i))
        all->problems.push_back(text_of(i) + " got something else");
}

asio::awaitable<void> open_some(crowd* all, std::size_t first)
{
    for (std::size_t i = first; i < all->streams.size(); i += openers) {
        const chat_completion_request request{.model = "m", .messages = {user_message{text_of(i)}}};
        chat_completion_stream stream = co_await all->c.chat_completions_stream(request);
        all->streams[i] = std::make_unique<chat_completion_stream>(std::move(stream));
        co_await pull_one(all, i);
        ++all->opened;
    }
}

asio::awaitable<void> read_until_cancelled(crowd* all, std::size_t i)
{
    co_await pull_one(all, i);
    co_await pull_one(all, i);
    ++all->read;
    try {
        const auto more = co_await all->streams[i]->next();
        all->problems.push_back(text_of(i) + (more ? " got too much" : " ended by itself"));
    }
    catch (const error& e) {
        if (e.code() == asio::error::operation_aborted)
            ++all->cancelled;
        else
            all->problems.push_back(e.what());
    }
}

template <class Condition>
void run_until(asio::io_context& context, crowd& all, Condition done)
{
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (!done()) {
        context.run_one_for(1s);
        if (!all.problems.empty() || std::chrono::steady_clock::now() > deadline)
            break;
    }
    INFO("the first problem: " << (all.problems.empty() ? std::string("too slow") : all.problems.front()));
    REQUIRE(done());
    REQUIRE(all.problems.empty());
}

std::uint16_t port_of(const std::string& url)
{
    std::uint16_t port = 0;
    const std::size_t colon = url.rfind(':');
    std::from_chars(url.data() + colon + 1, url.data() + url.size(), port);
    return port;
}

void open_read_and_cancel(std::size_t n, bool tls)
{
    test::require_descriptors(n + 100);
    test::child_process server({DEDALUS_OPEN_STREAMS_SERVER, tls ? "--tls" : "--http"});
    client_options options{.api_key = "k", .base_url = server.read_line()};
    options.tls.ca_file = server.read_line();
    const std::uint16_t port = port_of(*options.base_url);
    options.timeouts.connect = patience;
    options.timeouts.response_header = patience;
    options.timeouts.stream_idle = patience;

    asio::io_context context;
    crowd all{client(context.get_executor(), options), {}};
    all.streams.resize(n);
    const auto spawn = [&](asio::awaitable<void> coroutine) {
        asio::co_spawn(context, std::move(coroutine), [&all](std::exception_ptr failure) {
            try {
                if (failure)
                    std::rethrow_exception(failure);
            }
            catch (const std::exception& e) {
                all.problems.emplace_back(e.what());
            }
        });
    };
    const std::int64_t bytes_before = test::resident_bytes();
    for (std::size_t i = 0; i < openers; ++i)
        spawn(open_some(&all, i));
    run_until(context, all, [&] { return all.opened == n; });
    CHECK(all.c.pool_stats().active == n);
    CHECK(test::sockets_to(port).size() == n);

    for (std::size_t i = 0; i < n; ++i)
        spawn(read_until_cancelled(&all, i));
    run_until(context, all, [&] { return all.read == n; });
    const std::int64_t each = (test::resident_bytes() - bytes_before) / static_cast<std::int64_t>(n);
    std::cout << n << " open " << (tls ? "TLS" : "plain") << " streams: " << each / 1024 << " KiB each\n";

    for (const auto& stream : all.streams)
        stream->cancel();
    run_until(context, all, [&] { return all.cancelled == n; });
    CHECK(test::sockets_to(port).empty());
    const pool_stats stats = all.c.pool_stats();
    CHECK(stats.open == 0);
    CHECK(stats.opened == n);
    CHECK(stats.closed.unfinished == n);
    server.write_line("");
    CHECK(server.read_line() == "0");
}

}  // namespace

TEST_CASE("many: ten thousand streams are open in one thread, none is lost, and all end when cancelled")
{
    open_read_and_cancel(sanitized ? 1000 : 10000, false);
}

TEST_CASE("many: over TLS, thousands of streams are open in one thread, none is lost, and all end when cancelled")
{
    open_read_and_cancel(sanitized ? 300 : 3000, true);
}

}  // namespace client_many_test
