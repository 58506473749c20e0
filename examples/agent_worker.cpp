// One of several workers that share the runs of a store: each begins what nobody has begun, and goes on with what
// another one has left, until all runs have ended. Kill one of them: examples/fleet does.
// Usage: agent_worker (sqlite FILE | postgres CONNECTION) RUNS [base-url [ca-file]]

#include <dedalus/dedalus.hpp>
#include <dedalus/stores/sqlite.hpp>
#ifdef DEDALUS_WITH_POSTGRES
#include <dedalus/stores/postgres.hpp>
#endif

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/parse.hpp>

#include <chrono>
#include <csignal>
#include <exception>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <unistd.h>
#include <vector>

namespace asio = boost::asio;
namespace json = boost::json;
using namespace std::chrono_literals;

void say(const std::string& text)
{
    std::cout << "worker " + std::to_string(::getpid()) + ": " + text + '\n' << std::flush;
}

asio::awaitable<void> pause(std::chrono::milliseconds time)
{
    asio::steady_timer timer(co_await asio::this_coro::executor, time);
    co_await timer.async_wait(asio::use_awaitable);
}

asio::awaitable<json::value> read_calendar(json::object, dedalus::tool_context& context)
{
    say(context.run_id() + " reads the calendar, attempt " + std::to_string(context.attempt()));
    co_await pause(400ms);
    co_return json::value{{"free", true}};
}

asio::awaitable<json::value> book(json::object, dedalus::tool_context& context)
{
    say(context.run_id() + " books, attempt " + std::to_string(context.attempt()));
    co_await pause(250ms);  // the airline drops a second booking under the same key
    co_return "booked under " + context.idempotency_key();
}

dedalus::tool_registry make_tools()
{
    const json::object schema =
        json::parse(R"({"type":"object","properties":{"day":{"type":"string"}},"required":["day"]})").as_object();
    dedalus::tool_registry tools;
    tools.add(
        {.name = "read_calendar", .description = "Is the day free?", .parameters = schema},
        read_calendar,
        {.effect = dedalus::tool_effect::pure}
    );
    tools.add(
        {.name = "book", .description = "Book the flight", .parameters = schema},
        book,
        {.effect = dedalus::tool_effect::keyed}
    );
    return tools;
}

// [worker]
struct worker
{
    std::shared_ptr<dedalus::run_store> store;
    dedalus::handoff_loop loop;
    bool stopping = false;
};

void report(const dedalus::run_result& result)
{
    if (result.stop_reason == dedalus::stop_reason::held || result.stop_reason == dedalus::stop_reason::fenced)
        return;  // another worker has it
    say(result.run_id + " is " + std::string(to_string(result.phase)) + ", after " + std::to_string(result.resumes) +
        " other workers");
}

/// Whether there is a run that has not ended: somebody may still have it, and die.
asio::awaitable<bool> any_open(std::shared_ptr<dedalus::run_store> store)
{
    dedalus::stores::list_query query;
    do {
        const dedalus::stores::list_page page = co_await store->list(query);
        for (const dedalus::stores::run_summary& run : page.runs) {
            if (!is_terminal(run.phase) && run.phase != dedalus::run_phase::suspended)
                co_return true;
        }
        query.cursor = page.next;
    } while (!query.cursor.empty());
    co_return false;
}

asio::awaitable<void> work(std::shared_ptr<worker> w, int runs)
{
    const dedalus::chat_completion_request request{
        .model = "openai/gpt-5-nano",
        .messages = {dedalus::user_message{"Book a flight to Oslo for Monday, if I am free."}},
    };
    for (int i = 1; i <= runs && !w->stopping; ++i) {
        const dedalus::run_result result = co_await w->loop.run_or_resume("flight-" + std::to_string(i), request);
        report(result);
    }
    bool open = true;
    while (open && !w->stopping) {
        const dedalus::stores::run_filter all;
        const std::vector<std::string> ids = co_await w->store->list_resumable(all);
        for (const std::string& id : ids) {
            const dedalus::run_result result = co_await w->loop.resume(id);
            report(result);
        }
        co_await pause(100ms);  // with PostgreSQL, store->watch() tells of decisions at once
        open = co_await any_open(w->store);
    }
}

// [worker]

std::shared_ptr<dedalus::run_store> open_store(asio::io_context& context, const std::string& kind, const char* where)
{
    if (kind == "sqlite")
        return std::make_shared<dedalus::sqlite_run_store>(where);
#ifdef DEDALUS_WITH_POSTGRES
    if (kind == "postgres")
        return std::make_shared<dedalus::postgres_run_store>(context.get_executor(), where);
#endif
    throw std::invalid_argument("no store of the kind " + kind + " is built in here");
}

asio::awaitable<void> migrate_and_work(std::shared_ptr<worker> w, int runs)
{
    co_await w->store->migrate();
    co_await work(w, runs);
}

int run(int argc, char* argv[])
{
    asio::io_context context;
    dedalus::client_options options;
    if (argc > 4)
        options.base_url = argv[4];
    if (argc > 5)
        options.tls.ca_file = argv[5];
    const dedalus::client client{context.get_executor(), options};
    const std::shared_ptr<dedalus::run_store> store = open_store(context, argv[1], argv[2]);
    const dedalus::handoff_loop loop{client, make_tools(), {.store = store, .max_turns = 20, .lease = 1s}};
    const auto w = std::make_shared<worker>(worker{store, loop});

    asio::signal_set signals(context, SIGINT, SIGTERM);
    signals.async_wait([w](boost::system::error_code failure, int) {
        w->stopping = !failure;  // it ends when the run that it has does
    });
    asio::co_spawn(context, migrate_and_work(w, std::stoi(argv[3])), [&signals](std::exception_ptr failure) {
        signals.cancel();
        if (failure)
            std::rethrow_exception(failure);
    });
    context.run();
    say("done");
    return 0;
}

int main(int argc, char* argv[])
{
    if (argc < 4) {
        std::cerr << "usage: agent_worker (sqlite FILE | postgres CONNECTION) RUNS [base-url [ca-file]]\n";
        return 2;
    }
    try {
        return run(argc, argv);
    }
    catch (const std::exception& e) {
        std::cerr << "agent_worker: " << e.what() << '\n';
        return 1;
    }
}
