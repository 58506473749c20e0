#include "net/tcp_stream.hpp"

#include <boost/asio/deferred.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include <cerrno>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace dedalus::net {

namespace asio = boost::asio;
using boost::system::error_code;
using tcp = asio::ip::tcp;

namespace {

error_code last_error()
{
    return {errno, boost::system::system_category()};
}

void set_option(int fd, int level, int name, int value) noexcept
{
    ::setsockopt(fd, level, name, &value, sizeof(value));
}

}  // namespace

tcp_stream::tcp_stream(const asio::any_io_executor& executor, const tcp_options& options)
    : socket_(executor), options_(options)
{}

tcp_stream::tcp_stream(tcp::socket connected, const tcp_options& options)
    : socket_(std::move(connected)), options_(options)
{
    socket_.native_non_blocking(true);
    set_options();
}

tcp_stream::~tcp_stream()
{
    const std::lock_guard lock(mutex_);
    error_code ignored;
    socket_.close(ignored);
}

void tcp_stream::set_options()
{
    // All are hints: a connection works without them.
    const int fd = socket_.native_handle();
    set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
#ifdef TCP_USER_TIMEOUT
    if (options_.user_timeout != no_limit)
        set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<int>(options_.user_timeout.count()));
#endif
    if (!options_.keep_alive)
        return;
    set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, static_cast<int>(options_.keep_alive_idle.count()));
    set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, static_cast<int>(options_.keep_alive_interval.count()));
    set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, options_.keep_alive_count);
}

void tcp_stream::start_connect(const tcp::endpoint& peer, error_code& ec)
{
    // The lock spans the system call: on a socket that does not connect yet, shutdown() would be lost.
    const std::lock_guard lock(mutex_);
    if (interrupted_) {
        ec = asio::error::operation_aborted;
        return;
    }
    socket_.open(peer.protocol(), ec);
    if (!ec)
        socket_.native_non_blocking(true, ec);
    if (ec)
        return;
    set_options();
    if (::connect(socket_.native_handle(), peer.data(), static_cast<socklen_t>(peer.size())) == 0)
        return;
    if (errno == EINPROGRESS || errno == EINTR) {
        direction_ = tcp::socket::wait_write;
        ec = asio::error::would_block;
    }
    else {
        ec = last_error();
    }
}

void tcp_stream::finish_connect(error_code& ec)
{
    if (interrupted_) {
        ec = asio::error::operation_aborted;
        return;
    }
    // SO_ERROR is 0 while the connect is still going on, so ask for writability first.
    pollfd writable{.fd = socket_.native_handle(), .events = POLLOUT, .revents = 0};
    if (::poll(&writable, 1, 0) <= 0) {
        direction_ = tcp::socket::wait_write;
        ec = asio::error::would_block;
        return;
    }
    int error = 0;
    socklen_t size = sizeof(error);
    if (::getsockopt(socket_.native_handle(), SOL_SOCKET, SO_ERROR, &error, &size) != 0)
        error = errno;
    ec.assign(error, boost::system::system_category());
}

std::size_t tcp_stream::try_read(std::span<char> buffer, error_code& ec) noexcept
{
    return transfer(tcp::socket::wait_read, buffer.size(), ec, [&](int fd) {
        return ::recv(fd, buffer.data(), buffer.size(), 0);
    });
}

bool tcp_stream::quiet() noexcept
{
    char byte = 0;
    return drained_ && !interrupted_ && ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK) < 0 &&
           (errno == EAGAIN || errno == EWOULDBLOCK);
}

std::size_t tcp_stream::try_write(std::span<const char> bytes, error_code& ec) noexcept
{
    return transfer(tcp::socket::wait_write, bytes.size(), ec, [&](int fd) {
        return ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    });
}

template <class SystemCall>
std::size_t
tcp_stream::transfer(tcp::socket::wait_type direction, std::size_t size, error_code& ec, SystemCall call) noexcept
{
    ec.clear();
    if (size == 0)
        return 0;
    if (interrupted_) {
        ec = asio::error::operation_aborted;
        return 0;
    }
    ssize_t n = 0;
    do
        n = call(socket_.native_handle());
    while (n < 0 && errno == EINTR);
    const bool blocked = n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
    const bool exhausted = blocked || (n > 0 && static_cast<std::size_t>(n) < size);
    if (exhausted)
        direction_ = direction;
    if (exhausted || direction == tcp::socket::wait_read)
        drained_ = exhausted && direction == tcp::socket::wait_read;
    if (n > 0)
        return static_cast<std::size_t>(n);
    if (blocked) {
        ec = asio::error::would_block;
        return 0;
    }
    ec = n == 0 ? error_code(asio::error::eof) : last_error();
    // After shutdown() by interrupt() the system reports an end that the peer never sent.
    if (interrupted_)
        ec = asio::error::operation_aborted;
    return 0;
}

// Asio goes on asking for writability once it was asked for, and hears of it at once: each wait for bytes cost a
// system call that gives nothing. A new registration knows nothing of it.
void tcp_stream::forget_writability() noexcept
{
    const std::lock_guard lock(mutex_);
    asked_for_writability_ = false;
    error_code ec;
    const tcp protocol = socket_.local_endpoint(ec).protocol();
    const int fd = ec ? -1 : socket_.release(ec);
    if (ec)
        return;
    socket_.assign(protocol, fd, ec);
    if (ec)
        ::close(fd);  // the wait fails
}

asio::awaitable<void> tcp_stream::wait()
{
    drained_ = false;
    if (direction_ == tcp::socket::wait_write)
        asked_for_writability_ = true;
    else if (asked_for_writability_)
        forget_writability();
    return socket_.async_wait(direction_, asio::use_awaitable);
}

asio::awaitable<void> tcp_stream::wait_either()
{
    drained_ = false;
    asked_for_writability_ = true;
    auto readable = socket_.async_wait(tcp::socket::wait_read, asio::deferred);
    auto writable = socket_.async_wait(tcp::socket::wait_write, asio::deferred);
    auto both = asio::experimental::make_parallel_group(std::move(readable), std::move(writable));
    const auto outcome = co_await both.async_wait(asio::experimental::wait_for_one(), asio::use_awaitable);
    const auto& [order, read_ec, write_ec] = outcome;
    const error_code& first = order[0] == 0 ? read_ec : write_ec;
    if (first)
        throw boost::system::system_error(first);
}

void tcp_stream::interrupt() noexcept
{
    const std::lock_guard lock(mutex_);
    // The flag comes first: whoever sees the effect of shutdown() must see the flag.
    interrupted_ = true;
    if (socket_.is_open())
        ::shutdown(socket_.native_handle(), SHUT_RDWR);
}

}  // namespace dedalus::net
