#include "protocol/proxy_request.hpp"

#include <dedalus/error.hpp>
#include <dedalus/version.hpp>

#include "protocol/http_request_head.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <string>

namespace proxy_request_test {

using namespace dedalus::protocol;

namespace {

const proxy_address proxy{"proxy.test", 3128, "Basic YTpi"};
const proxy_address open_proxy{"proxy.test", 3128, ""};

/// What the answer is after all bytes, given in pieces of this size.
boost::system::error_code feed(tunnel_answer& answer, std::string_view bytes, std::size_t size)
{
    boost::system::error_code ec;
    while (!bytes.empty() && !ec) {
        answer.consume(bytes.substr(0, size), ec);
        bytes.remove_prefix(std::min(size, bytes.size()));
    }
    return ec;
}

}  // namespace

TEST_CASE("a tunnel is asked for with host and port, and credentials only when there are some")
{
    const std::string agent = "User-Agent: dedalus-cpp/" DEDALUS_VERSION_STRING "\r\n";
    CHECK(
        tunnel_request("api.test", "443", proxy) ==
        "CONNECT api.test:443 HTTP/1.1\r\nHost: api.test:443\r\n" + agent + "Proxy-Authorization: Basic YTpi\r\n\r\n"
    );
    CHECK(
        tunnel_request("::1", "8443", open_proxy) ==
        "CONNECT [::1]:8443 HTTP/1.1\r\nHost: [::1]:8443\r\n" + agent + "\r\n"
    );
}

TEST_CASE("a forwarded request names the whole URL and carries the proxy's credentials")
{
    const base_url origin = parse_base_url("http://api.test:8000/base");
    const std::string head = http_request_head("POST", origin, "/v1/x", {{"A", "b c"}}, 3);
    CHECK(
        forwarded_head(head, origin, proxy) ==
        "POST http://api.test:8000/base/v1/x HTTP/1.1\r\nHost: api.test:8000\r\nA: b c\r\nContent-Length: 3\r\n"
        "Proxy-Authorization: Basic YTpi\r\n\r\n"
    );
    CHECK(
        forwarded_head(head, origin, open_proxy) ==
        "POST http://api.test:8000/base/v1/x HTTP/1.1\r\nHost: api.test:8000\r\nA: b c\r\nContent-Length: 3\r\n\r\n"
    );
}

TEST_CASE("an answer to CONNECT ends with its head, wherever its bytes are cut")
{
    struct row
    {
        std::string bytes;
        int status;
        bool open;
    };

    const row rows[] = {
        {"HTTP/1.1 200 Connection established\r\n\r\n", 200, true},
        {"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n", 200, true},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 200, true},
        {"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 204 OK\r\n\r\n", 204, true},
        {"HTTP/1.1 407 No\r\nContent-Length: 5\r\n\r\nab", 407, false},
        {"HTTP/1.1 503 No\r\n\r\nwhatever", 503, false},
    };
    for (const row& each : rows) {
        for (std::size_t size = 1; size <= each.bytes.size(); ++size) {
            CAPTURE(each.bytes, size);
            tunnel_answer answer;
            CHECK_FALSE(feed(answer, each.bytes, size));
            CHECK(answer.header_done());
            CHECK(answer.status() == each.status);
            CHECK(answer.open() == each.open);
        }
    }
}

TEST_CASE("an answer to CONNECT that is not HTTP, too long, or has bytes behind it is an error")
{
    const std::string ok = "HTTP/1.1 200 OK\r\n";
    tunnel_answer garbage;
    CHECK(feed(garbage, "SSH-2.0\r\n", 100) == dedalus::errc::invalid_response);
    tunnel_answer surplus;
    CHECK(feed(surplus, ok + "Content-Length: 1\r\n\r\nx", 1000) == dedalus::errc::invalid_response);
    tunnel_answer endless;
    CHECK(feed(endless, ok + "X: " + std::string(20000, 'x'), 4096) == dedalus::errc::limit_exceeded);
    tunnel_answer cut;
    CHECK_FALSE(feed(cut, ok, 100));
    boost::system::error_code ec;
    cut.finish(ec);
    CHECK(ec.failed());
}

TEST_CASE("no header of the user can carry what is for the proxy alone")
{
    CHECK(reserved_header_name("proxy-authorization"));
    CHECK(reserved_header_name("Proxy-Connection"));
}

}  // namespace proxy_request_test
