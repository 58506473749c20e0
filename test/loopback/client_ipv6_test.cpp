#include <dedalus/dedalus.hpp>

#include "support/catch.hpp"
#include "support/client_fixture.hpp"
#include "support/loopback_peer.hpp"

#include <mutex>
#include <string>
#include <string_view>

namespace client_ipv6_test {

using namespace dedalus;

namespace {

constexpr std::string_view answer =
    R"({"id":"1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"finish_reason":"stop",)"
    R"("message":{"role":"assistant","content":"Six"}}]})";

/// Answers one request for each connection, on ::1, and keeps the last head.
class v6_server
{
public:
    /// @param tls  nullptr for plain HTTP.
    explicit v6_server(SSL_CTX* tls = nullptr) : tls_(tls) {}

    std::string authority() const { return "[::1]:" + std::to_string(peer_.port()); }

    std::string head() const
    {
        const std::lock_guard lock(mutex_);
        return head_;
    }

private:
    void serve(test::peer_connection& peer)
    {
        if (tls_ != nullptr && !peer.start_tls(tls_))
            return;
        std::string request(64 * 1024, '\0');
        std::size_t size = 0;
        while (request.find("\r\n\r\n") == std::string::npos) {
            const std::size_t n = peer.read(std::span(request).subspan(size));
            if (n == 0)
                return;
            size += n;
        }
        {
            const std::lock_guard lock(mutex_);
            head_ = request.substr(0, request.find("\r\n\r\n"));
        }
        std::string text = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: ";
        text.append(std::to_string(answer.size())).append("\r\n\r\n").append(answer);
        peer.write(text);
        peer.finish();
        peer.wait_for_end();
    }

    SSL_CTX* tls_;
    mutable std::mutex mutex_;
    std::string head_;
    test::loopback_peer peer_{[this](test::peer_connection& peer) { serve(peer); }, test::loopback_address::v6};
};

bool without_ipv6()
{
    if (test::can_listen_on(test::loopback_address::v6))
        return false;
    WARN("this machine has no ::1");
    return true;
}

}  // namespace

TEST_CASE("ipv6: an address in base_url is reached, and named in Host as RFC 3986 writes it")
{
    if (without_ipv6())
        return;
    v6_server server;
    CHECK(test::ask({.api_key = "k", .base_url = "http://" + server.authority()}).text() == "Six");
    CHECK(server.head().find("\r\nHost: " + server.authority() + "\r\n") != std::string::npos);
}

TEST_CASE("ipv6: over TLS an address is verified as an address")
{
    if (without_ipv6())
        return;
    const test::test_ca ca;
    const auto named = test::server_context(ca.issue({.subject_alternative_names = "IP:::1"}));
    v6_server server(named.get());
    const client_options options{
        .api_key = "k", .base_url = "https://" + server.authority(), .tls = {.ca_pem = ca.pem()}};
    CHECK(test::ask(options).text() == "Six");

    const auto other = test::server_context(ca.issue({.subject_alternative_names = "DNS:localhost,IP:127.0.0.1"}));
    v6_server impostor(other.get());
    client_options refused = options;
    refused.base_url = "https://" + impostor.authority();
    CHECK_THROWS_AS(test::ask(refused), connection_error);
    CHECK(impostor.head().empty());
}

}  // namespace client_ipv6_test
