#pragma once

#include <dedalus/api_error.hpp>
#include <dedalus/chat/completion.hpp>
#include <dedalus/chat/message.hpp>
#include <dedalus/error.hpp>
#include <dedalus/handoff/run_result.hpp>

#include "codec/decode_chat.hpp"
#include "handoff/requested_call.hpp"

#include <boost/json/parse.hpp>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace test {

/// An answer as the client decodes it.
inline dedalus::chat_completion answer(std::string_view json)
{
    return dedalus::codec::decode_chat_completion(json);
}

/// An answer of one choice, with this message, finish reason and further members ("" or ,"name":value...).
inline dedalus::chat_completion
choice_answer(std::string_view message, std::string_view finish_reason, std::string_view more = "")
{
    std::string json = R"({"choices":[{"index":0,"message":)";
    json += message;
    json += R"(,"finish_reason":")";
    json += finish_reason;
    json += R"("}])";
    json += more;
    json += '}';
    return answer(json);
}

inline dedalus::chat_completion text_answer(std::string_view text)
{
    return choice_answer(R"({"role":"assistant","content":")" + std::string(text) + R"("})", "stop");
}

/// A handoff without a message: `pending_tools` and further members.
inline dedalus::chat_completion handoff_answer(std::string_view pending, std::string_view more = "")
{
    return choice_answer(
        R"({"role":"assistant","content":null})",
        "tool_calls",
        R"(,"pending_tools":)" + std::string(pending) + std::string(more)
    );
}

/// A plain answer with these tool calls: id, name, arguments.
inline dedalus::chat_completion calls_answer(const std::vector<std::array<std::string, 3>>& calls)
{
    dedalus::chat_completion result;
    dedalus::choice& choice = result.choices.emplace_back();
    choice.finish_reason = dedalus::finish_reason::tool_calls;
    for (const auto& [id, name, arguments] : calls) {
        dedalus::function_tool_call call;
        call.id = id;
        call.function.name = name;
        call.function.arguments = arguments;
        choice.message.tool_calls.emplace_back(std::move(call));
    }
    return result;
}

inline dedalus::handoff_core::requested_call
pending(std::string id, std::string name, std::vector<std::string> dependencies = {}, std::string arguments = "{}")
{
    dedalus::pending_call call;
    call.id = std::move(id);
    call.name = std::move(name);
    call.arguments = boost::json::parse(arguments).as_object();
    call.arguments_raw = std::move(arguments);
    call.dependencies = std::move(dependencies);
    return dedalus::handoff_core::to_requested_call(call);
}

inline dedalus::handoff_core::requested_call plain(std::string id, std::string name, std::string arguments = "{}")
{
    dedalus::function_tool_call call;
    call.id = std::move(id);
    call.function.name = std::move(name);
    call.function.arguments = std::move(arguments);
    return dedalus::handoff_core::to_requested_call(dedalus::tool_call(std::move(call)));
}

inline std::vector<std::string> codes(const std::vector<dedalus::run_diagnostic>& diagnostics)
{
    std::vector<std::string> result;
    for (const dedalus::run_diagnostic& diagnostic : diagnostics)
        result.push_back(diagnostic.code);
    return result;
}

inline bool has_code(const std::vector<dedalus::run_diagnostic>& diagnostics, std::string_view code)
{
    return std::any_of(diagnostics.begin(), diagnostics.end(), [code](const auto& d) { return d.code == code; });
}

/// "role" or "role:call id" of each message, and the ids of calls: "assistant(a,b) tool:a tool:b".
inline std::string outline(const std::vector<dedalus::message>& messages)
{
    std::string text;
    for (const dedalus::message& message : messages) {
        text += text.empty() ? "" : " ";
        if (const auto* tool = std::get_if<dedalus::tool_message>(&message)) {
            text += "tool:" + tool->tool_call_id;
        }
        else if (const auto* assistant = std::get_if<dedalus::assistant_message>(&message)) {
            text += "assistant";
            std::string ids;
            for (const dedalus::tool_call& call : assistant->tool_calls)
                ids += (ids.empty() ? "" : ",") + std::get<dedalus::function_tool_call>(call).id;
            text += ids.empty() ? "" : "(" + ids + ")";
        }
        else if (std::holds_alternative<dedalus::user_message>(message)) {
            text += "user";
        }
        else {
            text += "other";
        }
    }
    return text;
}

/// The text of the tool message of this call; "no such message" when there is none.
inline std::string tool_text(const std::vector<dedalus::message>& messages, std::string_view id)
{
    for (const dedalus::message& message : messages) {
        const auto* tool = std::get_if<dedalus::tool_message>(&message);
        if (tool != nullptr && tool->tool_call_id == id)
            return std::get<std::string>(tool->content);
    }
    return "no such message";
}

inline dedalus::api_error refusal(int status, std::string message, std::string code = "", std::string param = "")
{
    dedalus::api_error_details details;
    details.status = status;
    details.message = std::move(message);
    details.api_code = std::move(code);
    details.param = std::move(param);
    return dedalus::api_error(dedalus::errc::api, std::move(details));
}

}  // namespace test
