// A question, and the same question streamed. Usage: ask [base-url [ca-file]]

#include <dedalus/dedalus.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>
#include <iostream>
#include <optional>

namespace asio = boost::asio;

// [ask]
asio::awaitable<void> ask(dedalus::client client)
{
    dedalus::chat_completion_request request{
        .model = "openai/gpt-5-nano",
        .messages = {dedalus::system_message{"Be brief."}, dedalus::user_message{"What is the capital of France?"}},
        .temperature = 0.2,
    };

    dedalus::chat_completion answer = co_await client.chat_completions(request);
    std::cout << answer.text() << '\n';
    std::cout << answer.info.request_id << ' ' << answer.info.timings.total.count() << " us\n";

    dedalus::chat_completion_stream stream = co_await client.chat_completions_stream(request);
    while (auto chunk = co_await stream.next())
        std::cout << chunk->text() << std::flush;
    dedalus::chat_completion whole = stream.completion();  // the same type as the unary answer
    std::cout << '\n' << (whole.choices.at(0).finish_reason == dedalus::finish_reason::stop) << '\n';
}

// [ask]

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
        asio::co_spawn(context, ask(client), [](std::exception_ptr failure) {
            if (failure)
                std::rethrow_exception(failure);
        });
        context.run();
    }
    catch (const std::exception& e) {
        std::cerr << "ask: " << e.what() << '\n';
        return 1;
    }
}
