// Not part of any build: each rule of coroutine_rules.query finds its line here, and nothing in the lines marked "fine".
// check_coroutines --self-test compares the findings with the comments.

#include <boost/asio/awaitable.hpp>

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace asio = boost::asio;

namespace dedalus {
class tool_context;
}

struct request
{
    std::string text;
    int number = 0;
};

asio::awaitable<bool> ready(int number);
asio::awaitable<int> send(request r);
asio::awaitable<int> send_all(std::vector<request> requests);
asio::awaitable<int> send_or_default(request r = request());  // default_object_argument
asio::awaitable<int> send_with(request r, int number);

asio::awaitable<void> takes_reference(const std::string& text) // reference_parameter
{
    co_await send(request());
}

asio::awaitable<void> takes_rvalue(request&& r) // reference_parameter
{
    co_return;
}

asio::awaitable<void> takes_text_view(std::string_view text) // view_parameter
{
    co_await ready(1);
}

asio::awaitable<void> takes_span(std::span<char> bytes) // view_parameter
{
    co_await ready(1);
}

asio::awaitable<void> captures(int number)
{
    auto coroutine = [number]() -> asio::awaitable<void> { co_await ready(number); }; // capturing_coroutine_lambda
    co_await coroutine();
}

asio::awaitable<void> captures_generic(int number)
{
    auto coroutine = [number](auto other) -> asio::awaitable<void> { co_await ready(number + other); }; // capturing_coroutine_lambda
    co_await coroutine(1);
}

asio::awaitable<void> in_if()
{
    if (co_await ready(1)) // await_in_if_condition
        co_return;
}

asio::awaitable<void> in_while()
{
    while (!co_await ready(1)) // await_in_while_condition
    {
    }
}

asio::awaitable<void> in_do()
{
    do // await_in_do_condition
    {
    } while (co_await ready(1));
}

asio::awaitable<void> in_for()
{
    for (; co_await ready(1);) // await_in_for_condition
    {
    }
}

asio::awaitable<void> in_switch(request r)
{
    switch (co_await send(r)) // await_in_switch_condition
    {
    default:
        break;
    }
}

asio::awaitable<int> in_conditional(bool condition, request r)
{
    int result = condition ? co_await send(r) : 0; // await_in_conditional_operator
    co_return result;
}

asio::awaitable<void> braced_argument()
{
    co_await send({.text = "named"}); // braces_beside_await
}

asio::awaitable<void> braced_temporary()
{
    co_await send(request{"temporary", 1}); // braces_beside_await
}

asio::awaitable<request> braced_return(request r)
{
    co_return request{"answer", co_await send(r)}; // braces_beside_await
}

asio::awaitable<void> initializer_list(request r)
{
    co_await send_all({r, r}); // initializer_list_beside_await
}

asio::awaitable<void> lambda_argument(std::string text, request r)
{
    co_await send_with(r, [text] { return 1; }()); // capturing_lambda_beside_await
}

asio::awaitable<void> conditional_object(bool condition, request a, request b)
{
    co_await send(condition ? a : b); // conditional_object_beside_await
}

asio::awaitable<void> default_argument()
{
    co_await send_or_default(); // default_object_argument_in_call
}

asio::awaitable<void> tool(request r, dedalus::tool_context& context) // fine
{
    co_await send(r);
}

asio::awaitable<void> good(request r, int number) // fine
{
    request named{"named", number}; // fine
    co_await send(std::move(named)); // fine
    int result{co_await send(r)}; // fine
    auto plain = [number](const request& other) { return other.number + number; }; // fine
    bool done = co_await ready(plain(r) + result); // fine
    if (bool again = co_await ready(1)) // fine
        done = again;
    while (bool again = co_await ready(done ? 1 : 2)) // fine
        done = again;
    if (auto inner = [](request other) -> asio::awaitable<void> { co_await send(other); }; done) // fine
        co_await inner(r); // fine
}
