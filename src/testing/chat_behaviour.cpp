#include "testing/chat_behaviour.hpp"

#include "testing/raw_members.hpp"
#include "testing/request_view.hpp"
#include "testing/sample_json.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cctype>
#include <utility>
#include <vector>

namespace dedalus::testing {

namespace json = boost::json;

namespace {

struct known_fact
{
    std::string_view country;
    std::string_view capital;
};

constexpr std::array known_facts{
    known_fact{"france", "Paris"},
    known_fact{"germany", "Berlin"},
    known_fact{"italy", "Rome"},
    known_fact{"spain", "Madrid"},
    known_fact{"norway", "Oslo"},
    known_fact{"japan", "Tokyo"},
    known_fact{"argentina", "Buenos Aires"},
};

std::string lower_case(std::string text)
{
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) {
        return static_cast<char>(std::tolower(c));
    });
    return text;
}

std::string last_user_text(const json::object& request)
{
    const json::array& messages = array_member(request, "messages");
    for (std::size_t i = messages.size(); i > 0; --i)
        if (string_member(messages[i - 1].as_object(), "role") == "user")
            return message_text(messages[i - 1].as_object());
    return {};
}

std::string answer_text(const std::string& question)
{
    const std::string lower = lower_case(question);
    if (lower.find("capital") != std::string::npos)
        for (const known_fact& fact : known_facts)
            if (lower.find(fact.country) != std::string::npos) {
                std::string country(fact.country);
                country[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(country[0])));
                return "The capital of " + country + " is " + std::string(fact.capital) + ".";
            }
    return question.empty() ? "Hello! How can I help?" : "You said: " + question;
}

/// The name of the tool that a call of the last assistant message with calls asked for.
std::string tool_of_call(const json::object& request, const std::string& call_id)
{
    const json::array& messages = array_member(request, "messages");
    for (std::size_t i = messages.size(); i > 0; --i)
        for (const json::value& entry : array_member(messages[i - 1].as_object(), "tool_calls")) {
            const json::object& call = entry.as_object();
            if (string_member(call, "id") == call_id)
                return string_member(call.at(string_member(call, "type")).as_object(), "name");
        }
    return {};
}

chat_answer text_answer(std::string text)
{
    chat_answer answer;
    answer.text = std::move(text);
    return answer;
}

chat_answer answer_to_results(const json::object& request)
{
    std::string text = "The tools answered.";
    for (const tool_result& result : trailing_tool_results(request))
        text.append(" ").append(tool_of_call(request, result.call_id)).append(": ").append(result.text).append(";");
    text.back() = '.';
    return text_answer(std::move(text));
}

/// The JSON that `response_format` asks for; nothing for text.
std::optional<std::string> formatted_answer(const json::object& request)
{
    const json::value* format = member(request, "response_format");
    if (format == nullptr)
        return std::nullopt;
    const std::string type = string_member(format->as_object(), "type");
    if (type == "json_object")
        return json::serialize(json::object{{"answer", answer_text(last_user_text(request))}});
    if (type != "json_schema")
        return std::nullopt;
    const json::value* schema = member(format->as_object().at("json_schema").as_object(), "schema");
    return json::serialize(sample_json(schema != nullptr ? schema->as_object() : json::object()));
}

chat_answer tool_call_answer(const json::object& request, const tool_demand& demand, const std::string& completion_id)
{
    const std::vector<offered_tool> tools = offered_tools(request);
    const auto named =
        std::find_if(tools.begin(), tools.end(), [&](const offered_tool& tool) { return tool.name == demand.name; });
    const offered_tool& tool = named != tools.end() ? *named : tools.front();
    const std::string arguments = tool.custom ? "sample" : json::serialize(sample_json(tool.parameters));
    chat_answer answer;
    answer.calls.push_back(
        {"call_" + completion_id.substr(completion_id.find('-') + 1), tool.name, arguments, tool.custom}
    );
    return answer;
}

/// Server tools alone: the server runs one in the same request, which takes two turns.
chat_answer server_tool_answer(const json::object& request)
{
    if (int_member(request, "max_turns").value_or(100) < 2) {
        chat_answer stopped = text_answer("Stopped: the limit of max_turns is reached.");
        stopped.extension["turns_consumed"] = 1;
        return stopped;
    }
    chat_answer answer = text_answer("search_offers found offer XY1. " + answer_text(last_user_text(request)));
    answer.extension["tools_executed"] = json::array{"search_offers"};
    answer.extension["mcp_tool_results"] = json::array{json::object{
        {"tool_name", "search_offers"},
        {"server_name", "testserver"},
        {"arguments", json::object()},
        {"is_error", false},
        {"result", {{"offer", "XY1"}}},
        {"duration_ms", 1},
    }};
    answer.extension["turns_consumed"] = 2;
    return answer;
}

bool has_function_tool(const json::object& request)
{
    const std::vector<offered_tool> tools = offered_tools(request);
    return std::any_of(tools.begin(), tools.end(), [](const offered_tool& tool) { return !tool.custom; });
}

/// Structured handoff is asked for, or server and client tools mix and nothing forbids it.
bool wants_handoff(const json::object& request)
{
    if (!has_function_tool(request) || !bool_member(request, "automatic_tool_execution").value_or(true))
        return false;
    return bool_member(request, "handoff_mode").value_or(has_mcp_servers(request));
}

std::optional<std::string_view> raw_deferred_calls(const json::object& request, std::string_view raw_body)
{
    if (array_member(request, "deferred_calls").empty())
        return std::nullopt;
    for (const auto& [name, value] : raw_members(raw_body))
        if (name == "deferred_calls")
            return value;
    return std::nullopt;
}

completion_identity next_identity()
{
    static std::atomic<unsigned> count{0};
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const std::int64_t seconds = std::chrono::duration_cast<std::chrono::seconds>(now).count();
    return {"chatcmpl-" + std::to_string(seconds) + std::to_string(++count), seconds};
}

/// The answer when no handoff is involved.
chat_answer plain_answer(const json::object& request, const std::string& completion_id)
{
    const tool_demand demand = demanded_tool(request);
    const std::string role = last_role(request);
    const bool may_call = !demand.forbidden && !offered_tools(request).empty();
    if (may_call && (demand.forced || role == "user"))
        return tool_call_answer(request, demand, completion_id);
    if (role == "tool")
        return answer_to_results(request);
    if (const std::optional<std::string> formatted = formatted_answer(request))
        return text_answer(*formatted);
    if (has_mcp_servers(request) && offered_tools(request).empty() &&
        bool_member(request, "automatic_tool_execution").value_or(true))
        return server_tool_answer(request);
    return text_answer(answer_text(last_user_text(request)));
}

}  // namespace

reply chat_behaviour::answer(const json::object& request, std::string_view raw_body)
{
    const completion_identity identity = next_identity();
    const handoff_scenario::clock::time_point now = handoff_scenario::clock::now();
    if (wants_handoff(request) && handoff_scenario::is_resume(request)) {
        std::variant<chat_answer, reply> resumed = handoff_.resume(request, raw_deferred_calls(request, raw_body), now);
        if (reply* refusal = std::get_if<reply>(&resumed))
            return std::move(*refusal);
        return render_answer(std::get<chat_answer>(resumed), request, identity, stream_delay_);
    }
    if (wants_handoff(request) && last_role(request) == "user" && !demanded_tool(request).forbidden)
        return render_answer(handoff_.begin(request, now), request, identity, stream_delay_);
    return render_answer(plain_answer(request, identity.id), request, identity, stream_delay_);
}

}  // namespace dedalus::testing
