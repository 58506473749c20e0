#pragma once

#include <dedalus/http_headers.hpp>

#include <boost/system/error_code.hpp>

#include <cstddef>
#include <memory>
#include <string_view>

namespace dedalus::protocol {

/// Reads one HTTP/1.1 answer: head, and a body of a known length, in chunks, or until the connection ends. The input
/// may be cut anywhere; body bytes are viewed, never copied. There is no limit on the body: the caller counts.
class http_response_reader
{
public:
    /// @param max_header_bytes  limit on the head, interim heads included, and on a chunk header or the trailers.
    explicit http_response_reader(std::size_t max_header_bytes);
    ~http_response_reader();
    http_response_reader(http_response_reader&&) noexcept;
    http_response_reader& operator=(http_response_reader&&) noexcept;

    /// Takes a prefix of `input`, returns its length, and sets `body` to the piece of the body found in it, a view of
    /// `input` that may be empty. Call again with the rest until nothing is taken: that is at the end of the input or
    /// of the message. Interim answers (1xx) are skipped. Errors, which stay: errc::limit_exceeded (head too large),
    /// errc::invalid_response (not HTTP/1.x, or a framing that is contradictory or unknown).
    std::size_t consume(std::string_view input, std::string_view& body, boost::system::error_code& ec);

    /// The connection ended. Ends a body that runs until then; otherwise `ec` is set: end of stream when no byte has
    /// come, a partial message when some have.
    void finish(boost::system::error_code& ec);

    bool got_some() const noexcept;     ///< a byte has come, of an interim answer too
    bool header_done() const noexcept;  ///< status() and headers() are complete
    bool done() const noexcept;         ///< the message is complete
    bool keep_alive() const noexcept;   ///< done, and the connection may serve another request

    int status() const noexcept;                   ///< 0 before header_done()
    const http_headers& headers() const noexcept;  ///< empty before header_done(); without trailers
    http_headers take_headers() noexcept;          ///< headers(), which has none afterwards

private:
    class impl;
    std::unique_ptr<impl> impl_;
};

}  // namespace dedalus::protocol
