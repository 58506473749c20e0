#include <dedalus/config.hpp>

// test/compile_fail shows that the compilers with the defect refuse these forms.
#if !DEDALUS_COROUTINE_TEMPORARIES_BROKEN

#include <dedalus/dedalus.hpp>
#include <dedalus/testing/server.hpp>

#include "support/catch.hpp"
#include "support/run_coro.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <string>

namespace braced_request_test {

namespace asio = boost::asio;

namespace {

asio::awaitable<std::string> ask_in_place(dedalus::client client)
{
    const dedalus::chat_completion answer = co_await client.chat_completions(
        {.model = "openai/gpt-5-nano", .messages = {dedalus::user_message{"What is the capital of France?"}}}
    );
    dedalus::chat_completion_stream stream = co_await client.chat_completions_stream(dedalus::chat_completion_request{
        .model = "openai/gpt-5-nano", .messages = {dedalus::user_message{"Hello"}}});
    std::size_t chunks = 0;
    while (auto chunk = co_await stream.next())
        ++chunks;
    co_return answer.text() + " " + (chunks > 0 ? stream.completion().text() : "");
}

}  // namespace

TEST_CASE("a request may be written inside the awaiting expression where the compiler runs it right")
{
    const dedalus::testing::server server;
    const std::string text = test::run_coro([&](asio::any_io_executor executor) {
        dedalus::client_options options{.api_key = "key", .base_url = server.url()};
        options.tls.ca_file = server.ca_file();
        return ask_in_place(dedalus::client{executor, options});
    });

    CHECK(text.find("Paris") != std::string::npos);
    CHECK(text.find("Hello") != std::string::npos);
    REQUIRE(server.requests().size() == 2);
    CHECK(server.requests()[1].body.find(R"("stream":true)") != std::string::npos);
}

}  // namespace braced_request_test

#endif
