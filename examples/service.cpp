// How a service sets its client up: keys that rotate, traces, limits of its own. Usage: service [base-url [ca-file]]

#include <dedalus/dedalus.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <string>

namespace asio = boost::asio;

// [service]
using namespace std::chrono_literals;

asio::awaitable<std::string> current_key()  // asked before each attempt: a vault, a token service, ...
{
    const char* key = std::getenv("SERVICE_KEY");
    co_return key ? key : "none";
}

dedalus::client_options service_options()
{
    dedalus::client_options options;
    options.credential_provider = current_key;
    options.pool.max_connections_per_host = 64;
    options.hooks.on_request = [](const dedalus::request_view&) {
        return dedalus::http_headers{{"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}};
    };
    options.hooks.on_retry = [](const dedalus::retry_view& retry) {
        std::cerr << "attempt " << retry.attempt.attempt << ": " << retry.failure.what() << '\n';
    };
    return options;
}

asio::awaitable<void> serve(dedalus::client client)
{
    dedalus::chat_completion_request request{
        .model = "openai/gpt-5-nano",
        .messages = {dedalus::user_message{"What is the capital of France?"}},
    };
    dedalus::call_options options{
        .headers = {{"X-Tenant", "blue"}},
        .timeouts = dedalus::timeout_options{.response_header = 20s, .total = 30s},
    };
    dedalus::chat_completion answer = co_await client.chat_completions(request, options);
    std::cout << answer.text() << '\n';
    std::cout << answer.info.timings.attempts << " attempt, " << answer.info.timings.bytes_received << " bytes\n";

    dedalus::client patient = client.with_options({.timeouts = dedalus::timeout_options{.total = 10min}});
    answer = co_await patient.chat_completions(request);  // over the same connections
    std::cout << answer.info.timings.reused_connection << '\n';
}

// [service]

int main(int argc, char* argv[])
{
    try {
        asio::io_context context;
        dedalus::client_options options = service_options();
        if (argc > 1)
            options.base_url = argv[1];
        if (argc > 2)
            options.tls.ca_file = argv[2];
        dedalus::client client{context.get_executor(), options};
        asio::co_spawn(context, serve(client), [](std::exception_ptr failure) {
            if (failure)
                std::rethrow_exception(failure);
        });
        context.run();
    }
    catch (const std::exception& e) {
        std::cerr << "service: " << e.what() << '\n';
        return 1;
    }
}
