#include "protocol/redaction.hpp"

#include "support/catch.hpp"

#include <string>

namespace redaction_test {

using namespace dedalus;
using namespace dedalus::protocol;

TEST_CASE("only headers that are known to be harmless are shown")
{
    const http_headers headers{
        {"Content-Type", "application/json"},
        {"X-Request-Id", "r1"},
        {"x-ratelimit-remaining-tokens", "5"},
        {"Authorization", "Bearer s3cret"},
        {"X-API-Key", "s3cret"},
        {"X-Provider-Key", "s3cret"},
        {"Proxy-Authorization", "Basic s3cret"},
        {"Cookie", "s3cret"},
        {"set-cookie", "s3cret"},
        {"X-Tenant", "s3cret"},
        {"x-request-id-token", "s3cret"},
    };
    const http_headers shown = redacted_headers(headers);
    REQUIRE(shown.size() == headers.size());
    CHECK(shown.find("content-type") == "application/json");
    CHECK(shown.find("x-request-id") == "r1");
    CHECK(shown.find("x-ratelimit-remaining-tokens") == "5");
    for (const http_header& field : shown)
        CHECK(field.value.find("s3cret") == std::string::npos);
    CHECK(shown.find("authorization") == redacted);
}

TEST_CASE("no header with a secret word in its name is on the list of harmless ones")
{
    for (const std::string name : {"key", "x-goog-api-key", "token", "x-auth-user", "client-secret", "signature"}) {
        CAPTURE(name);
        CHECK(is_secret_name(name));
        CHECK_FALSE(is_harmless_header(name));
    }
    CHECK_FALSE(is_secret_name("model"));
}

TEST_CASE("a text loses what looks like a key, a token or a password")
{
    CHECK(redacted_text("refused: sk-proj-abcdefghijklmn, try again") == "refused: <redacted>, try again");
    CHECK(redacted_text("key dsk_live_0123456789abcd") == "key <redacted>");
    CHECK(redacted_text("jwt eyJhbGciOiJIUzI1NiJ9.e30.x_y") == "jwt <redacted>");
    CHECK(redacted_text("Authorization: Bearer s3cret-token") == "Authorization: Bearer <redacted>");
    CHECK(redacted_text("authorization: Basic czNjcmV0OnM=") == "authorization: Basic <redacted>=");
    CHECK(redacted_text("GET /x?api_key=s3cret&n=1") == "GET /x?api_key=<redacted>&n=1");
    CHECK(redacted_text(R"({"access_token": "s3cret","n":1})") == R"({"access_token": "<redacted>","n":1})");
    CHECK(redacted_text("X-Api-Key: s3cret") == "X-Api-Key: <redacted>");
    CHECK(redacted_text("password='s3cret'") == "password='<redacted>'");
    CHECK(redacted_text("postgres://me:s3cret@host/db") == "postgres://me:<redacted>@host/db");
}

TEST_CASE("a text without secrets stays as it is")
{
    for (const std::string text :
         {"",
          "the connection was reset",
          "KeyError: 'name'",
          "invalid token: expected '}' in line 3",
          "sk-learn is not installed",
          "a bearer token is missing",
          "write to ada@example.org: https://example.org:8080/a?b=c",
          "caf\xc3\xa9 = 3"})
    {
        CAPTURE(text);
        CHECK(redacted_text(text) == text);
    }
}

TEST_CASE("URLs lose their secrets")
{
    CHECK(redacted_url("https://h/v1/x") == "https://h/v1/x");
    CHECK(redacted_url("https://user:s3cret@h:8/v1?a=b") == "https://<redacted>@h:8/v1?a=b");
    CHECK(redacted_url("https://us@er:s3cret@h/@x") == "https://<redacted>@h/@x");
    CHECK(redacted_url("https://h?q=a@b") == "https://h?q=a@b");
    CHECK(
        redacted_url("/x?api_key=s3cret&a=1&Access-Token=t&b") == "/x?api_key=<redacted>&a=1&Access-Token=<redacted>&b"
    );
    CHECK(
        redacted_url("/x?%6bey=s3cret&u=sk-s3cret&v=eyJhbGci&sk-s3cret") ==
        "/x?%6bey=<redacted>&u=<redacted>&v=<redacted>&<redacted>"
    );
    CHECK(redacted_url("/x?") == "/x?");
    CHECK(redacted_url("https://h/mcp/sk-0123456789abcdef/sse?a") == "https://h/mcp/<redacted>/sse?a");
    CHECK(redacted_url("/eyJhbGciOiJIUzI1NiJ9/") == "/<redacted>/");
    CHECK(redacted_url("//a//sk-learn/?b=/c") == "//a//sk-learn/?b=/c");
    CHECK(redacted_url("acme/sk-learn-documentation") == "acme/sk-learn-documentation");
    CHECK(redacted_url("").empty());
}

TEST_CASE("long bodies are cut")
{
    CHECK(shortened("abc", 3) == "abc");
    CHECK(shortened("abcdef", 2) == "ab... (4 more bytes)");
}

}  // namespace redaction_test
