#include <dedalus/testing/server.hpp>

#include "support/catch.hpp"
#include "support/raw_http_client.hpp"

#include <boost/json/object.hpp>

#include <stdexcept>
#include <string>

namespace testserver_lookup_test {

namespace json = boost::json;
using namespace dedalus;
using namespace dedalus::testing;
using test::http_answer;
using test::raw_http_client;

namespace {

const json::object deferred_request{
    {"model", "m"},
    {"messages", json::array{json::object{{"role", "user"}, {"content", "Hi"}}}},
    {"deferred", true},
};

std::string encoded(std::string id)
{
    for (const auto& [plain, code] : {std::pair(' ', "%20"), std::pair('#', "%23"), std::pair('/', "%2F")})
        for (std::size_t at = id.find(plain); at != std::string::npos; at = id.find(plain))
            id.replace(at, 1, code);
    return "/v1/chat/deferred-completion/" + id;
}

}  // namespace

TEST_CASE("test server: a deferred completion is pending, then there once, then gone")
{
    server_options with;
    with.tls = false;
    with.deferred_polls = 2;
    server target(with);
    raw_http_client client(target);
    const http_answer ordered = client.post(json::value(deferred_request));
    CHECK(ordered.status == 200);
    REQUIRE(ordered.json().as_object().size() == 1);
    const std::string path = encoded(std::string(ordered.json().at("request_id").as_string()));

    for (int i = 0; i < 2; ++i) {
        const http_answer pending = client.request("GET", path);
        CHECK(pending.status == 202);
        CHECK(pending.body.empty());
    }
    const http_answer ready = client.request("GET", path);
    CHECK(ready.status == 200);
    CHECK(ready.json().at("object") == "chat.completion");
    CHECK(client.request("GET", path).status == 404);
    CHECK(client.request("POST", path, "{}").status == 405);
    CHECK(target.lookups().size() == 5);
    CHECK(target.requests().size() == 1);
}

TEST_CASE("test server: deferred with stream is a stream, and scripted replies to the order come as they are")
{
    server target;
    raw_http_client client(target);
    json::object streamed = deferred_request;
    streamed["stream"] = true;
    CHECK(client.post(json::value(streamed)).headers.find("content-type") == "text/event-stream");
    target.enqueue(text_reply("at once"));
    CHECK(client.post(json::value(deferred_request)).json().as_object().contains("choices"));
}

TEST_CASE("test server: lookups have a script of their own")
{
    server target;
    target.enqueue_lookup(error_reply(503, "later"));
    raw_http_client client(target);
    CHECK(client.post(json::value(deferred_request)).status == 200);
    CHECK(client.request("GET", "/.well-known/jwks.json").status == 503);
    CHECK(client.request("GET", "/.well-known/jwks.json").status == 200);
}

TEST_CASE("test server: a deferred completion needs the API key, the key set does not")
{
    server_options with;
    with.api_key = "k";
    server target(with);
    raw_http_client client(target);
    CHECK(client.request("GET", "/v1/chat/deferred-completion/x").status == 401);
    CHECK(client.request("GET", "/v1/chat/deferred-completion/x", {}, {{"Authorization", "Bearer k"}}).status == 404);
    const http_answer keys = client.request("GET", "/.well-known/jwks.json");
    REQUIRE(keys.status == 200);
    const json::object key = keys.json().at("keys").at(0).as_object();
    CHECK(key.at("kty") == "RSA");
    CHECK(key.at("use") == "enc");
    CHECK(key.at("n").as_string().size() == 342);
    CHECK(key.at("e") == "AQAB");
}

TEST_CASE("test server: what is no envelope for its key is not opened")
{
    const server target;
    for (const char* text : {"", "AQ", "AQ==", "not base64", "\xff"})
        CHECK_THROWS_AS(target.open_credential(text), std::invalid_argument);
    CHECK_THROWS_AS(target.open_credential(std::string(600, 'A')), std::invalid_argument);
}

}  // namespace testserver_lookup_test
