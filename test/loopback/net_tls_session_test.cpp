#include <dedalus/error.hpp>

#include "net/connector.hpp"
#include "support/catch.hpp"
#include "support/loopback_peer.hpp"
#include "support/net_client.hpp"
#include "support/run_coro.hpp"
#include "support/stream_io.hpp"

#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace net_tls_session_test {

namespace asio = boost::asio;
namespace net = dedalus::net;

namespace {

/// Greets each client, and notes which handshakes were resumed.
class greeter
{
public:
    explicit greeter(const test::identity& leaf, int max_version = TLS1_3_VERSION)
        : context_(test::server_context(leaf, max_version)),
          peer_([this](test::peer_connection& client) { serve(client); })
    {}

    std::uint16_t port() const noexcept { return peer_.port(); }

    /// In the order of the connections. "-": no handshake, "f": full, "r": resumed.
    std::string handshakes() const
    {
        const std::lock_guard lock(mutex_);
        return handshakes_;
    }

private:
    void serve(test::peer_connection& client)
    {
        const bool done = client.start_tls(context_.get());
        {
            const std::lock_guard lock(mutex_);
            handshakes_ += !done ? '-' : client.resumed() ? 'r' : 'f';
        }
        if (done)
            client.write(std::string("hello"));
        client.wait_for_end();
    }

    test::openssl_ptr<SSL_CTX> context_;
    mutable std::mutex mutex_;
    std::string handshakes_;
    test::loopback_peer peer_;
};

/// Reads the greeting: the tickets of TLS 1.3 come with it.
asio::awaitable<void> greet(net::connect_request request)
{
    const net::connected made = co_await net::connect(std::move(request));
    char byte = 0;
    co_await test::read_some(*made.stream, std::span(&byte, 1));
}

void greet(std::uint16_t port, std::shared_ptr<const net::tls_context> context, const std::string& host = "127.0.0.1")
{
    test::run_coro([&](asio::any_io_executor executor) {
        net::connect_request request = test::connect_to(executor, port, context);
        request.host = host;
        return greet(std::move(request));
    });
}

}  // namespace

TEST_CASE("TLS sessions: a later connection to the host resumes one, in TLS 1.3 and 1.2")
{
    const test::test_ca ca;
    greeter server(ca.issue(), GENERATE(TLS1_3_VERSION, TLS1_2_VERSION));
    const auto context = test::trust(ca);
    for (int i = 0; i < 4; ++i)
        greet(server.port(), context);
    CHECK(server.handshakes() == "frrr");
}

TEST_CASE("TLS sessions: they are not used for another host, nor under other rules")
{
    const test::test_ca ca;
    greeter server(ca.issue());
    const auto context = test::trust(ca);
    greet(server.port(), context);
    greet(server.port(), context, "localhost");
    CHECK(server.handshakes() == "ff");
    greet(server.port(), test::trust(ca));
    CHECK(server.handshakes() == "fff");
}

TEST_CASE("TLS sessions: a host that the certificate is not for stays refused")
{
    const test::test_ca ca;
    greeter server(ca.issue({.subject_alternative_names = "IP:127.0.0.1"}));
    const auto context = test::trust(ca);
    greet(server.port(), context);
    CHECK_THROWS_AS(greet(server.port(), context, "localhost"), dedalus::connection_error);
    greet(server.port(), context);
    CHECK(server.handshakes().front() == 'f');
    CHECK(server.handshakes().back() == 'r');
}

TEST_CASE("TLS sessions: a server that has forgotten them gets a full handshake")
{
    const test::test_ca ca;
    const test::identity leaf = ca.issue();
    const auto context = test::trust(ca);
    greeter first(leaf);
    greet(first.port(), context);
    greeter second(leaf);  // with ticket keys of its own
    greet(second.port(), context);
    greet(second.port(), context);
    CHECK(second.handshakes() == "fr");
}

TEST_CASE("TLS sessions: many threads give and take them at once")
{
    const test::test_ca ca;
    greeter server(ca.issue());
    const auto context = test::trust(ca);
    std::atomic<int> failures = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([&] {
            try {
                for (int k = 0; k < 10; ++k)
                    greet(server.port(), context);
            }
            catch (const std::exception&) {
                ++failures;
            }
        });
    for (std::thread& each : threads)
        each.join();
    CHECK(failures == 0);
    CHECK(server.handshakes().size() == 40);
    CHECK(server.handshakes().find('r') != std::string::npos);
}

}  // namespace net_tls_session_test
