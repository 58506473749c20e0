#include "protocol/redirect.hpp"

#include "support/catch.hpp"

#include <optional>
#include <string>

namespace redirect_test {

using namespace dedalus::protocol;

namespace {

std::optional<redirect> decide(int status, const std::string& location, const char* from = "https://api.test/base")
{
    return decide_redirect(status, {{"Location", location}}, parse_base_url(from), "/base/v1/x?q=1");
}

}  // namespace

TEST_CASE("a redirect is followed to where its Location leads")
{
    struct row
    {
        const char* location;
        const char* origin;
        const char* target;
        bool same_origin;
    };

    const row rows[] = {
        {"/v2/x", "https://api.test", "/v2/x", true},
        {"y?a=b#fragment", "https://api.test", "/base/v1/y?a=b", true},
        {"../y", "https://api.test", "/base/y", true},
        {"?z", "https://api.test", "/base/v1/x?z", true},
        {"https://api.test", "https://api.test", "/", true},
        {"https://API.test:443/v2", "https://api.test", "/v2", true},
        {"https://api.test:8443/v2", "https://api.test:8443", "/v2", false},
        {"//other.test/v2", "https://other.test", "/v2", false},
        {"https://api.test.evil.test/v2", "https://api.test.evil.test", "/v2", false},
        {"https://sub.api.test/v2", "https://sub.api.test", "/v2", false},
        {"https://[::1]:8443/v2", "https://[::1]:8443", "/v2", false},
    };
    for (const row& each : rows) {
        for (const int status : {307, 308}) {
            CAPTURE(each.location, status);
            const auto found = decide(status, each.location);
            REQUIRE(found);
            CHECK(found->origin == parse_base_url(each.origin));
            CHECK(found->target == each.target);
            CHECK(found->same_origin == each.same_origin);
        }
    }
}

TEST_CASE("a redirect that changes the method, leaves TLS or cannot be understood is not followed")
{
    for (const int status : {200, 300, 301, 302, 303, 304, 305, 306, 309, 400})
        CHECK_FALSE(decide(status, "/v2/x"));
    CHECK_FALSE(decide_redirect(307, {}, parse_base_url("https://api.test"), "/x"));
    const char* const bad[] = {
        "",
        "http://api.test/v2",
        "http://other.test/v2",
        "ftp://api.test/v2",
        "javascript:alert(1)",
        "https://user:password@api.test/v2",
        "https:///v2",
        "https://api.test:0/v2",
        "https://api.test:99999/v2",
        "https://a b/v2",
        "https://127.0.0.1.evil.test/v2",
        "https://[::1]x/v2",
        "/v2 x",
        "/v2\r\nX: y",
        "https://\xc3\xa9.test/",
    };
    for (const char* location : bad) {
        CAPTURE(location);
        CHECK_FALSE(decide(307, location));
    }
}

TEST_CASE("a redirect from http may lead to https, which is another origin")
{
    const auto found = decide(308, "https://api.test/v2", "http://api.test");
    REQUIRE(found);
    CHECK_FALSE(found->same_origin);
    CHECK(found->origin.tls());
    CHECK(decide(308, "http://api.test:80/v2", "http://api.test")->same_origin);
}

TEST_CASE("another origin gets none of the headers that may hold a credential")
{
    const dedalus::http_headers headers = {
        {"Authorization", "Bearer s3cr3t"},
        {"x-api-key", "s3cr3t"},
        {"X-Provider-Key", "s3cr3t"},
        {"X-Provider", "openai"},
        {"Cookie", "s3cr3t"},
        {"X-My-Own", "s3cr3t"},
        {"content-type", "application/json"},
        {"User-Agent", "dedalus"},
    };
    const dedalus::http_headers kept = headers_for_other_origin(headers);
    CHECK(kept.find("Content-Type") == "application/json");
    CHECK(kept.find("User-Agent") == "dedalus");
    for (const dedalus::http_header& field : kept)
        CHECK(field.value != "s3cr3t");
    CHECK_FALSE(kept.contains("X-Provider"));
}

}  // namespace redirect_test
