#pragma once

#include "net/byte_stream.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>

namespace test {

/// What a fake_stream does, and what it saw; outlives the stream.
struct fake_peer
{
    std::string to_read;            ///< what the peer sends
    std::size_t answers_after = 0;  ///< bytes of the request, before which nothing is sent
    bool ends = false;              ///< `end` behind it; otherwise would_block
    boost::system::error_code end = boost::asio::error::eof;
    std::size_t piece = 1;                     ///< bytes moved by one try_
    bool tells_drained = false;                ///< drained() is true when it should
    bool blocks = true;                        ///< every second try_ of a direction would block
    std::size_t fail_after = SIZE_MAX;         ///< so many operations (try_ and wait) go well; the next fails
    std::size_t writes_fail_after = SIZE_MAX;  ///< so many bytes of the request are taken
    std::function<void()> before_read{};       ///< what another thread does at that moment
    std::string written;
    std::size_t operations = 0;
    std::size_t reads_in_vain = 0;  ///< those that would have blocked
    int streams_alive = 0;
};

/// A connection without a socket, which fails where it is told to.
class fake_stream final : public dedalus::net::byte_stream
{
public:
    explicit fake_stream(std::shared_ptr<fake_peer> peer) : peer_(std::move(peer)) { ++peer_->streams_alive; }

    ~fake_stream() override { --peer_->streams_alive; }

    std::size_t try_read(std::span<char> buffer, boost::system::error_code& ec) override
    {
        if (peer_->before_read)
            peer_->before_read();
        const std::size_t n = read(buffer, ec);
        const bool would_block = ec == boost::asio::error::would_block;
        peer_->reads_in_vain += would_block ? 1 : 0;
        drained_ = peer_->tells_drained && (would_block || (!ec && n < buffer.size()));
        return n;
    }

    bool drained() const noexcept override { return drained_; }

    bool quiet() noexcept override { return drained_ && peer_->to_read.empty() && !peer_->ends; }

    std::size_t try_write(std::span<const char> bytes, boost::system::error_code& ec) override
    {
        if (!proceed(write_blocked_, ec))
            return 0;
        if (peer_->written.size() >= peer_->writes_fail_after) {
            ec = boost::asio::error::broken_pipe;
            return 0;
        }
        const std::size_t n = std::min(peer_->piece, bytes.size());
        peer_->written.append(bytes.data(), n);
        return n;
    }

    boost::asio::awaitable<void> wait() override
    {
        drained_ = false;
        if (peer_->operations++ >= peer_->fail_after)
            throw boost::system::system_error(boost::asio::error::connection_reset);
        co_await boost::asio::post(co_await boost::asio::this_coro::executor, boost::asio::use_awaitable);
    }

    boost::asio::awaitable<void> wait_either() override { return wait(); }

    void interrupt() noexcept override { peer_->fail_after = 0; }

private:
    std::size_t read(std::span<char> buffer, boost::system::error_code& ec)
    {
        if (!proceed(read_blocked_, ec))
            return 0;
        if (peer_->written.size() < peer_->answers_after) {
            ec = boost::asio::error::would_block;
            return 0;
        }
        if (peer_->to_read.empty()) {
            if (peer_->ends)
                ec = peer_->end;
            else
                ec = boost::asio::error::would_block;
            return 0;
        }
        const std::size_t n = std::min({peer_->piece, buffer.size(), peer_->to_read.size()});
        peer_->to_read.copy(buffer.data(), n);
        peer_->to_read.erase(0, n);
        return n;
    }

    bool proceed(bool& blocked, boost::system::error_code& ec)
    {
        ec = {};
        if (peer_->operations++ >= peer_->fail_after) {
            ec = boost::asio::error::connection_reset;
            return false;
        }
        blocked = peer_->blocks && !blocked;
        if (blocked)
            ec = boost::asio::error::would_block;
        return !blocked;
    }

    std::shared_ptr<fake_peer> peer_;
    bool read_blocked_ = false;
    bool write_blocked_ = false;
    bool drained_ = false;
};

}  // namespace test
