#include "protocol/proxy_address.hpp"

#include <dedalus/error.hpp>

#include "support/catch.hpp"

#include <string>

namespace proxy_address_test {

using namespace dedalus::protocol;
using Catch::Matchers::Contains;

TEST_CASE("the URL of a proxy gives its host, its port and the credentials it wants")
{
    struct row
    {
        const char* url;
        proxy_address expected;
    };

    const row rows[] = {
        {"http://proxy.test:3128", {"proxy.test", 3128, ""}},
        {"HTTP://Proxy.test:3128/", {"proxy.test", 3128, ""}},
        {"proxy.test:3128", {"proxy.test", 3128, ""}},
        {"proxy.test", {"proxy.test", 80, ""}},
        {"10.0.0.1:8080", {"10.0.0.1", 8080, ""}},
        {"http://[::1]:8080", {"::1", 8080, ""}},
        {"https://proxy.test", {"proxy.test", 443, "", true}},
        {"HTTPS://a:b@proxy.test:3128/", {"proxy.test", 3128, "Basic YTpi", true}},
        {"http://a:b@proxy.test", {"proxy.test", 80, "Basic YTpi"}},
        {"a@proxy.test", {"proxy.test", 80, "Basic YTo="}},
        {"http://@proxy.test", {"proxy.test", 80, ""}},
        {"http://me:p%40ss%3A%2f@proxy.test", {"proxy.test", 80, "Basic bWU6cEBzczov"}},
        {"http://me:p@s/s@proxy.test", {"proxy.test", 80, "Basic bWU6cEBzL3M="}},
        {"http://me:a:b@proxy.test", {"proxy.test", 80, "Basic bWU6YTpi"}},
        {"http://\xc3\xa9:x@proxy.test", {"proxy.test", 80, "Basic w6k6eA=="}},
    };
    for (const row& each : rows) {
        CAPTURE(each.url);
        CHECK(parse_proxy_url(each.url, "proxy") == each.expected);
    }
    CHECK(parse_proxy_url("http://a:b@[::1]:8080", "proxy").authority() == "[::1]:8080");
}

TEST_CASE("a proxy URL that cannot be used is refused without being shown")
{
    const char* const bad[] = {
        "",
        "http://",
        "https://s3cr3t:%@proxy.test",
        "socks5://s3cr3t@proxy.test",
        "http://s3cr3t:%@proxy.test",
        "http://s3cr3t:%4@proxy.test",
        "http://s3cr3t:%zz@proxy.test",
        "http://s3cr3t:%0d%0aX:@proxy.test",
        "http://s3cr3t:\n@proxy.test",
        "http://s3%3acr3t:x@proxy.test",
        "http://proxy.test:0",
        "http://proxy.test:65536",
        "http://proxy.test:s3cr3t",
        "http://proxy.test/s3cr3t",
        "http://proxy.test?s3cr3t",
        "http://s3cr3t proxy.test",
    };
    for (const char* url : bad) {
        CAPTURE(url);
        try {
            parse_proxy_url(url, "HTTPS_PROXY");
            FAIL_CHECK("accepted");
        }
        catch (const dedalus::config_error& e) {
            CHECK_THAT(e.what(), Contains("HTTPS_PROXY: "));
            CHECK_THAT(e.what(), !Contains("s3"));
        }
    }
}

}  // namespace proxy_address_test
