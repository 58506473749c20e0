#include "protocol/no_proxy.hpp"

#include "support/catch.hpp"

#include <string>

namespace no_proxy_test {

using namespace dedalus::protocol;

TEST_CASE("exceptions from the proxy match hosts, domains, ports, addresses and networks")
{
    struct row
    {
        const char* list;
        const char* host;
        const char* port;
        bool matches;
    };

    const row rows[] = {
        {"", "example.com", "443", false},
        {" , ,", "example.com", "443", false},
        {"*", "example.com", "443", true},
        {"*", "10.0.0.1", "80", true},
        {"*:80", "example.com", "443", false},
        {"example.com", "example.com", "443", true},
        {"EXAMPLE.com", "example.com", "443", true},
        {"example.com.", "example.com", "443", true},
        {"example.com", "example.com.", "443", true},
        {"example.com", "www.example.com", "443", true},
        {"example.com", "notexample.com", "443", false},
        {"example.com", "example.com.evil.test", "443", false},
        {"www.example.com", "example.com", "443", false},
        {".example.com", "www.example.com", "443", true},
        {".example.com", "example.com", "443", true},
        {"*.example.com", "a.b.example.com", "443", true},
        {"*example.com", "www.example.com", "443", false},
        {"one.test, example.com", "example.com", "443", true},
        {"one.test example.com", "example.com", "443", true},
        {"example.com:8443", "example.com", "8443", true},
        {"example.com:8443", "example.com", "443", false},
        {"10.0.0.1", "10.0.0.1", "443", true},
        {"10.0.0.1", "10.0.0.10", "443", false},
        {"0.0.1", "10.0.0.1", "443", false},
        {"10.0.0.1:80", "10.0.0.1", "443", false},
        {"10.0.0.0/8", "10.200.3.4", "443", true},
        {"10.0.0.0/8", "11.0.0.1", "443", false},
        {"192.168.128.0/17", "192.168.129.1", "443", true},
        {"192.168.128.0/17", "192.168.127.1", "443", false},
        {"0.0.0.0/0", "8.8.8.8", "443", true},
        {"0.0.0.0/0", "example.com", "443", false},
        {"0.0.0.0/0", "::1", "443", false},
        {"10.0.0.0/33", "10.0.0.0", "443", false},
        {"10.0.0.0/x", "10.0.0.0", "443", false},
        {"10.0.0.0/", "10.0.0.0", "443", false},
        {"example.com/8", "example.com", "443", false},
        {"::1", "::1", "443", true},
        {"[::1]", "::1", "443", true},
        {"[::1]:443", "::1", "443", true},
        {"[::1]:80", "::1", "443", false},
        {"0:0:0:0:0:0:0:1", "::1", "443", true},
        {"fd00::/8", "fdab::1", "443", true},
        {"fd00::/8", "fe80::1", "443", false},
    };
    for (const row& each : rows) {
        CAPTURE(each.list, each.host, each.port);
        CHECK(no_proxy_list(each.list).matches(each.host, each.port) == each.matches);
    }
}

TEST_CASE("this machine is known by its names and addresses")
{
    for (const char* here : {"localhost", "localhost.", "api.localhost", "127.0.0.1", "127.9.9.9", "::1"})
        CHECK(is_loopback(here));
    for (const char* there : {"notlocalhost", "localhost.test", "128.0.0.1", "::2", "10.0.0.1", "0.0.0.0"})
        CHECK_FALSE(is_loopback(there));
}

}  // namespace no_proxy_test
