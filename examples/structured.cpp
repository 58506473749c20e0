// An answer as a C++ struct, and a tool that takes one. Usage: structured [base-url [ca-file]]

#include <dedalus/dedalus.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/describe/class.hpp>
#include <boost/describe/enum.hpp>

#include <exception>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

namespace asio = boost::asio;

// [structured]
enum class difficulty
{
    easy,
    medium,
    hard,
};
BOOST_DESCRIBE_ENUM(difficulty, easy, medium, hard)

struct step
{
    std::string text;
    std::optional<int> minutes;
};
BOOST_DESCRIBE_STRUCT(step, (), (text, minutes))

struct recipe
{
    std::string title;
    difficulty level = difficulty::easy;
    int servings = 0;
    std::vector<step> steps;
};
BOOST_DESCRIBE_STRUCT(recipe, (), (title, level, servings, steps))

template <>
inline constexpr dedalus::schema_annotation dedalus::annotation_of<&recipe::servings>{
    .description = "How many people it feeds", .minimum = 1, .maximum = 12};
template <>
inline constexpr dedalus::schema_annotation dedalus::annotation_of<&recipe::steps>{.min_items = 1};

asio::awaitable<void> cook(dedalus::client client)
{
    dedalus::chat_completion_request request{
        .model = "openai/gpt-5-nano",
        .messages = {dedalus::user_message{"A recipe for pancakes."}},
    };
    try {
        dedalus::parsed_completion<recipe> answer = co_await client.parse<recipe>(request);
        if (const std::optional<recipe>& dish = answer.parsed())
            std::cout << dish->title << " for " << dish->servings << ", " << dish->steps.size() << " steps\n";
        else
            std::cout << "refused: " << answer.refusal().value_or("without a word") << '\n';
    }
    catch (const dedalus::validation_error& e) {
        std::cout << "not a recipe at " << e.path() << ": " << e.problem() << '\n';
    }
}

// [structured]

// [typed tool]
struct weather_query
{
    std::string city;
    std::optional<std::string> unit;
};
BOOST_DESCRIBE_STRUCT(weather_query, (), (city, unit))

struct weather
{
    double temperature = 0;
    std::string sky;
};
BOOST_DESCRIBE_STRUCT(weather, (), (temperature, sky))

asio::awaitable<void> agent(dedalus::client client)
{
    dedalus::tool_registry tools;
    tools.add(
        "get_weather",
        "Current weather in a city",  // JSON Schema derived from weather_query
        [](weather_query, dedalus::tool_context&) -> asio::awaitable<weather> {
            co_return weather{21.5, "clear"};
        },
        {.effect = dedalus::tool_effect::pure}
    );

    dedalus::chat_completion_request request{
        .model = "openai/gpt-5-nano",
        .messages = {dedalus::user_message{"Is it warm in Oslo?"}},
    };
    dedalus::handoff_loop loop{client, tools};
    dedalus::run_result result = co_await loop.run(request);
    std::cout << result.final_text << '\n';
    for (const dedalus::tool_result& call : result.tool_results)
        std::cout << call.name << ": " << to_string(call.outcome) << ' ' << call.content << '\n';
}

// [typed tool]

asio::awaitable<void> both(dedalus::client client)
{
    co_await cook(client);
    co_await agent(client);
}

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
        asio::co_spawn(context, both(client), [](std::exception_ptr failure) {
            if (failure)
                std::rethrow_exception(failure);
        });
        context.run();
    }
    catch (const std::exception& e) {
        std::cerr << "structured: " << e.what() << '\n';
        return 1;
    }
}
