// Follows runs in a SQLite file until it is killed, or until there is nothing left to do.
//
// Usage: dedalus_run_worker <file> <base url> <effects file> (work | finish)

#include <dedalus/handoff/handoff_loop.hpp>
#include <dedalus/stores/sqlite.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <exception>
#include <fcntl.h>
#include <iostream>
#include <memory>
#include <random>
#include <string>
#include <unistd.h>

namespace asio = boost::asio;
namespace json = boost::json;

namespace {

constexpr int runs_at_once = 4;

struct work
{
    std::shared_ptr<dedalus::sqlite_run_store> store;
    std::unique_ptr<dedalus::handoff_loop> loop;
    std::string effects;
    bool finishes = false;
    std::mt19937 random{std::random_device{}()};
    int begun = 0;
};

asio::awaitable<void> pause(work& w)  // borrowed
{
    asio::steady_timer timer(co_await asio::this_coro::executor);
    timer.expires_after(std::chrono::microseconds(w.random() % 2000));
    co_await timer.async_wait(asio::use_awaitable);
}

/// The effect: a line in a file, which outlives the process.
void leave_trace(const work& w, std::string key)
{
    key += '\n';
    const int file = ::open(w.effects.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0 || ::write(file, key.data(), key.size()) != static_cast<::ssize_t>(key.size()))
        std::_Exit(3);
    ::close(file);
}

asio::awaitable<json::value> act(work& w, std::string key)  // borrowed: w
{
    co_await pause(w);
    leave_trace(w, key);
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

asio::awaitable<void> begin(work& w)  // borrowed
{
    dedalus::chat_completion_request request;
    request.model = "m";
    request.messages.emplace_back(dedalus::user_message{"Go on."});
    request.max_turns = 1;  // all that a kill in the middle of a request costs
    std::string id = "run-" + std::to_string(::getpid()) + '-' + std::to_string(++w.begun);
    const dedalus::run_result result = co_await w.loop->run_or_resume(std::move(id), request);
    if (result.phase == dedalus::run_phase::failed)
        std::_Exit(4);
}

/// False: there was nothing to go on with.
asio::awaitable<bool> take_up(work& w)  // borrowed
{
    dedalus::stores::run_filter filter;
    filter.limit = 16;
    std::vector<std::string> ids = co_await w.store->list_resumable(std::move(filter));
    if (ids.empty())
        co_return false;
    std::string id = ids[w.random() % ids.size()];
    const dedalus::run_result result = co_await w.loop->resume(std::move(id));
    if (result.phase == dedalus::run_phase::failed)
        std::_Exit(5);
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
    work w;
    dedalus::sqlite_store_options store;
    store.full_sync = false;
    w.store = std::make_shared<dedalus::sqlite_run_store>(arguments[1], store);
    w.effects = arguments[3];
    w.finishes = std::string(arguments[4]) == "finish";
    dedalus::client_options options;
    options.api_key = "test-key";
    options.base_url = arguments[2];
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
    if (argc != 5)
        return 2;
    try {
        return run(argv);
    }
    catch (const std::exception& e) {
        std::cout << "failed: " << e.what() << std::endl;
        return 1;
    }
}
