#include <dedalus/testing/server.hpp>

#include "support/catch.hpp"
#include "support/raw_http_client.hpp"

#include <boost/asio/error.hpp>
#include <boost/json/parse.hpp>
#include <boost/system/system_error.hpp>

#include <chrono>
#include <memory>
#include <string>

namespace testserver_http_test {

using namespace std::chrono_literals;
using dedalus::testing::server;
using test::http_answer;
using test::raw_http_client;

namespace {

constexpr std::string_view hello = R"({"model":"m","messages":[{"role":"user","content":"hello"}]})";

}  // namespace

TEST_CASE("a keep-alive connection serves one request after the other")
{
    const bool tls = GENERATE(false, true);
    server tested({.tls = tls});
    raw_http_client client(tested);
    CHECK(client.post(hello).status == 200);
    CHECK(client.post(hello).status == 200);
    CHECK(tested.connections_accepted() == 1);
    CHECK(tested.connections_open() == 1);
}

TEST_CASE("requests are recorded as they came")
{
    server tested({.tls = false});
    {
        raw_http_client first(tested);
        first.post(hello, {{"X-Thing", "one"}});
        raw_http_client second(tested);
        second.request("POST", "/v1/chat/completions?a=b", "nonsense");
    }
    REQUIRE(tested.wait_for_requests(2, 5s));
    const auto requests = tested.requests();
    REQUIRE(requests.size() == 2);
    CHECK(requests[0].method == "POST");
    CHECK(requests[0].target == "/v1/chat/completions");
    CHECK(requests[0].headers.find("x-thing") == "one");
    CHECK(requests[0].body == hello);
    CHECK(requests[0].connection == 1);
    CHECK(requests[1].target == "/v1/chat/completions?a=b");
    CHECK(requests[1].body == "nonsense");
    CHECK(requests[1].connection == 2);
}

TEST_CASE("every answer has a request id of its own")
{
    server tested({.tls = false});
    raw_http_client client(tested);
    const http_answer good = client.post(hello);
    const http_answer bad = client.post(std::string_view("{}"));
    const http_answer lost = client.request("GET", "/nowhere");
    REQUIRE(good.headers.contains("x-request-id"));
    REQUIRE(bad.headers.contains("x-request-id"));
    REQUIRE(lost.headers.contains("x-request-id"));
    CHECK(good.headers.find("x-request-id") != bad.headers.find("x-request-id"));
}

TEST_CASE("other paths and methods are refused")
{
    server tested({.tls = false});
    raw_http_client client(tested);

    const http_answer unknown = client.request("POST", "/v1/completions", hello);
    CHECK(unknown.status == 404);
    CHECK(unknown.error_member("type") == "invalid_request_error");
    CHECK_FALSE(unknown.error_member("message").empty());

    const http_answer wrong_method = client.request("GET", "/v1/chat/completions");
    CHECK(wrong_method.status == 405);
    CHECK(wrong_method.headers.find("allow") == "POST");
    CHECK(client.request("POST", "/health").status == 405);
    CHECK(client.request("DELETE", "/v1/models").status == 405);
}

TEST_CASE("health and models answer")
{
    server tested({.tls = false});
    raw_http_client client(tested);
    const http_answer health = client.request("GET", "/health");
    CHECK(health.status == 200);
    CHECK(health.body == R"({"status":"ok"})");
    const http_answer models = client.request("GET", "/v1/models");
    CHECK(models.status == 200);
    CHECK(models.json().at("object") == "list");
    CHECK_FALSE(models.json().at("data").as_array().empty());
}

TEST_CASE("the answer to HEAD has no body")
{
    server tested({.tls = false});
    raw_http_client client(tested);
    client.send("HEAD /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    const auto tail = client.read_to_end();
    CHECK(tail.bytes.starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(tail.bytes.find("Content-Length: 15\r\n") != std::string::npos);
    CHECK(tail.bytes.ends_with("\r\n\r\n"));
}

TEST_CASE("a request needs the content type of JSON")
{
    server tested({.tls = false});
    raw_http_client client(tested);
    const char* path = "/v1/chat/completions";
    CHECK(client.request("POST", path, hello).status == 415);
    CHECK(client.request("POST", path, hello, {{"Content-Type", "text/plain"}}).status == 415);
    CHECK(client.request("POST", path, hello, {{"Content-Type", "Application/JSON; charset=utf-8"}}).status == 200);
}

TEST_CASE("a server with a key wants that key")
{
    server tested({.tls = false, .api_key = "secret"});
    raw_http_client client(tested);
    const http_answer missing = client.post(hello);
    CHECK(missing.status == 401);
    CHECK(missing.error_member("code") == "invalid_api_key");
    CHECK(client.post(hello, {{"Authorization", "Bearer other"}}).status == 401);
    CHECK(client.post(hello, {{"Authorization", "secret"}}).status == 401);
    CHECK(client.post(hello, {{"Authorization", "Bearer secret"}}).status == 200);
    CHECK(client.request("GET", "/v1/models").status == 401);
    CHECK(client.request("GET", "/v1/models", "", {{"Authorization", "Bearer secret"}}).status == 200);
    CHECK(client.request("GET", "/health").status == 200);
}

TEST_CASE("a body that is not JSON is refused as such")
{
    server tested({.tls = false});
    raw_http_client client(tested);
    const std::string_view body = GENERATE(
        as<std::string_view>(),
        "",
        "{",
        "{\"model\":\"m\",}",
        "{\"model\":\"\xff\"}",
        "{\"model\":\"\xc3\"}",
        "{\"model\":\"a\",\"model\":\"b\"}",
        "{\"model\":\"m\"} trailing"
    );
    const http_answer answer = client.post(body);
    CHECK(answer.status == 422);
    CHECK(answer.json().at("detail").at(0).at("type") == "json_invalid");
}

TEST_CASE("chunked requests are accepted")
{
    server tested({.tls = false});
    raw_http_client client(tested);
    client.send("POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n"
                "Transfer-Encoding: chunked\r\n\r\n9\r\n{\"model\":\r\n4\r\n\"m\"}\r\n0\r\n\r\n");
    CHECK(client.read_answer().status == 200);
    CHECK(tested.requests().at(0).body == R"({"model":"m"})");
}

TEST_CASE("a client that expects 100-continue gets it before the body")
{
    server tested({.tls = false});
    raw_http_client client(tested);
    client.send("POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n"
                "Content-Length: 13\r\nExpect: 100-continue\r\n\r\n");
    const std::string interim = "HTTP/1.1 100 Continue\r\n\r\n";
    CHECK(client.read_at_least(interim.size()) == interim);
    client.send(R"({"model":"m"})");
    CHECK(client.read_answer().status == 200);
}

TEST_CASE("a request may come byte by byte")
{
    server tested({.tls = false});
    raw_http_client client(tested);
    for (const char c : test::chat_request_text(hello))
        client.send(std::string_view(&c, 1));
    CHECK(client.read_answer().status == 200);
}

TEST_CASE("what is too large or no HTTP is refused and the connection closed")
{
    server tested({.tls = false});
    raw_http_client client(tested);
    SECTION("body")
    {
        client.send("POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n"
                    "Content-Length: 67108865\r\n\r\n");
        const http_answer answer = client.read_answer();
        CHECK(answer.status == 413);
        CHECK(answer.headers.find("connection") == "close");
    }
    SECTION("header")
    {
        client.send("GET /health HTTP/1.1\r\nX-Large: " + std::string(70'000, 'x') + "\r\n\r\n");
        CHECK(client.read_answer().status == 431);
    }
    SECTION("not HTTP")
    {
        client.send("hello there\r\n\r\n");
        CHECK(client.read_answer().status == 400);
    }
}

TEST_CASE("a client that wants the connection closed gets it closed")
{
    server tested({.tls = false});
    raw_http_client client(tested);
    const http_answer answer = client.post(hello, {{"Connection", "close"}});
    CHECK(answer.status == 200);
    CHECK(answer.headers.find("connection") == "close");
    CHECK(client.read_to_end().ec == boost::asio::error::eof);
    CHECK(tested.wait_for_connections_open(0, 5s));
}

TEST_CASE("idle connections are closed in order on demand, busy ones are not")
{
    const bool tls = GENERATE(false, true);
    server tested({.tls = tls});
    tested.enqueue({.body = "{}", .delay = std::chrono::minutes(10)});
    raw_http_client idle(tested);
    CHECK(idle.request("GET", "/health").status == 200);
    raw_http_client busy(tested);
    busy.send(test::chat_request_text(hello));
    REQUIRE(tested.wait_for_requests(1, 5s));
    tested.close_idle_connections();
    CHECK(idle.read_to_end().ec == boost::asio::error::eof);
    CHECK(tested.wait_for_connections_open(1, 5s));
    CHECK(busy.silent_for(50ms));
}

TEST_CASE("the waits end without what they wait for when their time is over")
{
    server tested({.tls = false});
    CHECK_FALSE(tested.wait_for_requests(1, 20ms));
    CHECK_FALSE(tested.wait_for_connections_open(1, 20ms));
    CHECK(tested.wait_for_connections_open(0, 0ms));
}

TEST_CASE("a connection that the client closes is no longer open")
{
    const bool tls = GENERATE(false, true);
    server tested({.tls = tls});
    {
        raw_http_client client(tested);
        CHECK(client.request("GET", "/health").status == 200);
        CHECK(tested.connections_open() == 1);
    }
    CHECK(tested.wait_for_connections_open(0, 5s));
}

TEST_CASE("a port that is taken is an error")
{
    server tested({.tls = false});
    CHECK_THROWS_AS(server({.tls = false, .port = tested.port()}), boost::system::system_error);
}

TEST_CASE("destroying the server ends its connections at once")
{
    auto tested = std::make_unique<server>(dedalus::testing::server_options{.tls = false});
    tested->enqueue({.delay = std::chrono::minutes(10)});
    raw_http_client client(*tested);
    client.send(test::chat_request_text(hello));
    REQUIRE(tested->wait_for_requests(1, 5s));
    tested.reset();
    CHECK(client.read_to_end().ec);
}

}  // namespace testserver_http_test
