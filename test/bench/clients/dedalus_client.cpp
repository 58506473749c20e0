// The SDK, used as its README says: retries, time limits, request ids and the accumulator are on.

#include <dedalus/dedalus.hpp>

#include "measurement.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <exception>
#include <optional>
#include <string>
#include <variant>

namespace asio = boost::asio;

namespace {

void rethrow(const std::exception_ptr& failure)
{
    if (failure)
        std::rethrow_exception(failure);
}

dedalus::chat_completion_request make_request(bool stream)
{
    dedalus::chat_completion_request request{
        .model = "gpt-5-nano",
        .messages = {dedalus::user_message{"What is the capital of France?"}},
    };
    if (stream)
        request.stream_options = dedalus::stream_options{.include_usage = true};
    return request;
}

void add(const dedalus::chat_completion_chunk& chunk, bench::decoded& result)
{
    ++result.items;
    if (chunk.usage)
        result.total_tokens += chunk.usage->total_tokens;
    for (const dedalus::chunk_choice& choice : chunk.choices) {
        if (choice.delta.content) {
            if (const auto* text = std::get_if<std::string>(&*choice.delta.content))
                result.text += *text;
        }
        for (const dedalus::tool_call_delta& call : choice.delta.tool_calls) {
            if (call.function && call.function->arguments)
                result.arguments += *call.function->arguments;
        }
    }
}

asio::awaitable<void> ask(dedalus::client client, std::size_t count, bench::decoded* result)
{
    const dedalus::chat_completion_request request = make_request(false);
    for (std::size_t i = 0; i < count; ++i) {
        const dedalus::chat_completion answer = co_await client.chat_completions(request);
        ++result->items;
        result->text += answer.text();
        result->total_tokens += answer.usage ? answer.usage->total_tokens : 0;
    }
}

asio::awaitable<void> pull(dedalus::client client, std::size_t count, bench::decoded* result)
{
    const dedalus::chat_completion_request request = make_request(true);
    for (std::size_t i = 0; i < count; ++i) {
        dedalus::chat_completion_stream stream = co_await client.chat_completions_stream(request);
        while (auto chunk = co_await stream.next())
            add(*chunk, *result);
    }
}

struct crowd
{
    crowd(const bench::task& work, const dedalus::client_options& options)
        : client(io.get_executor(), options), run(work), window(static_cast<int>(work.warm_up))
    {}

    asio::io_context io{1};
    dedalus::client client;
    bench::slow_run run;
    std::chrono::seconds window;
};

asio::awaitable<void> measure(crowd* all)
{
    asio::steady_timer timer(all->io, std::chrono::seconds(1));
    co_await timer.async_wait(asio::use_awaitable);
    all->run.start();
    timer.expires_after(all->window);
    co_await timer.async_wait(asio::use_awaitable);
    all->run.stop();
    all->run.print();
    all->io.stop();
}

asio::awaitable<void> read_slowly(crowd* all, std::size_t number)
{
    const dedalus::chat_completion_request request = make_request(true);
    dedalus::chat_completion_stream stream = co_await all->client.chat_completions_stream(request);
    for (bool first = true; auto chunk = co_await stream.next(); first = false) {
        all->run.event(number, chunk->text());
        if (!first)
            continue;
        if (const std::optional<std::size_t> next = all->run.next())
            asio::co_spawn(all->io, read_slowly(all, *next), rethrow);
        else if (all->run.all_open())
            asio::co_spawn(all->io, measure(all), rethrow);
    }
}

void run_slow(const bench::task& work, const dedalus::client_options& options)
{
    crowd all(work, options);
    for (std::size_t i = 0; i < bench::slow_run::openers; ++i) {
        if (const std::optional<std::size_t> next = all.run.next())
            asio::co_spawn(all.io, read_slowly(&all, *next), rethrow);
    }
    all.io.run();
}

}  // namespace

int main(int argc, char** argv)
{
    const bench::task work = bench::read_command_line(argc, argv);
    dedalus::client_options options{.api_key = "bench", .base_url = work.base_url};
    options.tls.ca_file = work.ca_file;
    if (work.mode == "slow") {
        run_slow(work, options);
        return 0;
    }

    asio::io_context io{1};
    const dedalus::client client{io.get_executor(), options};
    const auto go = [&](std::size_t count, bench::decoded* result) {
        asio::co_spawn(io, work.mode == "unary" ? ask(client, count, result) : pull(client, count, result), rethrow);
        io.run();
        io.restart();
    };
    bench::decoded ignored;
    go(work.warm_up, &ignored);
    bench::decoded result;
    bench::meter spent;
    spent.start();
    go(work.count, &result);
    spent.stop();
    bench::print_result(spent, result.items, 0, result.digest());
}
