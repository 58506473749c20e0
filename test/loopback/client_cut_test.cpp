#include <dedalus/dedalus.hpp>
#include <dedalus/testing/server.hpp>

#include "support/catch.hpp"
#include "support/client_fixture.hpp"
#include "support/process_sockets.hpp"

#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace client_cut_test {

namespace asio = boost::asio;
using namespace dedalus;
using namespace dedalus::testing;
using namespace std::chrono_literals;

// An answer is cut after each of its bytes. No cut may hang, and none may pass for a whole answer.

namespace {

enum class framing
{
    length,
    chunked,
    until_close,
};

/// A whole answer, byte for byte.
struct answer
{
    std::string bytes;
    bool stream;
    framing how;
    std::size_t head_bytes;
    std::size_t done_at;    ///< so many bytes are an answer, whatever comes then
    std::size_t finish_at;  ///< so many are one if the body ends properly behind them
};

const std::string completion =
    R"({"object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"whole"},)"
    R"("finish_reason":"stop"}]})";

const std::vector<std::string> events = {
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"who\"}}]}\n\n",
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"le\"},\"finish_reason\":\"stop\"}]}\n\n",
    "data: [DONE]\n\n"};

std::string chunk(const std::string& content)
{
    std::ostringstream size;
    size << std::hex << content.size();
    return size.str() + "\r\n" + content + "\r\n";
}

answer make_answer(bool stream, framing how)
{
    const std::vector<std::string> pieces = stream ? events : std::vector<std::string>{completion};
    std::string body;
    std::vector<std::size_t> ends;
    for (const std::string& piece : pieces) {
        body += how == framing::chunked ? chunk(piece) : piece;
        ends.push_back(how == framing::chunked ? body.size() - 2 : body.size());
    }
    if (how == framing::chunked)
        body += "0\r\n\r\n";
    std::string head = "HTTP/1.1 200 OK\r\nContent-Type: ";
    head += stream ? "text/event-stream\r\n" : "application/json\r\n";
    if (how == framing::length)
        head += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    if (how == framing::chunked)
        head += "Transfer-Encoding: chunked\r\n";
    head += "\r\n";
    answer made{head + body, stream, how, head.size(), head.size() + body.size(), head.size() + body.size()};
    if (stream) {
        made.done_at = head.size() + ends[2];
        made.finish_at = head.size() + ends[1];
    }
    return made;
}

/// The first n bytes, and then the end of the connection.
reply first_bytes(const answer& whole, std::size_t n, reply_end end)
{
    reply cut;
    cut.raw = whole.bytes.substr(0, n);
    cut.without_header = n == 0;
    cut.end = end;
    return cut;
}

struct outcome
{
    std::string text;
    std::string failure;  ///< its class, "" for none
};

std::string class_of(const error& e)
{
    if (dynamic_cast<const connection_error*>(&e) != nullptr)
        return "connection_error";
    if (dynamic_cast<const incomplete_stream_error*>(&e) != nullptr)
        return "incomplete_stream_error";
    if (dynamic_cast<const response_format_error*>(&e) != nullptr)
        return "response_format_error";
    return e.what();
}

asio::awaitable<void> exchange(client c, bool stream, std::shared_ptr<outcome> out)
{
    const chat_completion_request request = test::hello();
    try {
        if (!stream) {
            const chat_completion whole = co_await c.chat_completions(request);
            out->text = whole.text();
            co_return;
        }
        chat_completion_stream opened = co_await c.chat_completions_stream(request);
        while (const auto piece = co_await opened.next())
            out->text += piece->text();
    }
    catch (const error& e) {
        out->failure = class_of(e);
    }
}

std::string expected_failure(const answer& whole, std::size_t n, bool proper_end)
{
    if (n >= whole.done_at && (whole.stream || whole.how != framing::until_close))
        return "";
    if (n < whole.head_bytes || whole.how != framing::until_close || !proper_end)
        return "connection_error";
    if (n >= whole.finish_at)
        return "";
    return whole.stream ? "incomplete_stream_error" : "response_format_error";
}

/// What a client gets when answers are cut by `end`, of which it is told whether it is a proper one.
class cutting_server
{
public:
    cutting_server(bool tls, reply_end end, bool proper_end) : target_({.tls = tls}), end_(end), proper_end_(proper_end)
    {
        client_options options = test::options_for(target_);
        options.retry.max_retries = 0;
        options.timeouts.total = 10s;
        client_.emplace(context_.get_executor(), options);
    }

    void check_cut(const answer& whole, std::size_t n)
    {
        target_.enqueue(first_bytes(whole, n, end_));
        const auto got = std::make_shared<outcome>();
        context_.restart();
        test::run_coro_on(context_, exchange(*client_, whole.stream, got));
        CAPTURE(whole.bytes, n, got->text);
        CHECK(got->failure == expected_failure(whole, n, proper_end_));
        CHECK(std::string_view("whole").starts_with(got->text));
        CHECK((got->text == "whole" || !got->failure.empty()));
        CHECK(client_->pool_stats().active == 0);
    }

    void check_cuts(const answer& whole, std::size_t step)
    {
        // A reset behind a whole answer may throw it away unread: that is the system's, not the client's doing.
        const std::size_t limit = end_ == reply_end::reset ? whole.finish_at - 1 : whole.bytes.size();
        for (std::size_t n = 0; n <= limit; n += step)
            check_cut(whole, n);
        check_cut(whole, limit);
    }

    void check_all_cuts(std::size_t step)
    {
        for (const framing how : {framing::length, framing::chunked, framing::until_close}) {
            check_cuts(make_answer(false, how), step);
            check_cuts(make_answer(true, how), step);
        }
        client_->close_idle_connections();
        CHECK(test::sockets_to(target_.port()).empty());
    }

private:
    server target_;
    reply_end end_;
    bool proper_end_;
    asio::io_context context_;
    std::optional<client> client_;
};

}  // namespace

TEST_CASE("cut: an answer that ends too early is an error at every byte, and never a shorter answer")
{
    cutting_server(false, reply_end::cut, true).check_all_cuts(1);
}

TEST_CASE("cut: a reset is an error at every byte of an answer, and never a shorter answer")
{
    cutting_server(false, reply_end::reset, false).check_all_cuts(1);
}

TEST_CASE("cut: over TLS the end of the connection is no end of the answer, unless it is a proper one")
{
    cutting_server(true, reply_end::cut, false).check_all_cuts(7);
    cutting_server(true, reply_end::close, true).check_all_cuts(7);
}

}  // namespace client_cut_test
