#pragma once

#include <dedalus/chat/completion.hpp>
#include <dedalus/handoff/run_inbox.hpp>
#include <dedalus/handoff/run_result.hpp>
#include <dedalus/handoff/tool_registry.hpp>
#include <dedalus/stores/memory.hpp>

#include "codec/decode_chat.hpp"
#include "codec/encode_chat_request.hpp"
#include "handoff/durable_run.hpp"
#include "support/catch.hpp"
#include "support/handoff_answers.hpp"
#include "support/handoff_driver.hpp"
#include "support/run_coro.hpp"
#include "support/sent_request.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/json/serialize.hpp>

#include <chrono>
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
namespace core = dedalus::handoff_core;
namespace engine = dedalus::handoff_engine;
namespace json = boost::json;
namespace stores = dedalus::stores;

/// Runs in a memory store, with a scripted server. Each run() is another process.
struct durable_scene
{
    /// What the server says: a body, or an error.
    struct said
    {
        std::string body{};
        std::exception_ptr failure{};
    };

    durable_scene()
    {
        dedalus::memory_store_options options;
        options.clock = [this] { return core::stored_time(now() + store_ahead); };
        store = std::make_shared<dedalus::memory_run_store>(std::move(options));
        definition.request = question();
        definition.request.max_turns = 2;
        definition.max_turns = 10;
        definition.max_result_bytes = 4096;
    }

    std::chrono::system_clock::time_point now() const
    {
        return std::chrono::system_clock::time_point(std::chrono::hours(400000)) + passed;
    }

    void says(std::string body) { script.push_back({std::move(body), {}}); }

    template <class Error>
    void fails(const Error& e)
    {
        script.push_back({{}, std::make_exception_ptr(e)});
    }

    void add(const std::string& name, dedalus::tool_options options, dedalus::tool_handler handler = {})
    {
        dedalus::function_definition function;
        function.name = name;
        definition.tools.emplace_back(name, options.effect);
        if (!handler && options.effect != dedalus::tool_effect::external)
            handler = [this](json::object, dedalus::tool_context& context) { return work(context.call_id()); };
        tools.add(std::move(function), std::move(handler), std::move(options));
    }

    asio::awaitable<json::value> work(std::string id)
    {
        log.push_back(id);
        co_return json::string(id + " done");
    }

    asio::awaitable<dedalus::chat_completion> play(said next)
    {
        if (next.failure)
            std::rethrow_exception(next.failure);
        dedalus::chat_completion answer = dedalus::codec::decode_chat_completion(next.body);
        answer.info.body = std::move(next.body);
        co_return answer;
    }

    std::shared_ptr<engine::durable_input> input()
    {
        auto result = std::make_shared<engine::durable_input>();
        result->store = store;
        result->run_id = "r1";
        result->owner = "process" + std::to_string(++owners);
        result->create = definition;
        result->tools = std::make_shared<const dedalus::tool_registry>(tools);
        result->dialect = dialect;
        result->events = events;
        result->stream = sender(true);
        result->send = sender(false);
        result->random = [] { return 0.5; };
        result->make_token = [this] { return "token" + std::to_string(++tokens); };
        result->retry.initial_backoff = std::chrono::milliseconds(1);
        result->retry.max_backoff = std::chrono::milliseconds(2);
        result->clocks.system = [this] { return now() + jumped; };
        result->clocks.steady = [this] { return std::chrono::steady_clock::time_point(passed); };
        result->on_unknown_outcome = on_unknown_outcome;
        result->wait_for_late_results = wait_for_late_results;
        result->on_unknown_send = on_unknown_send;
        result->credentials = credentials;
        result->lease = lease;
        result->cancellation_grace = grace;
        result->resolve_arguments = resolve;
        return result;
    }

    engine::send_once_function sender(bool streamed)
    {
        return [this, streamed](const dedalus::chat_completion_request& request, std::string key) {
            if (script.empty())
                throw std::logic_error("the script is over");
            check_key(request, streamed, dialect, key);
            sent.push_back(with_messages(request, streamed, dialect));
            bodies.push_back(dedalus::codec::encode_chat_request(request, streamed, dialect));
            keys.push_back(std::move(key));
            said next = std::move(script.front());
            script.pop_front();
            return play(std::move(next));
        };
    }

    static asio::awaitable<dedalus::run_result>
    follow(std::shared_ptr<const engine::durable_input> in, std::shared_ptr<engine::run_stop> asked)
    {
        const engine::strand s(co_await asio::this_coro::executor);
        asio::awaitable<dedalus::run_result> followed = engine::follow_run(std::move(in), std::move(asked), s);
        co_return co_await engine::run_on_strand(s, std::move(followed));
    }

    dedalus::run_result run() { return run_coro(follow(input(), stop)); }

    dedalus::run_inbox inbox() { return dedalus::run_inbox(store); }

    stores::stored_run stored()
    {
        stores::load_request request;
        request.run_id = "r1";
        return run_coro(store->load(std::move(request))).run;
    }

    std::chrono::milliseconds passed{};
    std::chrono::milliseconds store_ahead{};  ///< the clock of the store shows another time
    std::chrono::milliseconds jumped{};       ///< somebody has set the clock of the processes
    std::shared_ptr<dedalus::memory_run_store> store;
    core::run_definition definition;
    dedalus::tool_registry tools;
    std::deque<said> script;
    std::vector<dedalus::chat_completion_request> sent;
    std::vector<std::string> bodies;
    std::vector<std::string> keys;
    std::vector<std::string> log;
    std::shared_ptr<engine::run_stop> stop = std::make_shared<engine::run_stop>();
    dedalus::unknown_outcome_policy on_unknown_outcome = dedalus::unknown_outcome_policy::suspend;
    bool wait_for_late_results = false;
    dedalus::unknown_send_policy on_unknown_send = dedalus::unknown_send_policy::resend;
    std::optional<dedalus::credential_selection> credentials{};
    dedalus::dialect dialect = dedalus::dialect::dedalus;
    std::shared_ptr<engine::run_event_queue> events{};  ///< set: the run is followed, and its answers are streamed
    dedalus::argument_resolver resolve{};
    int owners = 0;
    int tokens = 0;
    std::chrono::milliseconds lease = std::chrono::seconds(30);
    std::chrono::milliseconds grace = std::chrono::seconds(5);
};

/// A body that asks for these pending calls.
inline std::string asks(const std::string& pending, const std::string& more = "")
{
    return R"({"choices":[],"turns_consumed":1,"pending_tools":)" + pending + more + "}";
}

inline std::string ends(const std::string& text = "Done.")
{
    return R"({"turns_consumed":1,"choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":")" +
           text + R"("}}]})";
}

inline std::string pending_call(const std::string& id, const std::string& name, const std::string& dependencies = "")
{
    return R"({"id":")" + id + R"(","name":")" + name + R"(","arguments":{},"dependencies":[)" + dependencies + "]}";
}

/// A run that waits for an approval of the call `a` of "book", with the arguments {"n":1}.
inline dedalus::run_result waiting_run(durable_scene& s, dedalus::tool_options options = {})
{
    options.needs_approval = true;
    s.add("book", std::move(options), [&s](json::object arguments, dedalus::tool_context& context) {
        return s.work(context.call_id() + json::serialize(arguments));
    });
    s.says(asks(R"([{"id":"a","name":"book","arguments":{"n":1}}])"));
    dedalus::run_result waits = s.run();
    REQUIRE(waits.waiting.size() == 1);
    return waits;
}

/// Leaves a call of this effect started and not ended, as a process does that dies in the middle of it.
inline void leave_started(
    durable_scene& s,
    dedalus::tool_effect effect,
    dedalus::tool_probe probe = {},
    std::chrono::milliseconds timeout = std::chrono::seconds(60),
    const std::string& dependants = ""
)
{
    dedalus::tool_options options;
    options.timeout = timeout;
    options.effect = effect;
    options.probe = std::move(probe);
    s.add("act", std::move(options));
    s.says(asks("[" + pending_call("a", "act") + dependants + "]"));
    // Create, acquire, intent, answer, start, and here the end.
    s.store->arm(dedalus::store_failpoint::before_commit, 6, std::make_exception_ptr(std::runtime_error("killed")));
    CHECK_THROWS_AS(s.run(), std::runtime_error);
    CHECK(s.log == std::vector<std::string>{"a"});
}

}  // namespace test
