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

/// -1 when it cannot.
int listen_on(loopback_address on, std::uint16_t& port)
{
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_addr = in6addr_loopback;
    const bool is_v6 = on == loopback_address::v6;
    auto* address = is_v6 ? reinterpret_cast<sockaddr*>(&v6) : reinterpret_cast<sockaddr*>(&v4);
    socklen_t size = is_v6 ? sizeof(v6) : sizeof(v4);

    const int listener = ::socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0)
        return -1;
    if (::bind(listener, address, size) != 0 || ::listen(listener, 16) != 0 ||
        ::getsockname(listener, address, &size) != 0) {
        ::close(listener);
        return -1;
    }
    port = ntohs(is_v6 ? v6.sin6_port : v4.sin_port);
    return listener;
}

int must_listen_on(loopback_address address, std::uint16_t& port)
{
    const int listener = listen_on(address, port);
    if (listener < 0)
        throw std::runtime_error("cannot listen on the loopback address");
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

void peer_connection::write_last(std::string_view bytes)
{
    const int on = 1;
    const int off = 0;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_CORK, &on, sizeof(on));
    write(bytes);
    SSL_shutdown(session_.get());
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

bool can_listen_on(loopback_address address)
{
    std::uint16_t port = 0;
    const int listener = listen_on(address, port);
    if (listener >= 0)
        ::close(listener);
    return listener >= 0;
}

loopback_peer::loopback_peer(handler handle, loopback_address address)
    : handle_(std::move(handle)), listener_(must_listen_on(address, port_)), thread_([this] { serve(); })
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
