// A handoff: the model calls tools of this program and of the server. Usage: agent [base-url [ca-file]]

#include <dedalus/dedalus.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json/parse.hpp>

#include <chrono>
#include <exception>
#include <iostream>
#include <optional>
#include <variant>

namespace asio = boost::asio;
namespace json = boost::json;

// [follow]
asio::awaitable<void> follow(dedalus::handoff_loop loop, dedalus::chat_completion_request request)
{
    dedalus::run_stream events = loop.stream(request);
    while (std::optional<dedalus::run_event> event = co_await events.next()) {
        if (const auto* text = std::get_if<dedalus::text_delta_event>(&*event))
            std::cout << text->text << std::flush;
        else if (const auto* call = std::get_if<dedalus::call_finished_event>(&*event))
            std::cout << call->result.name << " gave " << call->result.content << '\n';
    }
    std::cout << '\n' << events.result().llm_turns.spent() << " turns\n";
}

// [follow]

// [agent]
asio::awaitable<json::value> get_weather(json::object arguments, dedalus::tool_context&)
{
    co_return json::value{{"city", arguments["city"]}, {"temperature", 21.5}, {"sky", "clear"}};
}

asio::awaitable<json::value> book(json::object arguments, dedalus::tool_context& context)
{
    // The same key for every attempt at this call: give it to the service that must not book twice.
    co_return "booked " + context.idempotency_key() + " for " + std::to_string(arguments.size()) + " wishes";
}

asio::awaitable<void> agent(dedalus::client client)
{
    dedalus::tool_registry tools;
    tools.add(
        {.name = "get_weather",
         .description = "Current weather in a city",
         .parameters = json::parse(R"({"type":"object","properties":{"city":{"type":"string"}},"required":["city"]})")
                           .as_object()},
        get_weather,
        {.effect = dedalus::tool_effect::pure}
    );
    tools.add(
        {.name = "book", .description = "Book a table", .parameters = json::parse(R"({"type":"object"})").as_object()},
        book,
        {.effect = dedalus::tool_effect::once, .timeout = std::chrono::seconds(30)}
    );

    dedalus::chat_completion_request request{
        .model = "openai/gpt-5-nano",
        .messages = {dedalus::user_message{"Book a table in Oslo if the weather is good, and mail me the bill."}},
        .mcp_servers = "acme/mail",
    };

    dedalus::handoff_loop loop{client, tools, {.max_turns = 20}};
    dedalus::run_result result =
        co_await loop.run(request);  // pending_tools, correlation_id, deferred_calls: driven inside
    std::cout << result.final_text << '\n';
    for (const dedalus::tool_result& call : result.tool_results)
        std::cout << call.name << ": " << to_string(call.outcome) << '\n';

    co_await follow(loop, request);
}

// [agent]

int main(int argc, char* argv[])
{
    try {
        asio::io_context context;
        dedalus::client_options options;
        if (argc > 1)
            options.base_url = argv[1];
        if (argc > 2)
            options.tls.ca_file = argv[2];
        dedalus::client client{context.get_executor(), options};
        asio::co_spawn(context, agent(client), [](std::exception_ptr failure) {
            if (failure)
                std::rethrow_exception(failure);
        });
        context.run();
    }
    catch (const std::exception& e) {
        std::cerr << "agent: " << e.what() << '\n';
        return 1;
    }
}
