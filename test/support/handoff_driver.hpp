#pragma once

#include <dedalus/chat/request.hpp>
#include <dedalus/handoff/run_result.hpp>

#include "handoff/run_machine.hpp"
#include "support/catch.hpp"
#include "support/sent_request.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace test {

namespace core = dedalus::handoff_core;
namespace json = boost::json;
using names = std::vector<std::string>;

inline core::run_settings settings(int max_turns = 10)
{
    core::run_settings result;
    result.run_id = "run_1";
    result.max_turns = max_turns;
    result.tool_names = {"tool", "other"};
    result.make_call_id = [n = 0]() mutable { return "made_" + std::to_string(++n); };
    return result;
}

inline dedalus::chat_completion_request question()
{
    dedalus::chat_completion_request request;
    request.model = "m";
    request.messages.emplace_back(dedalus::user_message{"Hello"});
    return request;
}

inline core::time_point at(int ms)
{
    return core::time_point(std::chrono::milliseconds(ms));
}

/// Drives a machine the way the engine does, one call after another.
struct driver
{
    explicit driver(core::run_settings s = settings(), dedalus::chat_completion_request request = question())
        : machine(std::move(s), std::move(request))
    {}

    /// Sends the next request, which must be there, and takes this answer.
    void exchange(dedalus::chat_completion answer)
    {
        std::optional<dedalus::chat_completion_request> request = next_request(machine);
        REQUIRE(request);
        core::id_set open = deferred_in(*request);
        open.insert(held_back.begin(), held_back.end());
        CHECK_FALSE(core::find_violation(request->messages, open));
        sent.push_back(*std::move(request));
        machine.on_answer(std::move(answer), at(++clock));
    }

    /// Runs all calls: each gives its own name, or fails when it is in `failing`.
    void run_calls()
    {
        while (machine.calls_open()) {
            std::vector<core::ready_call> ready = machine.start_ready(at(++clock));
            REQUIRE_FALSE(ready.empty());
            for (core::ready_call& call : ready) {
                executed.push_back(call.key.call_id);
                core::tool_end end = failing.contains(call.key.call_id)
                                         ? core::error_end("failed", 1000)
                                         : core::result_end(json::string(call.key.call_id + " done"), 1000);
                seen[call.key.call_id] = call;
                machine.finish(call.key, std::move(end), at(clock), at(clock + 1));
            }
        }
    }

    void turn(dedalus::chat_completion answer)
    {
        exchange(std::move(answer));
        run_calls();
    }

    /// The end of the run: nothing more is to be sent.
    dedalus::run_result result()
    {
        CHECK_FALSE(machine.begin_request());
        CHECK_FALSE(machine.calls_open());
        dedalus::run_result r = machine.result();
        CHECK_FALSE(core::find_violation(r.messages, {}));
        return r;
    }

    static core::id_set deferred_in(const dedalus::chat_completion_request& request)
    {
        return core::server_session(request).deferred_ids();
    }

    core::run_machine machine;
    std::vector<dedalus::chat_completion_request> sent;
    names executed;
    core::id_set failing;
    core::id_set held_back;  ///< calls that requests may leave without an answer
    std::map<std::string, core::ready_call> seen;
    int clock = 0;
};

inline const std::string two_pending =
    R"([{"id":"a","name":"tool","arguments":{"x":1}},{"id":"b","name":"other","arguments":{},"dependencies":["a"]}])";
inline const std::string deferred =
    R"([ {"id":"d","name":"invoice","arguments":{"n":1.0,"k":1e2},"blocked_by":["b"]} ])";

}  // namespace test
