#include <dedalus/handoff/handoff_loop.hpp>
#include <dedalus/testing/server.hpp>

#include "support/catch.hpp"
#include "support/client_fixture.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/parse.hpp>

#include <algorithm>
#include <chrono>
#include <exception>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace handoff_threads_test {

namespace asio = boost::asio;
namespace json = boost::json;
using dedalus::testing::server;

namespace {

// Shared by the tools of one run without a lock.
struct counter
{
    int running = 0;
    int most_running = 0;
    int finished = 0;
};

struct running_tool
{
    explicit running_tool(std::shared_ptr<counter> counted) : c(std::move(counted))
    {
        ++c->running;
        c->most_running = std::max(c->most_running, c->running);
    }

    ~running_tool() { --c->running; }

    running_tool(const running_tool&) = delete;
    running_tool& operator=(const running_tool&) = delete;

    std::shared_ptr<counter> c;
};

asio::awaitable<json::value> count(std::shared_ptr<counter> c)
{
    const running_tool running(c);
    asio::steady_timer timer(co_await asio::this_coro::executor, std::chrono::milliseconds(1));
    co_await timer.async_wait(asio::use_awaitable);
    ++c->finished;
    co_return c->finished;
}

dedalus::tool_registry counting(const std::shared_ptr<counter>& c)
{
    dedalus::function_definition definition;
    definition.name = "count";
    dedalus::tool_registry tools;
    tools.add(definition, [c](json::object, dedalus::tool_context&) { return count(c); });
    return tools;
}

std::string many_calls(int n)
{
    std::string calls;
    for (int i = 0; i < n; ++i)
        calls += (i > 0 ? "," : "") + (R"({"id":"c)" + std::to_string(i)) + R"(","name":"count","arguments":{}})";
    return R"({"choices":[],"pending_tools":[)" + calls + "]}";
}

// The first request of a run gets many calls, the second a text.
void ask_for_calls(server& s, int n)
{
    s.on_request([n](const auto&, const json::object& body) -> std::optional<dedalus::testing::reply> {
        if (body.at("messages").as_array().size() == 1)
            return dedalus::testing::json_reply(json::parse(many_calls(n)));
        return dedalus::testing::text_reply("Done.");
    });
}

asio::awaitable<dedalus::run_result> run(dedalus::client client, std::shared_ptr<counter> c)
{
    const dedalus::handoff_loop loop(client, counting(c));
    const dedalus::chat_completion_request request = test::hello();
    co_return co_await loop.run(request);
}

}  // namespace

TEST_CASE("the tools of a run may share state without a lock, on a pool of threads too")
{
    server s(test::plain_http());
    ask_for_calls(s, 20);
    asio::thread_pool pool(4);
    const dedalus::client client(pool.get_executor(), test::options_for(s));
    std::vector<std::shared_ptr<counter>> counters;
    std::vector<std::future<dedalus::run_result>> runs;
    for (int i = 0; i < 8; ++i) {
        counters.push_back(std::make_shared<counter>());
        auto promise = std::make_shared<std::promise<dedalus::run_result>>();
        runs.push_back(promise->get_future());
        asio::co_spawn(pool, run(client, counters.back()), [promise](std::exception_ptr e, dedalus::run_result r) {
            if (e)
                promise->set_exception(e);
            else
                promise->set_value(std::move(r));
        });
    }
    for (std::size_t i = 0; i < runs.size(); ++i) {
        CHECK(runs[i].get().final_text == "Done.");
        CHECK(counters[i]->finished == 20);
        CHECK(counters[i]->most_running > 1);
        CHECK(counters[i]->most_running <= 8);
    }
    pool.join();
}

TEST_CASE("a run on a pool of threads can be cancelled at any moment")
{
    server s(test::plain_http());
    ask_for_calls(s, 5);
    asio::thread_pool pool(4);
    const dedalus::client client(pool.get_executor(), test::options_for(s));
    int ended = 0;
    int cancelled = 0;
    for (int i = 0; i < 60; ++i) {
        auto c = std::make_shared<counter>();
        const auto strand = asio::make_strand(pool);
        auto signal = std::make_shared<asio::cancellation_signal>();
        std::promise<std::exception_ptr> promise;
        std::future<std::exception_ptr> outcome = promise.get_future();
        asio::co_spawn(
            strand,
            run(client, c),
            asio::bind_cancellation_slot(
                signal->slot(), [&promise](std::exception_ptr e, const dedalus::run_result&) { promise.set_value(e); }
            )
        );
        asio::steady_timer timer(strand, std::chrono::microseconds(i * 150));
        timer.async_wait([signal](boost::system::error_code) { signal->emit(asio::cancellation_type::terminal); });
        const std::exception_ptr failure = outcome.get();
        ++ended;
        try {
            if (failure)
                std::rethrow_exception(failure);
        }
        catch (const dedalus::error& e) {
            CHECK(e.code() == asio::error::operation_aborted);
            ++cancelled;
        }
        CHECK(c->running == 0);
        std::promise<void> idle;  // the timer and its handler must be gone before the strand
        asio::post(strand, [&timer, &idle] {
            timer.cancel();
            idle.set_value();
        });
        idle.get_future().wait();
    }
    pool.join();
    CHECK(ended == 60);
    CHECK(cancelled > 0);
}

}  // namespace handoff_threads_test
