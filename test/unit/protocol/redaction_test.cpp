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
    CHECK(redacted_url("").empty());
}

TEST_CASE("long bodies are cut")
{
    CHECK(shortened("abc", 3) == "abc");
    CHECK(shortened("abcdef", 2) == "ab... (4 more bytes)");
}

}  // namespace redaction_test
