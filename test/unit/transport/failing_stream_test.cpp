#include <dedalus/error.hpp>

#include "protocol/chat_stream_decoder.hpp"
#include "support/catch.hpp"
#include "support/fake_stream.hpp"
#include "support/run_coro.hpp"
#include "transport/http_connection.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace failing_stream_test {

namespace asio = boost::asio;
using namespace dedalus;

namespace {

constexpr std::string_view request_head = "POST / HTTP/1.1\r\n\r\n";
constexpr std::string_view request_body = "question";

const std::string event_stream =
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"who\"}}]}\n\n"
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"le\"},\"finish_reason\":\"stop\"}]}\n\n"
    "data: [DONE]\n\n";

std::string chunked_answer()
{
    // Three chunks, none of which ends where an event does.
    std::string answer = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
    answer += "11\r\n" + event_stream.substr(0, 0x11) + "\r\n";
    answer += "40\r\n" + event_stream.substr(0x11, 0x40) + "\r\n";
    const std::string rest = event_stream.substr(0x51);
    answer += "0" + std::string(1, "0123456789abcdef"[rest.size() / 16]) + "0123456789abcdef"[rest.size() % 16];
    return answer + "\r\n" + rest + "\r\n0\r\n\r\n";
}

transport::call_limits no_limits(asio::any_io_executor executor)
{
    const auto now = std::chrono::steady_clock::now();
    return {
        std::make_shared<net::watchdog>(executor),
        {no_limit, no_limit, no_limit, no_limit, no_limit},
        protocol::phase_deadline(call_phase::total, now, no_limit)};
}

struct pulled_stream
{
    std::string text;
    bool done = false;
};

asio::awaitable<void>
pull(asio::any_io_executor executor, std::shared_ptr<test::fake_peer> peer, std::shared_ptr<pulled_stream> result)
{
    transport::http_connection connection(std::make_unique<test::fake_stream>(peer), 4096);
    connection.begin(no_limits(executor));
    co_await connection.send(request_head, request_body);
    co_await connection.read_header();
    const protocol::chat_stream_options options{.max_event_bytes = 4096, .max_completion_bytes = 4096};
    protocol::chat_stream_decoder decoder(options, api_error_details{});
    while (!decoder.done()) {
        const std::string_view piece = co_await connection.read_body(call_phase::stream_idle);
        if (piece.empty())
            decoder.finish();
        else
            decoder.feed(piece);
        while (decoder.next())
            result->text += decoder.take()->text();
    }
    result->done = true;
}

}  // namespace

TEST_CASE("http_connection: a stream that fails at any operation gives the events before it and never an end")
{
    for (const std::size_t piece : {1, 5, 100}) {
        std::size_t failures = 0;
        for (std::size_t n = 0;; ++n) {
            CAPTURE(piece, n);
            const auto peer = std::make_shared<test::fake_peer>();
            peer->answers_after = request_head.size() + request_body.size();
            peer->to_read = chunked_answer();
            peer->piece = piece;
            peer->fail_after = n;
            const auto result = std::make_shared<pulled_stream>();
            bool failed = false;
            try {
                test::run_coro([&](asio::any_io_executor executor) { return pull(executor, peer, result); });
            }
            catch (const boost::system::system_error& e) {
                failed = true;
                CHECK(e.code().failed());
                INFO(e.what());
                REQUIRE(peer->operations > n);  // it is the failure that was asked for
            }
            CHECK(failed != result->done);
            CHECK(peer->streams_alive == 0);
            CHECK(std::string_view("whole").starts_with(result->text));
            if (!failed) {
                CHECK(result->text == "whole");
                break;
            }
            ++failures;
        }
        CHECK(failures > 8);
    }
}

}  // namespace failing_stream_test
