#include "net/proxy_tunnel.hpp"

#include <dedalus/proxy_error.hpp>

#include "protocol/proxy_request.hpp"

#include <boost/asio/error.hpp>

#include <array>
#include <span>
#include <string_view>
#include <utility>

namespace dedalus::net {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr std::size_t read_buffer_bytes = 4 * 1024;

[[noreturn]] void fail(const watchdog& guard, const error_code& cause, const std::string& what)
{
    guard.throw_if_fired();
    throw connection_error(call_phase::proxy, cause, what);
}

asio::awaitable<void> ask(byte_stream& stream /* borrowed */, std::string request, std::shared_ptr<watchdog> guard)
{
    std::string_view left = request;
    while (!left.empty()) {
        error_code ec;
        left.remove_prefix(stream.try_write(std::span(left.data(), left.size()), ec));
        if (!ec)
            continue;
        if (ec != asio::error::would_block)
            fail(*guard, ec, "asking the proxy for a tunnel failed");
        co_await stream.wait();
        guard->throw_if_fired();
    }
}

}  // namespace

asio::awaitable<void> open_tunnel(
    byte_stream& stream,  // borrowed
    std::string host,
    std::uint16_t port,
    protocol::proxy_address proxy,
    std::shared_ptr<watchdog> guard
)
{
    const std::string name = proxy.authority();
    std::string request = protocol::tunnel_request(host, std::to_string(port), proxy);
    co_await ask(stream, std::move(request), guard);
    protocol::tunnel_answer answer;
    std::array<char, read_buffer_bytes> buffer;
    while (!answer.header_done()) {
        error_code ec;
        const std::size_t n = stream.try_read(buffer, ec);
        if (ec == asio::error::would_block) {
            co_await stream.wait();
            guard->throw_if_fired();
            continue;
        }
        if (ec == asio::error::eof)
            answer.finish(ec);
        if (ec)
            fail(*guard, ec, "the proxy " + name + " broke off");
        answer.consume(std::string_view(buffer.data(), n), ec);
        if (ec)
            fail(*guard, ec, "what the proxy " + name + " sent is not an answer to CONNECT");
    }
    if (!answer.open())
        throw proxy_error(name, answer.status());
}

}  // namespace dedalus::net
