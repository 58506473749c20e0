// A program of a user: built against the installed package and against the source tree.

#include <dedalus/dedalus.hpp>
#ifdef WITH_postgres
#include <dedalus/stores/postgres.hpp>
#endif
#ifdef WITH_sqlite
#include <dedalus/stores/sqlite.hpp>
#endif
#include <dedalus/testing/server.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <cstdlib>
#include <exception>
#include <iostream>
#include <optional>
#include <string>

namespace asio = boost::asio;

namespace {

asio::awaitable<std::string> ask(dedalus::client client, dedalus::chat_completion_request request)
{
    const dedalus::chat_completion answer = co_await client.chat_completions(request);

    dedalus::chat_completion_stream stream = co_await client.chat_completions_stream(request);
    std::string streamed;
    while (auto chunk = co_await stream.next())
        streamed += chunk->text();

    co_return streamed == answer.text() ? answer.text() : std::string();
}

std::string run(const dedalus::testing::server& server, const std::string& key)
{
    asio::io_context io;
    dedalus::client_options options{.api_key = key, .base_url = server.url()};
    options.tls.ca_file = server.ca_file();
    const dedalus::client client{io.get_executor(), options};
    const dedalus::chat_completion_request request{
        .model = "openai/gpt-5-nano",
        .messages = {dedalus::user_message{"What is the capital of France?"}},
    };

    std::string text;
    std::exception_ptr failure;
    asio::co_spawn(io, ask(client, request), [&](std::exception_ptr e, std::string t) {
        failure = e;
        text = std::move(t);
    });
    io.run();
    if (failure)
        std::rethrow_exception(failure);
    return text;
}

}  // namespace

int main()
{
#ifdef WITH_sqlite
    const dedalus::sqlite_run_store embedded(":memory:");
#endif
#ifdef WITH_postgres
    asio::io_context unused;
    const dedalus::postgres_run_store distributed(unused.get_executor(), "host=/nowhere");
#endif

    dedalus::testing::server_options server_options;
    server_options.api_key = "right";
    const dedalus::testing::server server{server_options};

    const std::string text = run(server, "right");
    std::cout << text << '\n';
    if (text.find("Paris") == std::string::npos)
        return EXIT_FAILURE;

    // An exception class of the library is caught by its own type across the library's boundary.
    try {
        run(server, "wrong");
    }
    catch (const dedalus::authentication_error& e) {
        std::cout << e.what() << '\n';
        return e.status() == 401 ? EXIT_SUCCESS : EXIT_FAILURE;
    }
    return EXIT_FAILURE;
}
