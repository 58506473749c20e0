#include <dedalus/dedalus.hpp>
#include <dedalus/testing/server.hpp>

#include "support/catch.hpp"
#include "support/client_fixture.hpp"

#include <optional>
#include <string>

namespace client_gzip_test {

using namespace dedalus;
using namespace dedalus::testing;
using Catch::Matchers::Contains;

namespace {

template <class Error>
Error failure(const client_options& options)
{
    try {
        test::ask(options);
    }
    catch (const Error& e) {
        return e;
    }
    throw std::runtime_error("no such error");
}

std::string accepted(const server& target)
{
    return std::string(target.requests().back().headers.find("Accept-Encoding").value_or("(none)"));
}

client_options once(const server& target)
{
    client_options options = test::options_for(target);
    options.retry.max_retries = 0;
    return options;
}

}  // namespace

TEST_CASE("gzip: unary calls accept it, streams do not, and a header of the user wins")
{
    server target(test::plain_http());
    client_options options = test::options_for(target);
    test::ask(options);
    CHECK(accepted(target) == "gzip");
    test::read_stream(options).rethrow();
    CHECK(accepted(target) == "identity");
    options.headers = {{"Accept-Encoding", "identity;q=1, *;q=0"}};
    test::ask(options);
    CHECK(accepted(target) == "identity;q=1, *;q=0");
    test::read_stream(options).rethrow();
    CHECK(accepted(target) == "identity;q=1, *;q=0");
}

TEST_CASE("gzip: a compressed answer is read as the plain one, however framed and cut")
{
    server target(test::plain_http());
    reply r = gzipped(text_reply(std::string(100'000, 'x') + "end"));
    CHECK(r.body.size() < 2000);
    r.framing = GENERATE(body_framing::content_length, body_framing::chunked, body_framing::until_close);
    r.piece_bytes = GENERATE(std::size_t{0}, std::size_t{1}, std::size_t{100});
    target.enqueue(r);
    const chat_completion answer = test::ask(once(target));
    CHECK(answer.text() == std::string(100'000, 'x') + "end");
    CHECK(answer.info.timings.bytes_received < 20'000);
}

TEST_CASE("gzip: an answer that is broken or cut off is a format error, and is not asked for again")
{
    server target(test::plain_http());
    reply r = gzipped(text_reply("an answer"));
    SECTION("a byte of the data")
    {
        r.body[r.body.size() / 2] = static_cast<char>(r.body[r.body.size() / 2] ^ 0xFF);
    }
    SECTION("a byte of the checksum")
    {
        r.body[r.body.size() - 6] = static_cast<char>(r.body[r.body.size() - 6] ^ 0x01);
    }
    SECTION("cut off, with a length that fits")
    {
        r.body.resize(r.body.size() - 1);
    }
    SECTION("not compressed at all")
    {
        r.body = text_reply("an answer").body;
    }
    SECTION("something behind it")
    {
        r.body += "more";
    }
    target.enqueue(r);
    const auto e = failure<response_format_error>(test::options_for(target));
    CHECK(e.code() == errc::invalid_response);
    CHECK_THAT(e.problem(), Contains("gzip"));
    CHECK(target.requests().size() == 1);
}

TEST_CASE("gzip: the limit of a body is about what it inflates to")
{
    server target(test::plain_http());
    client_options options = once(target);
    const reply plain = text_reply(std::string(200'000, 'x'));
    options.limits.max_body_bytes = plain.body.size();
    target.enqueue(gzipped(plain));
    CHECK(test::ask(options).text().size() == 200'000);
    options.limits.max_body_bytes = plain.body.size() - 1;
    target.enqueue(gzipped(plain));
    const auto e = failure<response_format_error>(options);
    CHECK(e.code() == errc::limit_exceeded);
    CHECK_THAT(e.problem(), Contains("max_body_bytes"));
}

TEST_CASE("gzip: the body of an error answer is inflated, and its status stands whatever happens to it")
{
    server target(test::plain_http());
    reply r = gzipped(error_reply(404, "no such model", "invalid_request_error", "model_not_found"));
    client_options options = once(target);
    SECTION("whole")
    {
        target.enqueue(r);
        const auto e = failure<not_found_error>(options);
        CHECK(e.message() == "no such model");
        CHECK(e.api_code() == "model_not_found");
        CHECK_FALSE(e.body_truncated());
    }
    SECTION("broken")
    {
        r.body[r.body.size() / 2] = static_cast<char>(r.body[r.body.size() / 2] ^ 0xFF);
        target.enqueue(r);
        const auto e = failure<not_found_error>(options);
        CHECK(e.status() == 404);
        CHECK(e.body_truncated());
    }
    SECTION("larger than its limit")
    {
        target.enqueue(gzipped(error_reply(404, std::string(500'000, 'x'))));
        options.limits.max_error_body_bytes = 1000;
        const auto e = failure<not_found_error>(options);
        CHECK(e.body().size() == 1000);
        CHECK(e.body_truncated());
    }
    SECTION("with a coding that is unknown")
    {
        r.headers.set("Content-Encoding", "br");
        target.enqueue(r);
        CHECK(failure<not_found_error>(options).status() == 404);
    }
}

TEST_CASE("gzip: a stream that is compressed in spite of identity is refused")
{
    server target(test::plain_http());
    target.enqueue(gzipped(event_stream_reply("data: [DONE]\n\n")));
    try {
        test::read_stream(once(target));
        FAIL("opened");
    }
    catch (const response_format_error& e) {
        CHECK_THAT(e.problem(), Contains("Content-Encoding"));
    }
}

TEST_CASE("gzip: after a compressed answer the connection is used again")
{
    server target(test::plain_http());
    target.enqueue(gzipped(text_reply("one")));
    target.enqueue(gzipped(text_reply("two")));
    boost::asio::io_context context;
    const client c(context.get_executor(), test::options_for(target));
    const chat_completion_request request = test::hello();
    const chat_completion one = test::run_coro_on(context, c.chat_completions(request));
    CHECK(one.text() == "one");
    context.restart();
    const chat_completion two = test::run_coro_on(context, c.chat_completions(request));
    CHECK(two.text() == "two");
    CHECK(target.connections_accepted() == 1);
}

}  // namespace client_gzip_test
