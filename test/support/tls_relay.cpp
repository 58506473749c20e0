#include "support/tls_relay.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <exception>
#include <thread>
#include <utility>

namespace test {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

struct session
{
    session(tcp::socket accepted, asio::ssl::context& tls)
        : upstream(accepted.get_executor()), client(std::move(accepted), tls)
    {}

    void close()
    {
        error_code ignored;
        client.lowest_layer().close(ignored);
        upstream.close(ignored);
    }

    tcp::socket upstream;
    asio::ssl::stream<tcp::socket> client;
};

template <class From, class To>
asio::awaitable<void> pump(std::shared_ptr<session> both, From& from /* borrowed */, To& to /* borrowed */)
{
    std::array<char, 16 * 1024> buffer;
    error_code ec;
    while (!ec) {
        const std::size_t n =
            co_await from.async_read_some(asio::buffer(buffer), asio::redirect_error(asio::use_awaitable, ec));
        if (!ec)
            co_await asio::async_write(to, asio::buffer(buffer, n), asio::redirect_error(asio::use_awaitable, ec));
    }
    both->close();
}

void ignore(std::exception_ptr) {}

asio::awaitable<void> serve(std::shared_ptr<session> both, tcp::endpoint to)
{
    error_code ec;
    co_await both->client.async_handshake(
        asio::ssl::stream_base::server, asio::redirect_error(asio::use_awaitable, ec)
    );
    if (!ec)
        co_await both->upstream.async_connect(to, asio::redirect_error(asio::use_awaitable, ec));
    if (ec)
        co_return;
    asio::co_spawn(both->upstream.get_executor(), pump(both, both->client, both->upstream), ignore);
    co_await pump(both, both->upstream, both->client);
}

}  // namespace

class tls_relay::impl
{
public:
    impl(const identity& who, std::uint16_t to)
        : tls_(server_context(who).release()), acceptor_(context_, {asio::ip::address_v4::loopback(), 0}),
          to_(asio::ip::address_v4::loopback(), to)
    {
        asio::co_spawn(context_, accept(), ignore);
        thread_ = std::thread([this] { context_.run(); });
    }

    ~impl()
    {
        context_.stop();
        thread_.join();
    }

    std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

private:
    asio::awaitable<void> accept()
    {
        while (true) {
            tcp::socket accepted = co_await acceptor_.async_accept(asio::use_awaitable);
            asio::co_spawn(context_, serve(std::make_shared<session>(std::move(accepted), tls_), to_), ignore);
        }
    }

    asio::ssl::context tls_;
    asio::io_context context_;
    tcp::acceptor acceptor_;
    tcp::endpoint to_;
    std::thread thread_;
};

tls_relay::tls_relay(const identity& who, std::uint16_t to) : impl_(std::make_unique<impl>(who, to)) {}

tls_relay::~tls_relay() = default;

std::uint16_t tls_relay::port() const noexcept
{
    return impl_->port();
}

}  // namespace test
