#include "testing/conversation_rules.hpp"

#include "testing/request_view.hpp"

#include <algorithm>
#include <set>

namespace dedalus::testing {

namespace json = boost::json;

namespace {

/// Follows the messages and holds the calls that still need a tool message.
class call_ledger
{
public:
    explicit call_ledger(const std::set<std::string>& excused) : excused_(excused) {}

    std::optional<std::string> take(const json::object& message, const std::string& at)
    {
        const std::string role = string_member(message, "role");
        if (role == "tool")
            return take_result(string_member(message, "tool_call_id"), at);
        if (std::optional<std::string> problem = settle())
            return problem;
        known_.clear();
        answered_.clear();
        if (role == "assistant")
            for (const json::value& call : array_member(message, "tool_calls"))
                if (!known_.insert(string_member(call.as_object(), "id")).second)
                    return at + " has two tool calls with the same id";
        return std::nullopt;
    }

    /// What is wrong when no more results follow.
    std::optional<std::string> settle() const
    {
        std::string missing;
        for (const std::string& id : known_)
            if (!answered_.contains(id) && !excused_.contains(id))
                missing.append(missing.empty() ? "" : ", ").append(id);
        if (missing.empty())
            return std::nullopt;
        return "An assistant message with 'tool_calls' must be followed by tool messages responding to each "
               "'tool_call_id'. The following tool_call_ids did not have response messages: " +
               missing;
    }

private:
    std::optional<std::string> take_result(const std::string& id, const std::string& at)
    {
        if (!known_.contains(id))
            return at + " with role 'tool' must be a response to a preceding message with 'tool_calls': " + id;
        if (!answered_.insert(id).second)
            return at + " answers tool_call_id " + id + " a second time";
        return std::nullopt;
    }

    const std::set<std::string>& excused_;
    std::set<std::string> known_;
    std::set<std::string> answered_;
};

std::optional<reply> check_tool_messages(const json::object& request, bool partial_answers)
{
    std::set<std::string> excused;
    for (const json::value& call : array_member(request, "deferred_calls"))
        excused.insert(string_member(call.as_object(), "id"));
    call_ledger ledger(excused);
    const json::array& messages = array_member(request, "messages");
    for (std::size_t i = 0; i < messages.size(); ++i) {
        const std::string at = "messages[" + std::to_string(i) + "]";
        if (std::optional<std::string> problem = ledger.take(messages[i].as_object(), at))
            return invalid_request_reply(std::move(*problem), at);
    }
    if (partial_answers)
        return std::nullopt;
    if (std::optional<std::string> problem = ledger.settle())
        return invalid_request_reply(std::move(*problem), "messages");
    return std::nullopt;
}

std::optional<reply> check_tool_choice(const json::object& request)
{
    const std::string name = demanded_tool(request).name;
    // A server tool's name is not known here.
    if (name.empty() || has_mcp_servers(request))
        return std::nullopt;
    const std::vector<offered_tool> tools = offered_tools(request);
    if (std::any_of(tools.begin(), tools.end(), [&](const offered_tool& tool) { return tool.name == name; }))
        return std::nullopt;
    return invalid_request_reply("Tool choice '" + name + "' not found in 'tools' parameter", "tool_choice");
}

std::optional<reply> check_thinking(const json::object& request)
{
    const json::value* thinking = member(request, "thinking");
    if (thinking == nullptr)
        return std::nullopt;
    const std::optional<std::int64_t> budget = int_member(thinking->as_object(), "budget_tokens");
    if (!budget)
        return std::nullopt;
    for (const char* name : {"max_tokens", "max_completion_tokens"}) {
        const std::optional<std::int64_t> limit = int_member(request, name);
        if (limit && *limit <= *budget)
            return invalid_request_reply(
                std::string("'") + name + "' must be greater than 'thinking.budget_tokens'", "thinking.budget_tokens"
            );
    }
    return std::nullopt;
}

std::optional<reply> check_companions(const json::object& request)
{
    if (member(request, "stream_options") != nullptr && !bool_member(request, "stream").value_or(false))
        return invalid_request_reply("'stream_options' is only allowed when 'stream' is enabled", "stream_options");
    if (member(request, "top_logprobs") != nullptr && !bool_member(request, "logprobs").value_or(false))
        return invalid_request_reply("'top_logprobs' is only allowed when 'logprobs' is enabled", "top_logprobs");
    return std::nullopt;
}

}  // namespace

reply invalid_request_reply(std::string message, std::string param)
{
    json::object error{
        {"message", std::move(message)},
        {"type", "invalid_request_error"},
        {"code", nullptr},
        {"param", std::move(param)},
    };
    return json_reply(json::object{{"error", std::move(error)}}, 400);
}

std::optional<reply> check_conversation(const json::object& request, bool partial_answers)
{
    std::optional<reply> refusal = check_tool_messages(request, partial_answers);
    if (!refusal)
        refusal = check_tool_choice(request);
    if (!refusal)
        refusal = check_companions(request);
    if (!refusal)
        refusal = check_thinking(request);
    return refusal;
}

}  // namespace dedalus::testing
