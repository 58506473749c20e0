// What the compiler and the linker are measured with: a user's smallest program.

#include <dedalus/dedalus.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>
#include <iostream>

namespace {

boost::asio::awaitable<void> ask(dedalus::client client)
{
    const dedalus::chat_completion_request request{
        .model = "openai/gpt-5-nano",
        .messages = {dedalus::user_message{"Hello"}},
    };
    const dedalus::chat_completion answer = co_await client.chat_completions(request);
    std::cout << answer.text() << '\n';
}

}  // namespace

int main()
{
    boost::asio::io_context io;
    const dedalus::client client{io.get_executor()};
    boost::asio::co_spawn(io, ask(client), [](const std::exception_ptr& failure) {
        if (failure)
            std::rethrow_exception(failure);
    });
    io.run();
}
