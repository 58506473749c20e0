// The events of a stream: text and arguments of a call as they grow. Usage: events [base-url [ca-file]]

#include <dedalus/dedalus.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <exception>
#include <iostream>
#include <optional>
#include <utility>
#include <variant>

namespace asio = boost::asio;
namespace json = boost::json;

// [events]
struct printer
{
    void operator()(const dedalus::content_delta_event& event) const { std::cout << event.delta << std::flush; }

    void operator()(const dedalus::arguments_delta_event& event) const
    {
        if (event.parsed_arguments != nullptr)  // JSON so far, although the text is cut
            std::cout << event.name << ": " << json::serialize(*event.parsed_arguments) << '\n';
    }

    void operator()(const dedalus::arguments_done_event& event) const
    {
        std::cout << event.name << " is called with " << event.arguments << '\n';
    }

    template <class Event>
    void operator()(const Event&) const
    {}
};

asio::awaitable<void> watch(dedalus::client client)
{
    dedalus::chat_completion_request request{
        .model = "openai/gpt-5-nano",
        .messages = {dedalus::user_message{"What is the weather in Oslo?"}},
        .tools = {dedalus::function_tool{{
            .name = "get_weather",
            .parameters =
                json::parse(R"({"type":"object","properties":{"city":{"type":"string"}},"required":["city"]})")
                    .as_object(),
        }}},
    };

    dedalus::chat_completion_stream stream = co_await client.chat_completions_stream(request);
    dedalus::chat_completion_events events{std::move(stream)};
    while (std::optional<dedalus::chat_completion_event> event = co_await events.next())
        std::visit(printer{}, *event);
}

// [events]

int main(int argc, char* argv[])
{
    try {
        asio::io_context context;
        dedalus::client_options options;  // DEDALUS_API_KEY, DEDALUS_BASE_URL, ... from the environment
        if (argc > 1)
            options.base_url = argv[1];
        if (argc > 2)
            options.tls.ca_file = argv[2];
        dedalus::client client{context.get_executor(), options};
        asio::co_spawn(context, watch(client), [](std::exception_ptr failure) {
            if (failure)
                std::rethrow_exception(failure);
        });
        context.run();
    }
    catch (const std::exception& e) {
        std::cerr << "events: " << e.what() << '\n';
        return 1;
    }
}
