#pragma once

#include <dedalus/client_options.hpp>

#include "net/byte_stream.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <atomic>
#include <mutex>

namespace dedalus::net {

/// A TCP socket without delay (TCP_NODELAY) and with the keep-alive probes of its options. It never raises SIGPIPE.
class tcp_stream final : public byte_stream
{
public:
    /// Not connected: begin with start_connect().
    explicit tcp_stream(const boost::asio::any_io_executor& executor, const tcp_options& options = tcp_options());

    /// Takes a connected socket over.
    explicit tcp_stream(boost::asio::ip::tcp::socket connected, const tcp_options& options = tcp_options());

    ~tcp_stream() override;

    /// Opens the socket and begins to connect; once. would_block: wait(), then finish_connect().
    void start_connect(const boost::asio::ip::tcp::endpoint& peer, boost::system::error_code& ec);

    /// The outcome of start_connect(): clear when connected, would_block while it is still going on.
    void finish_connect(boost::system::error_code& ec);

    std::size_t try_read(std::span<char> buffer, boost::system::error_code& ec) noexcept override;

    bool drained() const noexcept override { return drained_; }

    bool quiet() noexcept override;

    std::size_t try_write(std::span<const char> bytes, boost::system::error_code& ec) noexcept override;
    boost::asio::awaitable<void> wait() override;
    boost::asio::awaitable<void> wait_either() override;
    void interrupt() noexcept override;

    bool interrupted() const noexcept { return interrupted_; }

private:
    void set_options();
    void forget_writability() noexcept;

    template <class SystemCall>
    std::size_t transfer(
        boost::asio::ip::tcp::socket::wait_type direction,
        std::size_t size,
        boost::system::error_code& ec,
        SystemCall call
    ) noexcept;

    boost::asio::ip::tcp::socket socket_;
    tcp_options options_;
    boost::asio::ip::tcp::socket::wait_type direction_ = boost::asio::ip::tcp::socket::wait_read;
    bool drained_ = false;  // then direction_ is that of reading
    bool asked_for_writability_ = false;
    std::mutex mutex_;  // orders interrupt() against start_connect(), forget_writability() and the destructor
    std::atomic<bool> interrupted_ = false;
};

}  // namespace dedalus::net
