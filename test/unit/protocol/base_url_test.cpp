#include "protocol/base_url.hpp"

#include <dedalus/error.hpp>

#include "support/catch.hpp"

#include <string>

namespace base_url_test {

using dedalus::protocol::base_url;
using dedalus::protocol::parse_base_url;

namespace {

std::string refusal(const std::string& url)
{
    try {
        parse_base_url(url);
    }
    catch (const dedalus::config_error& e) {
        return e.what();
    }
    return "accepted";
}

}  // namespace

TEST_CASE("a base URL is taken apart")
{
    struct
    {
        const char* url;
        base_url expected;
    } const rows[] = {
        {"https://api.example.com", {"https", "api.example.com", "443", ""}},
        {"http://h", {"http", "h", "80", ""}},
        {"HTTPS://API.Example.COM/", {"https", "api.example.com", "443", ""}},
        {"http://localhost:4010", {"http", "localhost", "4010", ""}},
        {"http://localhost:", {"http", "localhost", "80", ""}},
        {"http://localhost:0080", {"http", "localhost", "80", ""}},
        {"http://127.0.0.1:1/x", {"http", "127.0.0.1", "1", "/x"}},
        {"https://[::1]:65535/a/b/", {"https", "::1", "65535", "/a/b"}},
        {"https://[2001:DB8::1]", {"https", "2001:db8::1", "443", ""}},
        {"http://h/custom/path//", {"http", "h", "80", "/custom/path"}},
        {"http://h/a%20b", {"http", "h", "80", "/a%20b"}},
        {"http://my_host.local./v1/", {"http", "my_host.local.", "80", "/v1"}},
    };

    for (const auto& row : rows) {
        CAPTURE(row.url);
        const base_url url = parse_base_url(row.url);
        CHECK(url.scheme == row.expected.scheme);
        CHECK(url.host == row.expected.host);
        CHECK(url.port == row.expected.port);
        CHECK(url.path_prefix == row.expected.path_prefix);
        CHECK(url.tls() == (row.expected.scheme == "https"));
    }
}

TEST_CASE("the endpoint is joined with exactly one slash, and /v1 is not doubled")
{
    struct
    {
        const char* url;
        const char* target;
    } const rows[] = {
        {"http://h", "/v1/chat/completions"},
        {"http://h/", "/v1/chat/completions"},
        {"http://h/custom/path", "/custom/path/v1/chat/completions"},
        {"http://h/custom/path/", "/custom/path/v1/chat/completions"},
        {"http://h/v1", "/v1/chat/completions"},
        {"http://h/v1/", "/v1/chat/completions"},
        {"http://h/custom/v1//", "/custom/v1/chat/completions"},
        {"http://h/apiv1", "/apiv1/v1/chat/completions"},
        {"http://h/v1/more", "/v1/more/v1/chat/completions"},
    };

    for (const auto& row : rows) {
        CAPTURE(row.url);
        CHECK(parse_base_url(row.url).target("/v1/chat/completions") == row.target);
    }
    CHECK(parse_base_url("http://h/v1").target("/health") == "/v1/health");
    CHECK(parse_base_url("http://h/v1").target("/v10/x") == "/v1/v10/x");
}

TEST_CASE("the authority names the port only when it is not the default, and brackets IPv6")
{
    CHECK(parse_base_url("https://h:443").authority() == "h");
    CHECK(parse_base_url("http://h:80").authority() == "h");
    CHECK(parse_base_url("https://h:80").authority() == "h:80");
    CHECK(parse_base_url("http://h:8080").authority() == "h:8080");
    CHECK(parse_base_url("https://[::1]").authority() == "[::1]");
    CHECK(parse_base_url("https://[::1]:8443").authority() == "[::1]:8443");
}

TEST_CASE("a URL that cannot be used is refused with the reason")
{
    struct
    {
        const char* url;
        const char* reason;
    } const rows[] = {
        {"", "it is empty"},
        {"api.example.com", "must begin with http:// or https://"},
        {"localhost:4010", "must begin with http:// or https://"},
        {"//h", "must begin with http:// or https://"},
        {"ftp://h", "must begin with http:// or https://"},
        {"http:/h", "must begin with http:// or https://"},
        {"http://", "no host"},
        {"http:///v1", "no host"},
        {"https://:443", "no host"},
        {"http://h:0", "port is not between 1 and 65535"},
        {"http://h:000", "port is not between 1 and 65535"},
        {"http://h:65536", "port is not between 1 and 65535"},
        {"http://h:4294967297", "port is not between 1 and 65535"},
        {"http://h:99999999999999999999/x", "port is not between 1 and 65535"},
        {"http://[::1]:65536", "port is not between 1 and 65535"},
        {"http://h:http", "port is not a number"},
        {"http://h:-1", "port is not a number"},
        {"http://::1/", "port is not a number"},
        {"http://h/?a=b", "must not have a query"},
        {"http://h?", "must not have a query"},
        {"http://h/#f", "must not have a fragment"},
        {"http://user@h", "must not contain a user name or password"},
        {" http://h", "contains a space"},
        {"http://h/a b", "contains a space"},
        {"http://h\n", "contains a control character"},
        {"http://h\r\nX: y", "contains a control character"},
        {"http://h/\x7f", "contains a control character"},
        {"http://m\xC3\xBCnchen.example", "contains a character outside ASCII"},
        {"http://a%20b/", "host is not a name or an IP address"},
        {"http://a$b/", "host is not a name or an IP address"},
        {"http://[v1.x]/", "host is not a name or an IP address"},
        {"http://10.0.0.1.evil.test/x", "begins like an IP address"},
        {"http://10.0.0.1*1", "begins like an IP address"},
        {"http://[::1]x/", "begins like an IP address"},
        {"http://[::1/", "not a valid URL"},
        {"http://h/%zz", "not a valid URL"},
        {"http://h/a\\b", "not a valid URL"},
    };

    for (const auto& row : rows) {
        CAPTURE(row.url);
        CHECK_THAT(refusal(row.url), Catch::Contains(row.reason));
    }
}

TEST_CASE("a refusal quotes nothing of the URL")
{
    for (const std::string tail : {"h", "h:0", "h:x", "h/?q", "h/ ", "[::1", ""}) {
        const std::string text = refusal("https://name:s3cret@" + tail);
        CAPTURE(tail, text);
        CHECK(text != "accepted");
        CHECK(text.find("s3cret") == std::string::npos);
        CHECK(text.find("name:") == std::string::npos);
    }
}

}  // namespace base_url_test
