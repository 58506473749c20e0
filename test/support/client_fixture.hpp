#pragma once

#include <dedalus/client.hpp>
#include <dedalus/testing/server.hpp>

#include "support/run_coro.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <exception>
#include <optional>
#include <string>
#include <vector>

namespace test {

/// Options that reach the server and do not wait long between attempts.
inline dedalus::client_options options_for(const dedalus::testing::server& server)
{
    dedalus::client_options options;
    options.api_key = "test-key";
    options.base_url = server.url();
    options.tls.ca_file = server.ca_file();
    options.retry.initial_backoff = std::chrono::milliseconds(1);
    options.retry.max_backoff = std::chrono::milliseconds(2);
    return options;
}

inline dedalus::testing::server_options plain_http()
{
    dedalus::testing::server_options options;
    options.tls = false;
    return options;
}

inline dedalus::chat_completion_request hello()
{
    return {.model = "openai/gpt-5-nano", .messages = {dedalus::user_message{"Hello"}}};
}

inline boost::asio::awaitable<dedalus::chat_completion>
ask(boost::asio::any_io_executor executor, dedalus::client_options options, dedalus::chat_completion_request request)
{
    dedalus::client client(executor, std::move(options));
    co_return co_await client.chat_completions(request);
}

/// One request over a client of its own.
inline dedalus::chat_completion ask(dedalus::client_options options, dedalus::chat_completion_request request = hello())
{
    return run_coro([&](boost::asio::any_io_executor executor) { return ask(executor, options, request); });
}

/// What a stream gave, its failure included.
struct stream_outcome
{
    std::vector<dedalus::chat_completion_chunk> chunks;
    dedalus::chat_completion completion;
    std::exception_ptr failure;
    bool ended_after_failure = false;  ///< one more next() gave nothing

    std::string text() const
    {
        std::string all;
        for (const auto& chunk : chunks)
            all += chunk.text();
        return all;
    }

    void rethrow() const
    {
        if (failure)
            std::rethrow_exception(failure);
    }
};

inline boost::asio::awaitable<stream_outcome> read_stream(
    boost::asio::any_io_executor executor, dedalus::client_options options, dedalus::chat_completion_request request
)
{
    dedalus::client client(executor, std::move(options));
    dedalus::chat_completion_stream stream = co_await client.chat_completions_stream(request);
    stream_outcome outcome;
    try {
        while (auto chunk = co_await stream.next())
            outcome.chunks.push_back(std::move(*chunk));
    }
    catch (const std::exception&) {
        outcome.failure = std::current_exception();
    }
    const auto after = co_await stream.next();
    outcome.ended_after_failure = !after.has_value();
    outcome.completion = stream.completion();
    co_return outcome;
}

/// One stream over a client of its own, read to its end. What goes wrong before the stream is open is thrown.
inline stream_outcome read_stream(dedalus::client_options options, dedalus::chat_completion_request request = hello())
{
    return run_coro([&](boost::asio::any_io_executor executor) { return read_stream(executor, options, request); });
}

}  // namespace test
