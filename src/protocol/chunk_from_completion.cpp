#include "protocol/chunk_from_completion.hpp"

#include <dedalus/chat/message.hpp>
#include <dedalus/chat/tool.hpp>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace dedalus::protocol {

namespace json = boost::json;

namespace {

// Moves a text member out of the object, so that the rest is what the type does not know.
std::optional<std::string> take_string(json::object& object, std::string_view name)
{
    const json::value* const value = object.if_contains(name);
    if (value == nullptr || !value->is_string())
        return std::nullopt;
    std::optional<std::string> text(value->get_string());
    object.erase(name);
    return text;
}

struct call_to_delta
{
    tool_call_delta operator()(const function_tool_call& call) const
    {
        return {
            .id = call.id,
            .type = std::string(function_tool_call::type),
            .function =
                function_call_delta{
                    .name = call.function.name, .arguments = call.function.arguments, .extra = call.function.extra},
            .thought_signature = call.thought_signature,
            .extra = call.extra,
        };
    }

    tool_call_delta operator()(const custom_tool_call& call) const
    {
        tool_call_delta delta{
            .id = call.id,
            .type = std::string(custom_tool_call::type),
            .custom =
                custom_call_delta{.name = call.custom.name, .input = call.custom.input, .extra = call.custom.extra},
            .extra = call.extra,
        };
        delta.thought_signature = take_string(delta.extra, "thought_signature");
        return delta;
    }

    // A call of a type that this version does not know.
    tool_call_delta operator()(const json::object& call) const
    {
        tool_call_delta delta{.extra = call};
        delta.id = take_string(delta.extra, "id");
        delta.type = take_string(delta.extra, "type");
        delta.thought_signature = take_string(delta.extra, "thought_signature");
        if (json::value* const body = delta.extra.if_contains("function"); body != nullptr && body->is_object()) {
            function_call_delta function{.extra = body->get_object()};
            function.name = take_string(function.extra, "name");
            function.arguments = take_string(function.extra, "arguments");
            delta.function = std::move(function);
            delta.extra.erase("function");
        }
        return delta;
    }
};

message_delta delta_from(const assistant_message& message)
{
    message_delta delta{
        .role = std::string(assistant_message::role),
        .content = message.content,
        .refusal = message.refusal,
        .annotations = message.annotations,
        .reasoning_content = message.reasoning_content,
        .extra = message.extra,
    };
    if (std::optional<std::string> role = take_string(delta.extra, "role"))
        delta.role = std::move(role);
    if (message.name)
        delta.extra["name"] = *message.name;
    if (message.function_call)
        delta.function_call = function_call_delta{
            .name = message.function_call->name,
            .arguments = message.function_call->arguments,
            .extra = message.function_call->extra,
        };
    if (message.audio)
        delta.audio = audio_delta{
            .id = message.audio->id,
            .expires_at = message.audio->expires_at,
            .data = message.audio->data,
            .transcript = message.audio->transcript,
            .extra = message.audio->extra,
        };
    std::int64_t index = 0;
    for (const tool_call& call : message.tool_calls) {
        delta.tool_calls.push_back(std::visit(call_to_delta{}, call));
        delta.tool_calls.back().index = index++;
    }
    return delta;
}

}  // namespace

chat_completion_chunk chunk_from_completion(const chat_completion& completion)
{
    chat_completion_chunk chunk{
        .id = completion.id,
        .object = "chat.completion.chunk",
        .created = completion.created,
        .model = completion.model,
        .usage = completion.usage,
        .system_fingerprint = completion.system_fingerprint,
        .service_tier = completion.service_tier,
        .tools_executed = completion.tools_executed,
        .mcp_server_errors = completion.mcp_server_errors,
        .mcp_tool_results = completion.mcp_tool_results,
        .correlation_id = completion.correlation_id,
        .server_results = completion.server_results,
        .deferred = completion.deferred,
        .pending_tools = completion.pending_tools,
        .turns_consumed = completion.turns_consumed,
        .extra = completion.extra,
        .deferred_raw = completion.deferred_raw,
        .server_results_raw = completion.server_results_raw,
    };
    for (const choice& choice : completion.choices)
        chunk.choices.push_back({
            .index = choice.index,
            .delta = delta_from(choice.message),
            .finish_reason = choice.finish_reason,
            .logprobs = choice.logprobs,
            .extra = choice.extra,
        });
    return chunk;
}

}  // namespace dedalus::protocol
