// The floor for user.cpp: the same program without the library, which shows what Asio alone costs.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>

#include <exception>
#include <iostream>
#include <string>

namespace {

boost::asio::awaitable<std::string> answer()
{
    co_return "Hello";
}

boost::asio::awaitable<void> ask()
{
    const std::string text = co_await answer();
    std::cout << text << '\n';
}

}  // namespace

int main()
{
    boost::asio::io_context io;
    boost::asio::co_spawn(io, ask(), [](const std::exception_ptr& failure) {
        if (failure)
            std::rethrow_exception(failure);
    });
    io.run();
}
