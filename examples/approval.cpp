// A run that waits for a person, over two processes: the first start begins it and ends, the second one, a minute or a
// month later, approves what waits and goes on. Usage: approval FILE [base-url [ca-file]]

#include <dedalus/dedalus.hpp>
#include <dedalus/stores/sqlite.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <exception>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

namespace asio = boost::asio;
namespace json = boost::json;

// [approval]
asio::awaitable<json::value> read_calendar(json::object, dedalus::tool_context&)
{
    co_return json::value{{"free", true}};
}

asio::awaitable<json::value> book(json::object, dedalus::tool_context& context)
{
    co_return "booked under " + context.idempotency_key();
}

dedalus::tool_registry make_tools()
{
    const json::object schema =
        json::parse(R"({"type":"object","properties":{"day":{"type":"string"}},"required":["day"]})").as_object();
    dedalus::tool_registry tools;
    tools.add(
        {.name = "read_calendar", .description = "Is the day free?", .parameters = schema},
        read_calendar,
        {.effect = dedalus::tool_effect::pure}
    );
    tools.add(
        {.name = "book", .description = "Book the flight", .parameters = schema},
        book,
        {.effect = dedalus::tool_effect::once, .needs_approval = true}
    );
    return tools;
}

asio::awaitable<void> approve_waiting(std::shared_ptr<dedalus::run_store> store)
{
    const dedalus::run_inbox inbox(store);
    const std::vector<dedalus::waiting_call> waiting = co_await inbox.list_waiting();
    for (const dedalus::waiting_call& call : waiting) {
        std::cout << "approving " << call.name << ' ' << json::serialize(call.arguments) << " of the run "
                  << call.run_id << '\n';
        co_await inbox.approve(call.run_id, call.call_id);
    }
}

asio::awaitable<void> begin_or_go_on(dedalus::client client, std::shared_ptr<dedalus::run_store> store)
{
    co_await approve_waiting(store);
    const dedalus::chat_completion_request request{
        .model = "openai/gpt-5-nano",
        .messages = {dedalus::user_message{"Book a flight to Oslo for Monday, if I am free."}},
    };
    const dedalus::handoff_loop loop{client, make_tools(), {.store = store, .max_turns = 20}};
    const dedalus::run_result result = co_await loop.run_or_resume("flight-to-oslo", request);
    if (result.phase == dedalus::run_phase::suspended)
        for (const dedalus::waiting_call& call : result.waiting)
            std::cout << result.run_id << " waits: " << call.name << ' ' << json::serialize(call.arguments)
                      << "\nstart this program again to approve it\n";
    else
        std::cout << result.final_text << '\n';
}

// [approval]

int main(int argc, char* argv[])
{
    if (argc < 2) {
        std::cerr << "usage: approval FILE [base-url [ca-file]]\n";
        return 2;
    }
    try {
        asio::io_context context;
        dedalus::client_options options;
        if (argc > 2)
            options.base_url = argv[2];
        if (argc > 3)
            options.tls.ca_file = argv[3];
        const dedalus::client client{context.get_executor(), options};
        const auto store = std::make_shared<dedalus::sqlite_run_store>(argv[1]);
        asio::co_spawn(context, begin_or_go_on(client, store), [](std::exception_ptr failure) {
            if (failure)
                std::rethrow_exception(failure);
        });
        context.run();
    }
    catch (const std::exception& e) {
        std::cerr << "approval: " << e.what() << '\n';
        return 1;
    }
}
