#include "support/loopback_peer.hpp"

#include <csignal>
#include <iterator>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include <utility>

namespace test {

namespace {

constexpr int patience_seconds = 10;

int listen_on_loopback(std::uint16_t& port)
{
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof(address);
    if (::bind(listener, generic, size) != 0 || ::listen(listener, 16) != 0 ||
        ::getsockname(listener, generic, &size) != 0)
        throw std::runtime_error("cannot listen on 127.0.0.1");
    port = ntohs(address.sin_port);
    return listener;
}

}  // namespace

peer_connection::~peer_connection()
{
    session_.reset();
    ::close(socket_);
}

bool peer_connection::start_tls(SSL_CTX* context)
{
    session_.reset(SSL_new(context));
    SSL_set_fd(session_.get(), socket_);
    return SSL_accept(session_.get()) == 1;
}

bool peer_connection::resumed() const
{
    return SSL_session_reused(session_.get()) == 1;
}

std::string peer_connection::server_name() const
{
    const char* name = SSL_get_servername(session_.get(), TLSEXT_NAMETYPE_host_name);
    return name != nullptr ? name : "";
}

std::size_t peer_connection::read(std::span<char> buffer)
{
    if (session_) {
        std::size_t n = 0;
        return SSL_read_ex(session_.get(), buffer.data(), buffer.size(), &n) == 1 ? n : 0;
    }
    const ssize_t n = ::recv(socket_, buffer.data(), buffer.size(), 0);
    return n > 0 ? static_cast<std::size_t>(n) : 0;
}

bool peer_connection::write(std::span<const char> bytes)
{
    while (!bytes.empty()) {
        std::size_t written = 0;
        if (session_) {
            if (SSL_write_ex(session_.get(), bytes.data(), bytes.size(), &written) != 1)
                return false;
        }
        else {
            const ssize_t n = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (n <= 0)
                return false;
            written = static_cast<std::size_t>(n);
        }
        bytes = bytes.subspan(written);
    }
    return true;
}

void peer_connection::write_records(std::span<const std::string> records)
{
    const int on = 1;
    const int off = 0;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_CORK, &on, sizeof(on));
    for (const std::string& record : records)
        write(record);
    ::setsockopt(socket_, IPPROTO_TCP, TCP_CORK, &off, sizeof(off));
}

void peer_connection::wait_for_end()
{
    char ignored[4096];
    while (::recv(socket_, ignored, sizeof(ignored), 0) > 0) {
    }
}

void peer_connection::wait_for_end_deaf()
{
    pollfd ends[]{
        {.fd = socket_, .events = POLLRDHUP, .revents = 0},
        {.fd = listener_, .events = 0, .revents = 0},  // POLLHUP after shutdown()
    };
    ::poll(ends, std::size(ends), patience_seconds * 1000);
}

bool peer_connection::ended_properly() const
{
    return (SSL_get_shutdown(session_.get()) & SSL_RECEIVED_SHUTDOWN) != 0;
}

void peer_connection::finish()
{
    if (session_)
        SSL_shutdown(session_.get());
    cut();
}

void peer_connection::cut()
{
    ::shutdown(socket_, SHUT_WR);
}

loopback_peer::loopback_peer(handler handle)
    : handle_(std::move(handle)), listener_(listen_on_loopback(port_)), thread_([this] { serve(); })
{}

loopback_peer::~loopback_peer()
{
    ::shutdown(listener_, SHUT_RDWR);  // ends accept() and deaf waits
    thread_.join();
    ::close(listener_);
}

void loopback_peer::serve()
{
    // OpenSSL's own socket BIO raises SIGPIPE when the client is gone. Here that shall not end the test.
    sigset_t pipe_signal;
    sigemptyset(&pipe_signal);
    sigaddset(&pipe_signal, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_signal, nullptr);
    for (;;) {
        const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (socket < 0)
            return;
        const timeval patience{.tv_sec = patience_seconds, .tv_usec = 0};
        ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
        ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
        peer_connection connection(socket, listener_);
        handle_(connection);
    }
}

}  // namespace test
