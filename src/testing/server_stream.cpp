#include "testing/server_stream.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <poll.h>
#include <utility>

namespace dedalus::testing {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

class tcp_server_stream final : public server_stream
{
public:
    explicit tcp_server_stream(tcp::socket socket) : socket_(std::move(socket)) {}

    asio::awaitable<error_code> handshake() override { co_return error_code(); }

    asio::awaitable<read_result> read_some(asio::mutable_buffer buffer) override
    {
        read_result result;
        result.bytes = co_await socket_.async_read_some(buffer, asio::redirect_error(asio::use_awaitable, result.ec));
        co_return result;
    }

    asio::awaitable<error_code> write(asio::const_buffer bytes) override
    {
        error_code ec;
        co_await asio::async_write(socket_, bytes, asio::redirect_error(asio::use_awaitable, ec));
        co_return ec;
    }

    asio::awaitable<void> finish() override
    {
        cut();
        co_return;
    }

protected:
    tcp::socket& socket() override { return socket_; }

private:
    tcp::socket socket_;
};

class tls_server_stream final : public server_stream
{
public:
    tls_server_stream(tcp::socket socket, asio::ssl::context& context) : stream_(std::move(socket), context) {}

    asio::awaitable<error_code> handshake() override
    {
        error_code ec;
        co_await stream_.async_handshake(asio::ssl::stream_base::server, asio::redirect_error(asio::use_awaitable, ec));
        co_return ec;
    }

    asio::awaitable<read_result> read_some(asio::mutable_buffer buffer) override
    {
        read_result result;
        result.bytes = co_await stream_.async_read_some(buffer, asio::redirect_error(asio::use_awaitable, result.ec));
        co_return result;
    }

    asio::awaitable<error_code> write(asio::const_buffer bytes) override
    {
        error_code ec;
        co_await asio::async_write(stream_, bytes, asio::redirect_error(asio::use_awaitable, ec));
        co_return ec;
    }

    asio::awaitable<void> finish() override
    {
        // async_shutdown sends close_notify and then waits for the peer's. The peer may be idle and never send it:
        // with the receiving side shut down, that wait ends at once.
        error_code ignored;
        socket().shutdown(tcp::socket::shutdown_receive, ignored);
        co_await stream_.async_shutdown(asio::redirect_error(asio::use_awaitable, ignored));
        cut();
    }

protected:
    tcp::socket& socket() override { return stream_.next_layer(); }

private:
    asio::ssl::stream<tcp::socket> stream_;
};

class tcp_factory final : public stream_factory
{
public:
    std::unique_ptr<server_stream> make(tcp::socket socket) override
    {
        return std::make_unique<tcp_server_stream>(std::move(socket));
    }
};

class tls_factory final : public stream_factory
{
public:
    explicit tls_factory(const server_certificates& certificates) : context_(asio::ssl::context::tls_server)
    {
        context_.set_options(
            asio::ssl::context::no_sslv2 | asio::ssl::context::no_sslv3 | asio::ssl::context::no_tlsv1 |
            asio::ssl::context::no_tlsv1_1
        );
        context_.use_certificate_chain(asio::buffer(certificates.certificate));
        context_.use_private_key(asio::buffer(certificates.private_key), asio::ssl::context::pem);
    }

    std::unique_ptr<server_stream> make(tcp::socket socket) override
    {
        return std::make_unique<tls_server_stream>(std::move(socket), context_);
    }

private:
    asio::ssl::context context_;
};

}  // namespace

void server_stream::cut()
{
    error_code ignored;
    socket().shutdown(tcp::socket::shutdown_send, ignored);
    socket().close(ignored);
}

void server_stream::reset()
{
    error_code ignored;
    socket().set_option(asio::socket_base::linger(true, 0), ignored);
    socket().close(ignored);
}

void server_stream::cancel()
{
    error_code ignored;
    socket().cancel(ignored);
}

bool server_stream::peer_gone()
{
    pollfd entry{.fd = socket().native_handle(), .events = POLLRDHUP, .revents = 0};
    return ::poll(&entry, 1, 0) > 0;
}

std::unique_ptr<stream_factory> make_tcp_factory()
{
    return std::make_unique<tcp_factory>();
}

std::unique_ptr<stream_factory> make_tls_factory(const server_certificates& certificates)
{
    return std::make_unique<tls_factory>(certificates);
}

}  // namespace dedalus::testing
