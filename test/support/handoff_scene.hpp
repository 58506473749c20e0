#pragma once

#include <dedalus/api_error.hpp>
#include <dedalus/chat/completion.hpp>
#include <dedalus/chat/request.hpp>
#include <dedalus/error.hpp>
#include <dedalus/handoff/tool_registry.hpp>

#include "handoff/engine.hpp"
#include "support/cancel_when.hpp"
#include "support/catch.hpp"
#include "support/run_coro.hpp"
#include "support/sent_request.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace test {

namespace asio = boost::asio;
namespace engine = dedalus::handoff_engine;
namespace json = boost::json;
using std::chrono::milliseconds;
using names = std::vector<std::string>;

/// What the server says, in order: an answer, an error, or nothing at all.
struct step
{
    dedalus::chat_completion answer{};
    std::exception_ptr failure{};
    bool silence = false;
};

/// A run with a scripted server, and what happened in it.
struct scene
{
    asio::io_context context;
    std::deque<step> script;
    std::vector<dedalus::chat_completion_request> sent;
    dedalus::tool_registry tools;
    names log;
    names log_at_end;  ///< the log when run() of the loop ended
    std::size_t running = 0;
    std::size_t most_running = 0;
    asio::steady_timer gate{context, asio::steady_timer::time_point::max()};
    bool gate_open = false;
    std::size_t max_concurrency = 8;
    int max_turns = 10;
    dedalus::retry_options retry{.max_retries = 0, .initial_backoff = milliseconds(1)};
    names keys;                                  ///< of the requests
    dedalus::chat_completion_request request{};  ///< besides model and messages
    dedalus::failure_formatter format_failure{};
    dedalus::argument_resolver resolve{};

    void says(dedalus::chat_completion answer) { script.push_back({std::move(answer), {}, false}); }

    void fails(const dedalus::api_error& e) { script.push_back({{}, std::make_exception_ptr(e), false}); }

    void open_gate()
    {
        gate_open = true;
        gate.cancel();
    }

    void add(const std::string& name, dedalus::tool_handler handler, dedalus::tool_options options = {})
    {
        dedalus::function_definition definition;
        definition.name = name;
        tools.add(std::move(definition), std::move(handler), options);
    }

    std::shared_ptr<const engine::run_input> input();

    dedalus::run_result run();

    /// Runs until `ready`, cancels, and gives the code of what was thrown.
    boost::system::error_code cancel_when(const std::function<bool()>& ready);
};

inline asio::awaitable<dedalus::chat_completion> play(step next)
{
    if (next.silence) {
        asio::steady_timer never(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
        co_await never.async_wait(asio::use_awaitable);
    }
    if (next.failure)
        std::rethrow_exception(next.failure);
    co_return std::move(next.answer);
}

inline std::shared_ptr<const engine::run_input> scene::input()
{
    auto result = std::make_shared<engine::run_input>();
    result->send = [this](const dedalus::chat_completion_request& asked, std::string key) {
        check_key(asked, false, dedalus::dialect::dedalus, key);
        sent.push_back(with_messages(asked, false, dedalus::dialect::dedalus));
        keys.push_back(std::move(key));
        if (script.empty())
            script.push_back({{}, std::make_exception_ptr(std::logic_error("the script is over"))});
        step next = std::move(script.front());
        script.pop_front();
        return play(std::move(next));
    };
    result->tools = std::make_shared<const dedalus::tool_registry>(tools);
    result->settings.run_id = "run_1";
    result->settings.max_turns = max_turns;
    result->settings.max_concurrency = max_concurrency;
    for (const dedalus::tool& t : tools.definitions())
        result->settings.tool_names.push_back(std::get<dedalus::function_tool>(t).function.name);
    result->settings.make_call_id = [] { return "made"; };
    result->max_result_bytes = 4096;
    result->texts.failure = format_failure;
    result->settings.describe_end = [texts = result->texts](const auto& call, auto& end) { texts.apply(call, end); };
    result->resolve_arguments = resolve;
    result->cancellation_grace = milliseconds(5);
    result->retry = retry;
    result->random = [] { return 0.0; };
    result->request = request;
    result->request.model = "m";
    result->request.messages.emplace_back(dedalus::user_message{"Hello"});
    return result;
}

inline asio::awaitable<dedalus::run_result> run_to_end(scene& s)  // borrowed
{
    std::exception_ptr failure;
    dedalus::run_result result;
    try {
        result = co_await engine::run_to_end(s.input());
    }
    catch (...) {
        failure = std::current_exception();
    }
    s.log_at_end = s.log;
    if (failure)
        std::rethrow_exception(failure);
    co_return result;
}

inline asio::awaitable<void> discard(scene& s)  // borrowed
{
    co_await run_to_end(s);
}

inline dedalus::run_result scene::run()
{
    return test::run_coro_on(context, run_to_end(*this));
}

inline boost::system::error_code scene::cancel_when(const std::function<bool()>& ready)
{
    try {
        test::cancel_when(context, discard(*this), ready);
    }
    catch (const dedalus::error& e) {
        return e.code();
    }
    return {};
}

inline asio::awaitable<void> yield(scene& s)  // borrowed
{
    asio::steady_timer timer(s.context, milliseconds(0));
    co_await timer.async_wait(asio::use_awaitable);
}

inline asio::awaitable<void> wait_for_gate(scene& s)  // borrowed
{
    while (!s.gate_open) {
        boost::system::error_code ignored;
        co_await s.gate.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
}

/// Logs "name+" and "name-" around a few turns of the event loop.
inline asio::awaitable<json::value> work(scene& s, std::string name)  // borrowed
{
    s.log.push_back(name + "+");
    ++s.running;
    s.most_running = std::max(s.most_running, s.running);
    co_await yield(s);
    co_await yield(s);
    --s.running;
    s.log.push_back(name + "-");
    co_return json::string(name + " done");
}

inline asio::awaitable<json::value> wait_and_work(scene& s, std::string name)  // borrowed
{
    co_await wait_for_gate(s);
    co_return co_await work(s, std::move(name));
}

inline asio::awaitable<json::value> work_and_open(scene& s, std::string name)  // borrowed
{
    json::value result = co_await work(s, std::move(name));
    s.open_gate();
    co_return result;
}

/// A tool whose name is the call's id.
inline dedalus::tool_handler worker(scene& s, asio::awaitable<json::value> (*body)(scene&, std::string) = work)
{
    return [&s, body](json::object, dedalus::tool_context& context) { return body(s, context.call_id()); };
}

inline asio::awaitable<json::value> never(json::object, dedalus::tool_context&)
{
    asio::steady_timer timer(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
    co_await timer.async_wait(asio::use_awaitable);
    co_return "not reached";
}

inline std::string call(const std::string& id, const std::string& name, const std::string& dependencies = "")
{
    return R"({"id":")" + id + R"(","name":")" + name + R"(","arguments":{},"dependencies":[)" + dependencies + "]}";
}

inline std::size_t place_of(const names& log, const std::string& entry)
{
    const auto found = std::find(log.begin(), log.end(), entry);
    REQUIRE(found != log.end());
    return static_cast<std::size_t>(found - log.begin());
}

/// Cannot be cancelled, and has an owner all the same.
inline asio::awaitable<json::value> stubborn(scene& s, std::string name)  // borrowed
{
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    s.log.push_back(name + "+");
    co_await wait_for_gate(s);
    s.log.push_back(name + "-");
    co_return "too late";
}

}  // namespace test
