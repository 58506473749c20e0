#include <dedalus/proxy_error.hpp>

#include "net/connector.hpp"
#include "support/cancel_when.hpp"
#include "support/catch.hpp"
#include "support/loopback_peer.hpp"
#include "support/net_client.hpp"
#include "support/run_coro.hpp"

#include <boost/asio/error.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <optional>
#include <string>

namespace net_proxy_tunnel_test {

namespace asio = boost::asio;
namespace net = dedalus::net;
using Catch::Matchers::Contains;
using dedalus::call_phase;
using namespace std::chrono_literals;

namespace {

/// Reads up to the end of a head.
std::string read_head(test::peer_connection& peer)
{
    std::string head;
    char c = 0;
    while (head.find("\r\n\r\n") == std::string::npos && peer.read(std::span(&c, 1)) == 1)
        head += c;
    return head;
}

/// A tunnel to api.test through a proxy on this port.
net::connect_request
tunnel_through(std::uint16_t port, const asio::any_io_executor& executor, const test::test_ca& ca = test::test_ca())
{
    net::connect_request request = test::connect_to(executor, 443, test::trust(ca));
    request.host = "api.test";
    request.proxy = dedalus::protocol::proxy_address{"127.0.0.1", port, "Basic c2VjcmV0"};
    return request;
}

asio::awaitable<void> connect_and_drop(net::connect_request request)
{
    const net::connected made = co_await net::connect(std::move(request));
}

template <class Error>
std::optional<Error> failure(net::connect_request request, asio::io_context& context)
{
    try {
        test::run_coro_on(context, connect_and_drop(std::move(request)));
    }
    catch (const Error& e) {
        CHECK_THAT(e.what(), !Contains("c2VjcmV0"));
        return e;
    }
    return std::nullopt;
}

/// Reads the request and answers with these bytes, then ends or waits.
test::loopback_peer::handler answering(std::string bytes, bool ends = false)
{
    return [bytes, ends](test::peer_connection& peer) {
        read_head(peer);
        peer.write(bytes);
        if (ends)
            peer.cut();
        peer.wait_for_end();
    };
}

std::optional<dedalus::connection_error> failure_of(const std::string& bytes, bool ends = false)
{
    const test::loopback_peer proxy(answering(bytes, ends));
    asio::io_context context;
    return failure<dedalus::connection_error>(tunnel_through(proxy.port(), context.get_executor()), context);
}

}  // namespace

TEST_CASE("a tunnel is asked for by name, and TLS is spoken with the server behind it")
{
    const test::test_ca ca;
    test::leaf_options leaf;
    leaf.subject_alternative_names = "DNS:api.test";
    const test::openssl_ptr<SSL_CTX> server = test::server_context(ca.issue(leaf));
    std::string asked;
    std::string server_name;
    {
        const test::loopback_peer proxy([&](test::peer_connection& peer) {
            asked = read_head(peer);
            // The framing of this answer means nothing.
            peer.write(std::string_view("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 Fine\r\nContent-Length: 7\r\n\r\n"));
            if (peer.start_tls(server.get()))
                server_name = peer.server_name();
            peer.wait_for_end();
        });
        asio::io_context context;
        const auto made =
            test::run_coro_on(context, net::connect(tunnel_through(proxy.port(), context.get_executor(), ca)));
        CHECK(made.stream);
    }
    CHECK(asked.starts_with("CONNECT api.test:443 HTTP/1.1\r\nHost: api.test:443\r\n"));
    CHECK_THAT(asked, Contains("\r\nProxy-Authorization: Basic c2VjcmV0\r\n"));
    CHECK(server_name == "api.test");
}

TEST_CASE("what a proxy answers in place of a tunnel is an error with its status")
{
    struct row
    {
        int status;
        std::string rest;
        std::string text;
    };

    const row rows[] = {
        {407, "Proxy-Authenticate: Basic\r\nContent-Length: 1000000\r\n\r\nsome", "asks for authentication"},
        {403, "Transfer-Encoding: chunked\r\n\r\n", "403"},
        {502, "\r\n", "502"},
        {302, "Location: http://captive.test/\r\n\r\n", "302"},
    };
    for (const row& each : rows) {
        CAPTURE(each.status);
        const test::loopback_peer proxy(answering("HTTP/1.1 " + std::to_string(each.status) + " No\r\n" + each.rest));
        asio::io_context context;
        const auto error = failure<dedalus::proxy_error>(tunnel_through(proxy.port(), context.get_executor()), context);
        REQUIRE(error);
        CHECK(error->status() == each.status);
        CHECK(error->phase() == call_phase::proxy);
        CHECK(error->cause().failed());
        CHECK_THAT(error->what(), Contains(each.text));
        CHECK_THAT(error->what(), Contains("127.0.0.1:" + std::to_string(proxy.port())));
    }
}

TEST_CASE("a proxy that does not speak HTTP, says too much or breaks off is an error of its phase")
{
    const std::string ok = "HTTP/1.1 200 OK\r\n";
    const auto check = [](const std::optional<dedalus::connection_error>& error, const char* text) {
        REQUIRE(error);
        CHECK(error->phase() == call_phase::proxy);
        CHECK_THAT(error->what(), Contains(text));
    };
    check(failure_of("SSH-2.0-x\r\n"), "not an answer to CONNECT");
    check(failure_of(ok + "\r\n\x15\x03\x01"), "not an answer to CONNECT");
    check(failure_of(ok + "X: " + std::string(100000, 'x')), "not an answer to CONNECT");
    check(failure_of(ok + "X: y\r\n", true), "broke off");
    check(failure_of("", true), "broke off");
}

TEST_CASE("a silent proxy runs into the connect limit, in its phase")
{
    const test::loopback_peer proxy([](test::peer_connection& peer) {
        read_head(peer);
        peer.wait_for_end();
    });
    asio::io_context context;
    net::connect_request request = tunnel_through(proxy.port(), context.get_executor());
    request.limit = 50ms;
    const auto error = failure<dedalus::timeout_error>(std::move(request), context);
    REQUIRE(error);
    CHECK(error->phase() == call_phase::proxy);
    CHECK(error->elapsed() > 0ms);
}

TEST_CASE("a proxy that opens a tunnel to nobody runs into the connect limit, in the TLS phase")
{
    const test::loopback_peer proxy(answering("HTTP/1.1 200 OK\r\n\r\n"));
    asio::io_context context;
    net::connect_request request = tunnel_through(proxy.port(), context.get_executor());
    request.limit = 100ms;
    const auto error = failure<dedalus::timeout_error>(std::move(request), context);
    REQUIRE(error);
    CHECK(error->phase() == call_phase::tls);
}

TEST_CASE("cancellation ends the wait for a proxy, and the socket is closed")
{
    const bool by_guard = GENERATE(false, true);
    const bool in_tls = GENERATE(false, true);
    CAPTURE(by_guard, in_tls);
    std::atomic<bool> reached = false;
    std::atomic<bool> closed = false;
    {
        const test::loopback_peer proxy([&](test::peer_connection& peer) {
            read_head(peer);
            char hello = 0;
            if (in_tls) {
                peer.write(std::string_view("HTTP/1.1 200 OK\r\n\r\n"));
                peer.read(std::span(&hello, 1));
            }
            reached = true;
            peer.wait_for_end();
            closed = true;
        });
        asio::io_context context;
        net::connect_request request = tunnel_through(proxy.port(), context.get_executor());
        const auto guard = request.guard;
        boost::system::error_code code;
        try {
            test::act_when(
                context,
                connect_and_drop(std::move(request)),
                [&] { return reached.load(); },
                [&](asio::cancellation_signal& signal) {
                    if (by_guard)
                        guard->cancel();
                    else
                        signal.emit(asio::cancellation_type::terminal);
                }
            );
        }
        catch (const boost::system::system_error& e) {
            code = e.code();
        }
        CHECK(code == asio::error::operation_aborted);
    }
    CHECK(closed);
}

}  // namespace net_proxy_tunnel_test
