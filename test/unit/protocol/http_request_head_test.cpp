#include "protocol/http_request_head.hpp"

#include "support/catch.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace http_request_head_test {

using namespace dedalus::protocol;

TEST_CASE("a request head is formatted in the order host, fields, length")
{
    const dedalus::http_headers headers = {{"Authorization", "Bearer k"}, {"Accept", "application/json"}, {"X", ""}};
    CHECK(
        http_request_head(
            "POST", parse_base_url("https://api.example.com/base/"), "/v1/chat/completions", headers, 42
        ) == "POST /base/v1/chat/completions HTTP/1.1\r\n"
             "Host: api.example.com\r\n"
             "Authorization: Bearer k\r\n"
             "Accept: application/json\r\n"
             "X: \r\n"
             "Content-Length: 42\r\n"
             "\r\n"
    );
}

TEST_CASE("the host of a request has a port and brackets when they are needed")
{
    CHECK(
        http_request_head("POST", parse_base_url("http://[::1]:8080"), "/x", {}, 0) ==
        "POST /x HTTP/1.1\r\nHost: [::1]:8080\r\nContent-Length: 0\r\n\r\n"
    );
}

TEST_CASE("fields that decide the framing are not taken from the headers")
{
    const dedalus::http_headers headers = {
        {"host", "evil"},
        {"content-length", "1"},
        {"Transfer-encoding", "chunked"},
        {"te", "trailers"},
        {"trailer", "X"},
        {"EXPECT", "100-continue"},
        {"connection", "close"},
        {"keep-alive", "1"},
        {"upgrade", "h2c"},
        {"Hosts", "kept"},
    };
    CHECK(
        http_request_head("POST", parse_base_url("http://h"), "/x", headers, 7) ==
        "POST /x HTTP/1.1\r\nHost: h\r\nHosts: kept\r\nContent-Length: 7\r\n\r\n"
    );
}

TEST_CASE("a header name is a token")
{
    for (const char* const name : {"A", "x-api-key", "!#$%&'*+-.^_`|~09azAZ"}) {
        CAPTURE(name);
        CHECK(valid_header_name(name));
    }
    for (const std::string_view name :
         {std::string_view(""),
          std::string_view("a b"),
          std::string_view("a:"),
          std::string_view("a\r\nb"),
          std::string_view("a\0b", 3),
          std::string_view("\xC3\xBC"),
          std::string_view("a\tb"),
          std::string_view("(a)"),
          std::string_view("\x7f")})
    {
        CAPTURE(name);
        CHECK_FALSE(valid_header_name(name));
    }
}

TEST_CASE("a header value cannot begin another field")
{
    CHECK(valid_header_value(""));
    CHECK(valid_header_value("a b\t\xC3\xBC: c"));
    CHECK_FALSE(valid_header_value("a\rb"));
    CHECK_FALSE(valid_header_value("a\nb"));
    CHECK_FALSE(valid_header_value("a\r\nX: y"));
    CHECK_FALSE(valid_header_value(std::string_view("a\0b", 3)));
}

TEST_CASE("a request without a body has no length")
{
    CHECK(
        http_request_head("GET", parse_base_url("https://h"), "/x", {}, std::nullopt) ==
        "GET /x HTTP/1.1\r\nHost: h\r\n\r\n"
    );
}

}  // namespace http_request_head_test
