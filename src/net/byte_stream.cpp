#include "net/byte_stream.hpp"

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

namespace dedalus::net {

namespace asio = boost::asio;

asio::awaitable<std::size_t> read_some(
    byte_stream& stream,    // borrowed
    std::span<char> buffer  // borrowed
)
{
    for (;;) {
        boost::system::error_code ec;
        const std::size_t n = stream.try_read(buffer, ec);
        if (!ec)
            co_return n;
        if (ec != asio::error::would_block)
            throw boost::system::system_error(ec);
        co_await stream.wait();
    }
}

asio::awaitable<void> write_all(
    byte_stream& stream,         // borrowed
    std::span<const char> bytes  // borrowed
)
{
    while (!bytes.empty()) {
        boost::system::error_code ec;
        bytes = bytes.subspan(stream.try_write(bytes, ec));
        if (ec && ec != asio::error::would_block)
            throw boost::system::system_error(ec);
        if (ec)
            co_await stream.wait();
    }
}

}  // namespace dedalus::net
