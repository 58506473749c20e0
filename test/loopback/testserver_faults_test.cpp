#include <dedalus/testing/server.hpp>

#include "support/catch.hpp"
#include "support/raw_http_client.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/json/object.hpp>
#include <boost/system/system_error.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace testserver_faults_test {

using namespace std::chrono_literals;
using dedalus::testing::body_framing;
using dedalus::testing::reply;
using dedalus::testing::reply_end;
using dedalus::testing::server;
using test::connection_tail;
using test::http_answer;
using test::raw_http_client;

namespace {

constexpr std::string_view any_request = R"({"model":"m"})";

std::string body_of(const std::string& answer)
{
    const std::size_t end = answer.find("\r\n\r\n");
    REQUIRE(end != std::string::npos);
    return answer.substr(end + 4);
}

/// Sends a request that the reply answers; returns the client.
std::unique_ptr<raw_http_client> client_of(server& tested, reply r)
{
    tested.enqueue(std::move(r));
    auto client = std::make_unique<raw_http_client>(tested);
    client->send(test::chat_request_text(any_request));
    return client;
}

}  // namespace

TEST_CASE("a scripted reply has its status, headers and body")
{
    const bool tls = GENERATE(false, true);
    server tested({.tls = tls});
    reply r;
    r.status = 429;
    r.headers = {{"Retry-After", "7"}, {"Content-Type", "text/plain"}, {"x-request-id", "mine"}};
    r.body = "slow down";
    const auto client = client_of(tested, r);
    const http_answer answer = client->read_answer();
    CHECK(answer.status == 429);
    CHECK(answer.headers.find("retry-after") == "7");
    CHECK(answer.headers.find("content-type") == "text/plain");
    CHECK(answer.headers.find("x-request-id") == "mine");
    CHECK(answer.headers.find("content-length") == "9");
    CHECK(answer.body == "slow down");
    CHECK(client->request("GET", "/health").status == 200);
}

TEST_CASE("scripted replies come in their order")
{
    server tested({.tls = false});
    tested.enqueue(dedalus::testing::text_reply("one"));
    tested.enqueue(dedalus::testing::text_reply("two"));
    raw_http_client client(tested);
    CHECK(client.post(any_request).body.find("one") != std::string::npos);
    CHECK(client.post(any_request).body.find("two") != std::string::npos);
    CHECK(client.post(any_request).body.find("Hello!") != std::string::npos);
}

TEST_CASE("the ready-made replies are what they say")
{
    using namespace dedalus::testing;
    const reply error = error_reply(503, "busy", "server_error", "overloaded");
    CHECK(error.status == 503);
    CHECK(error.body == R"({"error":{"message":"busy","type":"server_error","code":"overloaded","param":null}})");
    CHECK(error_reply(500, "x").body == R"({"error":{"message":"x","type":null,"code":null,"param":null}})");
    CHECK(json_reply({{"a", 1}}, 201).body == R"({"a":1})");
    CHECK(json_reply({{"a", 1}}, 201).status == 201);
    const reply chunks = chunks_reply({{{"a", 1}}, {{"b", 2}}});
    CHECK(chunks.body == "data: {\"a\":1}\n\ndata: {\"b\":2}\n\ndata: [DONE]\n\n");
    CHECK(chunks.headers.find("content-type") == "text/event-stream");
    CHECK(chunks.framing == body_framing::chunked);
    CHECK(chunks_reply({{{"a", 1}}}, false).body == "data: {\"a\":1}\n\n");
    CHECK(event_stream_reply("data: x\n\n").body == "data: x\n\n");
}

TEST_CASE("the body is framed as asked for")
{
    const bool tls = GENERATE(false, true);
    server tested({.tls = tls});
    SECTION("chunked")
    {
        const auto client =
            client_of(tested, {.body = "hello world", .framing = body_framing::chunked, .split_at = {5}});
        const std::string end = "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n";
        std::string all;
        while (!all.ends_with(end))
            all += client->read_at_least(1);
        CHECK(all.find("Transfer-Encoding: chunked\r\n") != std::string::npos);
        CHECK(all.find("Content-Length") == std::string::npos);
    }
    SECTION("until close")
    {
        const auto client = client_of(tested, {.body = "hello", .framing = body_framing::until_close});
        const connection_tail tail = client->read_to_end();
        CHECK(tail.ec == boost::asio::error::eof);
        CHECK(body_of(tail.bytes) == "hello");
        CHECK(tail.bytes.find("Content-Length") == std::string::npos);
        CHECK(tail.bytes.find("Connection: close\r\n") != std::string::npos);
    }
}

TEST_CASE("an empty chunked body is only the last chunk")
{
    server tested({.tls = false});
    const auto client = client_of(tested, {.framing = body_framing::chunked, .end = reply_end::close});
    CHECK(body_of(client->read_to_end().bytes) == "0\r\n\r\n");
}

TEST_CASE("raw bytes take the place of the answer")
{
    const bool tls = GENERATE(false, true);
    server tested({.tls = tls});
    const auto client = client_of(tested, {.raw = "garbage\x01\x02", .end = reply_end::close});
    CHECK(client->read_to_end().bytes == "garbage\x01\x02");
}

TEST_CASE("no byte comes before the delay is over")
{
    server tested({.tls = false});
    CHECK(client_of(tested, {.body = "{}", .delay = std::chrono::minutes(10)})->silent_for(50ms));
    CHECK(client_of(tested, {.body = "{}", .delay = 30ms})->read_answer().status == 200);
}

TEST_CASE("a client that leaves during the delay is noticed")
{
    const bool tls = GENERATE(false, true);
    server tested({.tls = tls});
    {
        const auto client = client_of(tested, {.delay = std::chrono::minutes(10)});
        REQUIRE(tested.wait_for_requests(1, 5s));
    }
    CHECK(tested.wait_for_connections_open(0, 5s));
}

TEST_CASE("pieces are written one by one")
{
    // Each write is a TLS record, and each read of the client gives one record.
    server tested;
    const auto all_reads = [](raw_http_client& client, const std::string& end) {
        std::vector<std::string> reads;
        do
            reads.push_back(client.read_at_least(1));
        while (!reads.back().ends_with(end));
        return reads;
    };
    SECTION("the body in pieces of a size")
    {
        const auto client = client_of(tested, {.body = "abcdefg", .piece_bytes = 3, .piece_delay = 1ms});
        const std::vector<std::string> reads = all_reads(*client, "g");
        REQUIRE(reads.size() == 4);
        CHECK(reads[0].ends_with("\r\n\r\n"));
        CHECK(reads[1] == "abc");
        CHECK(reads[2] == "def");
        CHECK(reads[3] == "g");
    }
    SECTION("the body at offsets")
    {
        const auto client = client_of(tested, {.body = "abcdef", .split_at = {3, 1, 99}});
        const std::vector<std::string> reads = all_reads(*client, "f");
        REQUIRE(reads.size() == 4);
        CHECK(reads[1] == "a");
        CHECK(reads[2] == "bc");
        CHECK(reads[3] == "def");
    }
    SECTION("the whole answer")
    {
        const auto client = client_of(tested, {.body = "abcdef", .piece_bytes = 10, .split_body_only = false});
        const std::vector<std::string> reads = all_reads(*client, "f");
        CHECK(reads.size() > 5);
        CHECK(reads[0] == "HTTP/1.1 2");
        CHECK(reads[1] == "00 OK\r\nCon");
    }
    SECTION("raw bytes")
    {
        const auto client = client_of(tested, {.raw = "garbage", .split_at = {4}});
        CHECK(all_reads(*client, "age") == std::vector<std::string>{"garb", "age"});
    }
}

TEST_CASE("a pause comes between pieces, not before the first")
{
    server tested({.tls = false});
    const auto client =
        client_of(tested, {.body = "abcdef", .piece_bytes = 3, .piece_delay = std::chrono::minutes(10)});
    std::string bytes = client->read_at_least(1);
    while (!bytes.ends_with("abc"))
        bytes += client->read_at_least(1);
    CHECK(client->silent_for(50ms));
}

TEST_CASE("every split gives the same bytes")
{
    server tested({.tls = false});
    const std::string body = "0123456789";
    for (const bool chunked : {false, true})
        for (const bool body_only : {false, true})
            for (std::size_t size = 0; size < 12; ++size) {
                reply r{.body = body, .piece_bytes = size, .split_body_only = body_only};
                r.framing = chunked ? body_framing::chunked : body_framing::content_length;
                const http_answer answer = client_of(tested, r)->read_answer();
                CHECK(answer.body == body);
            }
}

TEST_CASE("a reply ends as asked for")
{
    const bool tls = GENERATE(false, true);
    server tested({.tls = tls});
    reply r{.body = "0123456789", .stop_after = 4};
    const boost::system::error_code cut_code = tls ? make_error_code(boost::asio::ssl::error::stream_truncated)
                                                   : boost::system::error_code(boost::asio::error::eof);
    SECTION("in order")
    {
        r.end = reply_end::close;
        const connection_tail tail = client_of(tested, r)->read_to_end();
        CHECK(tail.ec == boost::asio::error::eof);
        CHECK(body_of(tail.bytes) == "0123");
        CHECK(tail.bytes.find("Content-Length: 10\r\n") != std::string::npos);
        CHECK(tail.bytes.find("Connection") == std::string::npos);
    }
    SECTION("cut")
    {
        r.end = reply_end::cut;
        const connection_tail tail = client_of(tested, r)->read_to_end();
        CHECK(tail.ec == cut_code);
        CHECK(body_of(tail.bytes) == "0123");
    }
    SECTION("reset")
    {
        r.end = reply_end::reset;
        const connection_tail tail = client_of(tested, r)->read_to_end();
        CHECK(tail.ec == boost::asio::error::connection_reset);
    }
    SECTION("silence")
    {
        r.end = reply_end::silence;
        auto client = client_of(tested, r);
        std::string bytes = client->read_at_least(1);
        while (!bytes.ends_with("0123"))
            bytes += client->read_at_least(1);
        CHECK(client->silent_for(100ms));
        CHECK(tested.connections_open() == 1);
        client.reset();
    }
    SECTION("not at all")
    {
        r.stop_after.reset();
        r.end = reply_end::keep_alive;
        const auto client = client_of(tested, r);
        CHECK(client->read_answer().body == "0123456789");
        CHECK(client->request("GET", "/health").status == 200);
        return;
    }
    CHECK(tested.wait_for_connections_open(0, 5s));
}

TEST_CASE("a reply without header ends before its first byte")
{
    const bool tls = GENERATE(false, true);
    server tested({.tls = tls});
    SECTION("reset")
    {
        const auto client = client_of(tested, {.body = "{}", .without_header = true, .end = reply_end::reset});
        const connection_tail tail = client->read_to_end();
        CHECK(tail.bytes.empty());
        CHECK(tail.ec == boost::asio::error::connection_reset);
    }
    SECTION("close")
    {
        const auto client = client_of(tested, {.body = "{}", .without_header = true, .end = reply_end::close});
        const connection_tail tail = client->read_to_end();
        CHECK(tail.bytes.empty());
        CHECK(tail.ec == boost::asio::error::eof);
    }
    SECTION("silence")
    {
        const auto client = client_of(tested, {.body = "{}", .without_header = true, .end = reply_end::silence});
        CHECK(client->silent_for(100ms));
    }
}

TEST_CASE("a chunked body that stops early has no last chunk")
{
    server tested({.tls = false});
    const std::size_t stop = GENERATE(std::size_t{0}, std::size_t{3}, std::size_t{5});
    const auto client = client_of(
        tested, {.body = "hello", .framing = body_framing::chunked, .stop_after = stop, .end = reply_end::close}
    );
    const std::string expected = stop == 0 ? "" : stop == 3 ? "3\r\nhel\r\n" : "5\r\nhello\r\n";
    CHECK(body_of(client->read_to_end().bytes) == expected);
}

TEST_CASE("a scripted Connection: close closes")
{
    server tested({.tls = false});
    const auto client = client_of(tested, {.headers = {{"Connection", "close"}}, .body = "{}"});
    CHECK(client->read_to_end().ec == boost::asio::error::eof);
}

TEST_CASE("a large answer waits for a client that does not read")
{
    const bool tls = GENERATE(false, true);
    server tested({.tls = tls});
    const std::string body(8'000'000, 'x');
    SECTION("and goes on when it does")
    {
        const auto client = client_of(tested, {.body = body});
        raw_http_client other(tested);
        CHECK(other.request("GET", "/health").status == 200);
        CHECK(client->read_answer().body == body);
    }
    SECTION("and ends when it leaves")
    {
        client_of(tested, {.body = body});
        CHECK(tested.wait_for_connections_open(0, 5s));
    }
}

}  // namespace testserver_faults_test
