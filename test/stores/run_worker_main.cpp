// Follows the runs of a store until it is killed, or until there is nothing left to do.
//
// Usage: dedalus_run_worker (sqlite <file> | postgres <connection>) <base url> <trace file> (work | finish) <number>

#include <dedalus/handoff/handoff_loop.hpp>

#include "stores/traced_store.hpp"
#include "stores/worker_setup.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <chrono>
#include <exception>
#include <iostream>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>

namespace asio = boost::asio;
namespace json = boost::json;

namespace {

constexpr int runs_at_once = 4;
constexpr std::size_t fought_over = 4;  // all workers go for the same few runs

struct work
{
    std::shared_ptr<dedalus::run_store> store;
    std::unique_ptr<dedalus::handoff_loop> loop;
    test::trace_file traces;
    bool finishes = false;
    std::string number;
    std::mt19937 random{std::random_device{}()};
    int begun = 0;
};

asio::awaitable<void> pause(work& w)  // borrowed
{
    asio::steady_timer timer(co_await asio::this_coro::executor);
    timer.expires_after(std::chrono::microseconds(w.random() % 2000));
    co_await timer.async_wait(asio::use_awaitable);
}

asio::awaitable<json::value> act(work& w, std::string key)  // borrowed: w
{
    co_await pause(w);
    w.traces.add("effect " + key);
    co_await pause(w);
    co_return json::string(key + " done");
}

void add(dedalus::tool_registry& tools, work& w, const std::string& name, dedalus::tool_effect effect)
{
    dedalus::function_definition definition;
    definition.name = name;
    dedalus::tool_options options;
    options.effect = effect;
    tools.add(
        std::move(definition),
        [&w](json::object, dedalus::tool_context& context) { return act(w, context.idempotency_key()); },
        std::move(options)
    );
}

void check(const dedalus::run_result& result)
{
    if (result.phase == dedalus::run_phase::failed)
        throw std::runtime_error(result.run_id + " ended: " + std::string(to_string(result.stop_reason)));
}

asio::awaitable<void> begin(work& w)  // borrowed
{
    dedalus::chat_completion_request request;
    request.model = "m";
    request.messages.emplace_back(dedalus::user_message{"Go on."});
    request.max_turns = 1;  // all that a kill in the middle of a request costs
    std::string id = "run-" + w.number + '-' + std::to_string(++w.begun);
    const dedalus::run_result result = co_await w.loop->run_or_resume(std::move(id), request);
    check(result);
}

/// False: there was nothing to go on with.
asio::awaitable<bool> take_up(work& w)  // borrowed
{
    dedalus::stores::run_filter filter;
    filter.limit = 16;
    std::vector<std::string> ids = co_await w.store->list_resumable(std::move(filter));
    if (ids.empty())
        co_return false;
    std::string id = ids[w.random() % std::min(ids.size(), fought_over)];
    const dedalus::run_result result = co_await w.loop->resume(std::move(id));
    check(result);
    co_return true;
}

/// Whether no run is under way: a lease of a killed process may still be there.
asio::awaitable<bool> all_rest(work& w)  // borrowed
{
    dedalus::stores::list_query query;
    do {
        const dedalus::stores::list_page page = co_await w.store->list(query);
        for (const dedalus::stores::run_summary& run : page.runs) {
            if (!is_terminal(run.phase) && run.phase != dedalus::run_phase::suspended)
                co_return false;
        }
        query.cursor = page.next;
    } while (!query.cursor.empty());
    co_return true;
}

asio::awaitable<void> follow(work& w)  // borrowed
{
    while (true) {
        const bool found = co_await take_up(w);
        if (found)
            continue;
        if (!w.finishes) {
            co_await begin(w);
            continue;
        }
        const bool rest = co_await all_rest(w);
        if (rest)
            co_return;
        asio::steady_timer timer(co_await asio::this_coro::executor, std::chrono::milliseconds(20));
        co_await timer.async_wait(asio::use_awaitable);
    }
}

int run(char** arguments)
{
    asio::io_context context;
    const test::trace_file traces(arguments[4]);
    work w{
        .store = std::make_shared<test::traced_store>(test::open_store(arguments[1], arguments[2], context), traces),
        .loop = nullptr,
        .traces = traces,
        .finishes = std::string(arguments[5]) == "finish",
        .number = arguments[6]};
    dedalus::client_options options;
    options.api_key = "test-key";
    options.base_url = arguments[3];
    dedalus::tool_registry tools;
    add(tools, w, "book", dedalus::tool_effect::once);
    add(tools, w, "pay", dedalus::tool_effect::keyed);
    dedalus::handoff_options handoff;
    handoff.store = w.store;
    handoff.max_turns = 100;
    handoff.lease = std::chrono::milliseconds(200);
    w.loop = std::make_unique<dedalus::handoff_loop>(dedalus::client(context.get_executor(), options), tools, handoff);
    for (int i = 0; i < runs_at_once; ++i) {
        asio::co_spawn(context, follow(w), [](std::exception_ptr failure) {
            if (failure)
                std::rethrow_exception(failure);
        });
    }
    context.run();
    std::cout << "done" << std::endl;
    return 0;
}

}  // namespace

int main(int argc, char** argv)
{
    if (argc != 7)
        return 2;
    test::leave_when_input_ends();
    try {
        return run(argv);
    }
    catch (const std::exception& e) {
        std::cout << "failed: " << e.what() << std::endl;
        return 1;
    }
}
