#pragma once

#include "protocol/body_collector.hpp"
#include "transport/http_connection.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/system/error_code.hpp>

#include <cstddef>
#include <string>

namespace dedalus {

/// Reads the body of an answer and inflates it, up to `limit` bytes. Gives errc::limit_exceeded when there is more, and
/// errc::invalid_response when its gzip is broken or cut off. A body whose coding is unknown is left as it is.
boost::asio::awaitable<boost::system::error_code> read_body(
    transport::http_connection& connection,  // borrowed
    protocol::content_coding coding,
    std::string& body,  // borrowed
    std::size_t limit
);

/// The same for an error answer, whose status stands whatever happens to its body: false when `body` is not all of it.
boost::asio::awaitable<bool> read_error_body(
    transport::http_connection& connection,  // borrowed
    protocol::content_coding coding,
    std::string& body,  // borrowed
    std::size_t limit
);

}  // namespace dedalus
