// The main job in one program: an answer, a stream, and a handoff with a trace of who ran what and when.
// Without DEDALUS_API_KEY it starts the test server in this process and talks to it over TLS.

#include <dedalus/dedalus.hpp>
#include <dedalus/testing/server.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <chrono>
#include <cstdlib>
#include <exception>
#include <iomanip>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>

namespace asio = boost::asio;
namespace json = boost::json;

namespace {

struct arguments
{
    std::optional<std::string> base_url;
    std::string model = "openai/gpt-5-nano";
    std::string ca_file;
    bool help = false;
};

constexpr std::string_view usage =
    "usage: tour [--base-url URL] [--model NAME] [--ca-file FILE]\n"
    "With DEDALUS_API_KEY set, or with --base-url, it talks to a real server; otherwise to the built-in test server.\n"
    "Without the key a server of --base-url gets none.\n";

arguments parse(int argc, char* argv[])
{
    arguments parsed;
    for (int i = 1; i < argc; ++i) {
        const std::string name = argv[i];
        if (name == "--help") {
            parsed.help = true;
            continue;
        }
        if (i + 1 == argc)
            throw std::invalid_argument(name + " needs a value, or is unknown");
        const char* const value = argv[++i];
        if (name == "--base-url")
            parsed.base_url = value;
        else if (name == "--model")
            parsed.model = value;
        else if (name == "--ca-file")
            parsed.ca_file = value;
        else
            throw std::invalid_argument("unknown argument " + name);
    }
    return parsed;
}

void heading(std::string_view text)
{
    std::cout << "\n== " << text << " ==\n";
}

asio::awaitable<void> answer(dedalus::client client, std::string model)
{
    heading("An answer");
    dedalus::chat_completion_request request{
        .model = model,
        .messages = {dedalus::system_message{"Be brief."}, dedalus::user_message{"What is the capital of France?"}},
    };
    dedalus::chat_completion completion = co_await client.chat_completions(request);
    const auto& times = completion.info.timings;
    std::cout << completion.text() << "\n  [HTTP " << completion.info.status << ", request "
              << completion.info.request_id << ", connect " << times.connect.count() << " us, TLS " << times.tls.count()
              << " us, header after " << times.header.count() << " us]\n";
}

asio::awaitable<void> stream(dedalus::client client, std::string model)
{
    heading("A stream, printed as it arrives");
    dedalus::chat_completion_request request{
        .model = model,
        .messages = {dedalus::user_message{"Tell me in two sentences what a labyrinth is."}},
        .stream_options = dedalus::stream_options{.include_usage = true},
    };
    dedalus::chat_completion_stream chunks = co_await client.chat_completions_stream(request);
    int count = 0;
    while (auto chunk = co_await chunks.next()) {
        std::cout << chunk->text() << std::flush;
        ++count;
    }
    const dedalus::chat_completion whole = chunks.completion();
    std::cout << "\n  [" << count << " chunks, first after " << whole.info.timings.first_event.count() << " us";
    if (whole.usage)
        std::cout << ", " << whole.usage->total_tokens << " tokens";
    std::cout << (whole.info.timings.reused_connection ? ", on the connection of the answer above]\n" : "]\n");
}

asio::awaitable<json::value> read_calendar(json::object, dedalus::tool_context&)
{
    asio::steady_timer work(co_await asio::this_coro::executor, std::chrono::milliseconds(30));
    co_await work.async_wait(asio::use_awaitable);
    co_return json::value{{"free", true}};
}

asio::awaitable<json::value> confirm_booking(json::object, dedalus::tool_context& context)
{
    asio::steady_timer work(co_await asio::this_coro::executor, std::chrono::milliseconds(20));
    co_await work.async_wait(asio::use_awaitable);
    co_return json::value{{"booking", "B-9"}, {"knew_of", context.dependency_results().size()}};
}

dedalus::tool_registry make_tools()
{
    const auto schema = [](std::string_view name) {
        return json::object{
            {"type", "object"}, {"properties", {{name, {{"type", "string"}}}}}, {"required", json::array{name}}};
    };
    dedalus::tool_registry tools;
    tools.add(
        {.name = "read_calendar", .description = "Is the day free?", .parameters = schema("day")},
        read_calendar,
        {.effect = dedalus::tool_effect::pure}
    );
    tools.add(
        {.name = "confirm_booking", .description = "Book the flight", .parameters = schema("flight")}, confirm_booking
    );
    return tools;
}

void print_trace(const dedalus::run_result& result)
{
    if (result.tool_results.empty()) {
        std::cout << "  (the model called no tool of this program)\n";
        return;
    }
    const auto zero = result.tool_results.front().queued;
    const auto ms = [zero](std::chrono::system_clock::time_point t) {
        return std::chrono::duration_cast<std::chrono::milliseconds>(t - zero).count();
    };
    for (const dedalus::server_tool_result& call : result.server_tools)
        std::cout << "  turn " << call.turn << "  server  " << (call.name.empty() ? call.call_id : call.name)
                  << (call.value.is_null() ? "" : " -> " + json::serialize(call.value)) << '\n';
    for (const dedalus::tool_result& call : result.tool_results) {
        std::cout << "  turn " << call.turn << "  client  " << call.name << "  " << std::setw(3) << ms(call.started)
                  << " .. " << std::setw(3) << ms(call.finished) << " ms  " << to_string(call.outcome);
        for (const std::string& id : call.dependencies)
            std::cout << "  after " << id;
        std::cout << "  (" << call.call_id << ") -> " << call.content << '\n';
    }
}

asio::awaitable<void> handoff(dedalus::client client, std::string model, bool with_server_tools)
{
    heading("A handoff: two tools here, one after the other, and a server call that waits for them");
    dedalus::chat_completion_request request{
        .model = model,
        .messages = {dedalus::user_message{"Book a flight to Oslo on 2 May and send me the invoice."}},
    };
    if (with_server_tools)
        request.mcp_servers = "acme/travel";
    dedalus::handoff_loop loop{client, make_tools(), {.max_turns = 10}};
    const dedalus::run_result result = co_await loop.run(request);
    print_trace(result);
    std::cout << result.final_text << "\n  [" << to_string(result.phase) << " after " << result.turns_used
              << " answers, " << result.llm_turns.spent() << " of " << result.llm_turns.limit << " LLM turns]\n";
}

asio::awaitable<void> tour(dedalus::client client, std::string model, bool with_server_tools)
{
    co_await answer(client, model);
    co_await stream(client, model);
    co_await handoff(client, model, with_server_tools);
}

}  // namespace

int main(int argc, char* argv[])
{
    try {
        const arguments given = parse(argc, argv);
        if (given.help) {
            std::cout << usage;
            return 0;
        }
        asio::io_context context;
        dedalus::client_options options{.base_url = given.base_url, .tls = {.ca_file = given.ca_file}};
        options.allow_anonymous = given.base_url.has_value();
        std::optional<dedalus::testing::server> built_in;
        if (std::getenv("DEDALUS_API_KEY") == nullptr && !given.base_url) {
            built_in.emplace(dedalus::testing::server_options{.stream_delay = std::chrono::milliseconds(15)});
            options.api_key = "not-needed";
            options.base_url = built_in->url();
            options.tls.ca_file = built_in->ca_file();
            std::cout << "No DEDALUS_API_KEY: talking to the built-in test server at " << built_in->url() << '\n';
        }
        dedalus::client client{context.get_executor(), options};
        asio::co_spawn(context, tour(client, given.model, built_in.has_value()), [](std::exception_ptr failure) {
            if (failure)
                std::rethrow_exception(failure);
        });
        context.run();
    }
    catch (const std::invalid_argument& e) {
        std::cerr << "tour: " << e.what() << '\n' << usage;
        return 2;
    }
    catch (const dedalus::api_error& e) {
        std::cerr << "tour: " << e.what() << ": " << e.message() << '\n';
        return 1;
    }
    catch (const std::exception& e) {
        std::cerr << "tour: " << e.what() << '\n';
        return 1;
    }
}
