#include "net/connector.hpp"
#include "support/catch.hpp"
#include "support/loopback_peer.hpp"
#include "support/net_client.hpp"
#include "support/process_sockets.hpp"
#include "support/run_coro.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace net_socket_options_test {

namespace asio = boost::asio;
namespace net = dedalus::net;
using namespace std::chrono_literals;

namespace {

struct seen_options
{
    int no_delay, keep_alive, idle, interval, count, user_timeout;

    bool operator==(const seen_options&) const = default;
};

int option(int fd, int level, int name)
{
    int value = -1;
    socklen_t size = sizeof(value);
    ::getsockopt(fd, level, name, &value, &size);
    return value;
}

seen_options options_of(int fd)
{
    return {
        option(fd, IPPROTO_TCP, TCP_NODELAY) != 0,
        option(fd, SOL_SOCKET, SO_KEEPALIVE) != 0,
        option(fd, IPPROTO_TCP, TCP_KEEPIDLE),
        option(fd, IPPROTO_TCP, TCP_KEEPINTVL),
        option(fd, IPPROTO_TCP, TCP_KEEPCNT),
        option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT)};
}

asio::awaitable<seen_options> connect_and_look(net::connect_request request)
{
    const std::uint16_t port = request.port;
    const net::connected made = co_await net::connect(std::move(request));
    const std::vector<int> sockets = test::sockets_to(port);
    REQUIRE(sockets.size() == 1);
    co_return options_of(sockets.front());
}

seen_options options_with(const dedalus::tcp_options& wanted)
{
    test::loopback_peer peer([](test::peer_connection& client) { client.wait_for_end(); });
    return test::run_coro([&](asio::any_io_executor executor) {
        net::connect_request request = test::connect_to(executor, peer.port());
        request.tcp = wanted;
        return connect_and_look(std::move(request));
    });
}

}  // namespace

TEST_CASE("a connection has TCP_NODELAY, probes after a quiet minute and a bound on silence, unless told otherwise")
{
    CHECK(options_with({}) == seen_options{1, 1, 60, 15, 4, 120000});
    CHECK(
        options_with({.keep_alive_idle = 5s, .keep_alive_interval = 2s, .keep_alive_count = 3, .user_timeout = 9s}) ==
        seen_options{1, 1, 5, 2, 3, 9000}
    );
    const seen_options plain = options_with({.keep_alive = false, .user_timeout = dedalus::no_limit});
    CHECK(plain.no_delay == 1);
    CHECK(plain.keep_alive == 0);
    CHECK(plain.user_timeout == 0);
}

}  // namespace net_socket_options_test
