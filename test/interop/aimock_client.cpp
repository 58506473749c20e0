// The client's part of aimock.test.mjs: one conversation with a server that someone else wrote. Prints what it got as
// one line of JSON, for the script to judge.
// Usage: dedalus_aimock_client unary|stream|tools|stream-tools|error|credentials <base URL>

#include <dedalus/dedalus.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <boost/json/value_from.hpp>

#include <chrono>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace asio = boost::asio;
namespace json = boost::json;

namespace {

dedalus::chat_completion_request question(const std::string& text)
{
    return {.model = "openai/gpt-5-nano", .messages = {dedalus::user_message{text}}};
}

dedalus::function_definition weather_definition()
{
    return {
        .name = "get_weather",
        .description = "Current weather in a city",
        .parameters =
            json::object{
                {"type", "object"},
                {"properties", {{"city", {{"type", "string"}}}}},
                {"required", {"city"}},
            },
    };
}

json::object summary(const dedalus::chat_completion& answer)
{
    json::object result{
        {"text", answer.text()}, {"status", answer.info.status}, {"request_id", answer.info.request_id}};
    if (!answer.choices.empty() && answer.choices.front().finish_reason)
        result["finish_reason"] = answer.choices.front().finish_reason->str();
    if (answer.usage)
        result["total_tokens"] = answer.usage->total_tokens;
    if (const dedalus::assistant_message* message = answer.first_message())
        result["tool_calls"] = json::value_from(message->tool_calls);
    return result;
}

asio::awaitable<json::object> unary(dedalus::client client, dedalus::chat_completion_request request)
{
    const dedalus::chat_completion answer = co_await client.chat_completions(request);
    co_return summary(answer);
}

asio::awaitable<json::object> stream(dedalus::client client, dedalus::chat_completion_request request)
{
    dedalus::chat_completion_stream chunks = co_await client.chat_completions_stream(request);
    json::array texts;
    while (auto chunk = co_await chunks.next())
        texts.emplace_back(chunk->text());
    json::object result = summary(chunks.completion());
    result["chunks"] = std::move(texts);
    co_return result;
}

asio::awaitable<json::value> get_weather(json::object arguments, std::string call_id)
{
    co_return json::object{{"city", arguments.at("city")}, {"temperature", 7}, {"call_id", call_id}};
}

asio::awaitable<json::object> tools(dedalus::client client, dedalus::chat_completion_request request)
{
    dedalus::tool_registry registry;
    registry.add(weather_definition(), [](json::object arguments, dedalus::tool_context& context) {
        return get_weather(std::move(arguments), context.call_id());
    });
    dedalus::handoff_options options;
    options.dedalus_extensions = false;
    const dedalus::handoff_loop loop{client, registry, options};

    const dedalus::run_result run = co_await loop.run(request);
    json::object result = summary(run.last_completion);
    result["final_text"] = run.final_text;
    result["phase"] = dedalus::to_string(run.phase);
    result["turns"] = run.turns_used;
    json::array calls;
    for (const dedalus::tool_result& call : run.tool_results)
        calls.push_back(json::object{{"name", call.name}, {"arguments", call.arguments}, {"content", call.content}});
    result["calls"] = std::move(calls);
    co_return result;
}

asio::awaitable<json::object> error(dedalus::client client, dedalus::chat_completion_request request)
{
    json::object result;
    try {
        co_await client.chat_completions(request);
    }
    catch (const dedalus::api_error& e) {
        result["status"] = e.status();
        result["code"] = e.api_code();
        result["type"] = e.type();
        result["retries"] = e.retries_taken();
        result["what"] = e.what();
    }
    co_return result;
}

dedalus::chat_completion_request question_with_credentials()
{
    dedalus::chat_completion_request request = question("What is the capital of France?");
    request.mcp_servers = std::vector<dedalus::mcp_server>{"acme/mail", "https://mcp.example.com/mcp"};
    request.credentials = std::vector<dedalus::credential>{
        {.connection_name = "mail", .values = {{"api_key", "sk-\xC3\xA9"}, {"port", 25}, {"tls", true}}},
        {.connection_name = "kb", .values = {{"token", ""}}},
    };
    return request;
}

asio::awaitable<json::object> converse(dedalus::client client, std::string mode)
{
    if (mode == "stream")
        return stream(std::move(client), question("What is the capital of France?"));
    if (mode == "tools")
        return tools(std::move(client), question("What is the weather in Oslo?"));
    if (mode == "stream-tools") {
        dedalus::chat_completion_request request = question("What is the weather in Oslo?");
        request.tools = {dedalus::function_tool{.function = weather_definition()}};
        return stream(std::move(client), std::move(request));
    }
    if (mode == "credentials")
        return unary(std::move(client), question_with_credentials());
    if (mode == "error")
        return error(std::move(client), question("What is the capital of France?"));
    return unary(std::move(client), question("What is the capital of France?"));
}

}  // namespace

int main(int argc, char** argv)
{
    if (argc != 3) {
        std::cerr << "usage: " << argv[0] << " unary|stream|tools|stream-tools|error|credentials <base URL>\n";
        return 2;
    }

    asio::io_context io;
    int status = EXIT_FAILURE;
    dedalus::client_options options{.api_key = "interop-key", .base_url = argv[2], .dialect = dedalus::dialect::openai};
    options.retry.initial_backoff = std::chrono::milliseconds(1);
    asio::co_spawn(
        io,
        converse(dedalus::client{io.get_executor(), options}, argv[1]),
        [&](std::exception_ptr failure, json::object result) {
            try {
                if (failure)
                    std::rethrow_exception(failure);
                std::cout << json::serialize(result) << '\n';
                status = EXIT_SUCCESS;
            }
            catch (const std::exception& e) {
                std::cerr << e.what() << '\n';
            }
        }
    );
    io.run();
    return status;
}
