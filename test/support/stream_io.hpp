#pragma once

#include "net/byte_stream.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include <cstddef>
#include <span>

namespace test {

/// Reads at least one byte, waiting for it. Throws system_error with the code of try_read(); asio::error::eof included.
inline boost::asio::awaitable<std::size_t> read_some(
    dedalus::net::byte_stream& stream,  // borrowed
    std::span<char> buffer              // borrowed
)
{
    for (;;) {
        boost::system::error_code ec;
        const std::size_t n = stream.try_read(buffer, ec);
        if (!ec)
            co_return n;
        if (ec != boost::asio::error::would_block)
            throw boost::system::system_error(ec);
        co_await stream.wait();
    }
}

/// Writes all bytes. Throws system_error with the code of try_write().
inline boost::asio::awaitable<void> write_all(
    dedalus::net::byte_stream& stream,  // borrowed
    std::span<const char> bytes         // borrowed
)
{
    while (!bytes.empty()) {
        boost::system::error_code ec;
        bytes = bytes.subspan(stream.try_write(bytes, ec));
        if (ec && ec != boost::asio::error::would_block)
            throw boost::system::system_error(ec);
        if (ec)
            co_await stream.wait();
    }
}

}  // namespace test
