#include "testing/handoff_scenario.hpp"

#include "testing/conversation_rules.hpp"
#include "testing/request_view.hpp"
#include "testing/sample_json.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <vector>

namespace dedalus::testing {

namespace json = boost::json;

namespace {

constexpr const char* server_tool = "search_offers";
constexpr const char* deferred_tool = "send_confirmation";

const offered_tool& tool_named(const std::vector<offered_tool>& tools, const std::string& name)
{
    return *std::find_if(tools.begin(), tools.end(), [&](const offered_tool& tool) { return tool.name == name; });
}

/// Functions before custom tools: pending calls have JSON arguments.
std::vector<offered_tool> callable_tools(const json::object& request)
{
    std::vector<offered_tool> tools = offered_tools(request);
    std::erase_if(tools, [](const offered_tool& tool) { return tool.custom; });
    return tools;
}

reply unusable_deferred_calls()
{
    return invalid_request_reply("deferred_calls is not what this server sent as deferred", "deferred_calls");
}

reply unknown_session(const std::string& correlation_id)
{
    return error_reply(
        404,
        "Session '" + correlation_id + "' was not found or has expired",
        "invalid_request_error",
        "session_not_found"
    );
}

std::optional<std::string> result_of(const std::vector<tool_result>& results, const std::string& call_id)
{
    for (const tool_result& result : results)
        if (result.call_id == call_id)
            return result.text;
    return std::nullopt;
}

/// The state that the deferred calls of a request carry, when they are the bytes this server sends for that state.
std::optional<handoff_state> state_in(const json::object& request, std::string_view raw_deferred)
{
    const json::array& calls = array_member(request, "deferred_calls");
    if (calls.empty())
        return std::nullopt;
    std::optional<handoff_state> state = state_of_deferred_call(calls.front().as_object());
    if (!state || deferred_text(*state) != raw_deferred)
        return std::nullopt;
    return state;
}

chat_answer final_answer(const handoff_state& state, const std::string& first, const std::string& second)
{
    chat_answer answer;
    answer.text = state.first_tool + " said: " + first + "; " + state.second_tool + " said: " + second + "; " +
                  deferred_tool + " said: confirmed " + state.booking_reference();
    answer.extension["tools_executed"] = json::array{deferred_tool};
    answer.extension["server_results"] =
        json::object{{state.deferred_call(), {{"confirmed", true}, {"reference", state.booking_reference()}}}};
    answer.extension["turns_consumed"] = 1;
    return answer;
}

}  // namespace

chat_answer handoff_scenario::begin(const json::object& request, clock::time_point now)
{
    const std::vector<offered_tool> tools = callable_tools(request);
    const handoff_state state = new_handoff_state(tools.front().name, tools[tools.size() > 1 ? 1 : 0].name);
    const json::value first_arguments = sample_json(tool_named(tools, state.first_tool).parameters);
    const json::value second_arguments = sample_json(tool_named(tools, state.second_tool).parameters);

    chat_answer answer;
    answer.calls = {
        {state.first_call(), state.first_tool, json::serialize(first_arguments)},
        {state.second_call(), state.second_tool, json::serialize(second_arguments)},
    };
    answer.extension["correlation_id"] = state.correlation_id();
    answer.extension["tools_executed"] = json::array{server_tool};
    answer.extension["server_results"] =
        json::object{{state.server_call(), {{"offer", "XY" + state.nonce.substr(0, 4)}, {"price", 129}}}};
    json::object first{{"id", state.first_call()}, {"name", state.first_tool}, {"arguments", first_arguments}};
    json::object second{
        {"id", state.second_call()},
        {"name", state.second_tool},
        {"arguments", second_arguments},
        {"dependencies", json::array{json::value(state.first_call())}},
    };
    answer.extension["pending_tools"] = json::array{std::move(first), std::move(second)};
    answer.extension["turns_consumed"] = 1;
    answer.raw_extension.emplace_back("deferred", deferred_text(state));

    const std::lock_guard lock(mutex_);
    sessions_[state.correlation_id()] = {state, now + session_lifetime_};
    return answer;
}

bool handoff_scenario::is_resume(const json::object& request)
{
    const std::vector<tool_result> results = trailing_tool_results(request);
    return std::any_of(results.begin(), results.end(), [](const tool_result& result) {
        return is_handoff_call(result.call_id);
    });
}

std::variant<chat_answer, reply> handoff_scenario::resume(
    const json::object& request, std::optional<std::string_view> raw_deferred, clock::time_point now
)
{
    const std::string correlation_id = string_member(request, "correlation_id");
    std::optional<handoff_state> state = find_session(correlation_id, now);
    if (state && raw_deferred && deferred_text(*state) != *raw_deferred)
        return unusable_deferred_calls();
    if (!state && raw_deferred) {
        state = state_in(request, *raw_deferred);
        if (!state)
            return unusable_deferred_calls();
    }
    if (!state && !correlation_id.empty())
        return unknown_session(correlation_id);
    if (!state)
        return invalid_request_reply("A resume of a handoff needs correlation_id or deferred_calls", "correlation_id");

    const std::vector<tool_result> results = trailing_tool_results(request);
    const std::optional<std::string> first = result_of(results, state->first_call());
    const std::optional<std::string> second = result_of(results, state->second_call());
    if (!first || !second)
        return invalid_request_reply(
            "No tool message answers pending call " + (first ? state->second_call() : state->first_call()), "messages"
        );
    return final_answer(*state, *first, *second);
}

std::optional<handoff_state> handoff_scenario::find_session(const std::string& correlation_id, clock::time_point now)
{
    const std::lock_guard lock(mutex_);
    std::erase_if(sessions_, [&](const auto& entry) { return entry.second.expires <= now; });
    const auto found = sessions_.find(correlation_id);
    return found != sessions_.end() ? std::optional(found->second.state) : std::nullopt;
}

void handoff_scenario::expire_sessions()
{
    const std::lock_guard lock(mutex_);
    sessions_.clear();
}

}  // namespace dedalus::testing
