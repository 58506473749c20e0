#pragma once

#include <dedalus/testing/server.hpp>

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace dedalus::testing {

/// Bytes of a connection in, requests out. Does no I/O.
class request_reader
{
public:
    enum class state
    {
        incomplete,        ///< feed() more
        expects_continue,  ///< send `100 Continue`, then step() again; reported once per request
        complete,          ///< take() the request
        body_too_large,
        header_too_large,
        malformed,
    };

    static constexpr std::size_t max_body_bytes = std::size_t{64} * 1024 * 1024;
    static constexpr std::size_t max_header_bytes = std::size_t{64} * 1024;

    request_reader();

    void feed(std::string_view bytes) { buffer_.append(bytes); }

    /// Parses what was fed.
    state step();

    /// Whether nothing of the next request has come yet.
    bool idle() const { return buffer_.empty() && !started_; }

    /// The request, after state::complete. Its `connection` is not set. The reader goes on with the next request.
    received_request take();

    /// Whether the client of the request taken last wants the connection to stay open.
    bool keep_alive() const { return keep_alive_; }

private:
    using parser = boost::beast::http::request_parser<boost::beast::http::string_body>;

    void start();
    state failure(const boost::system::error_code& ec) const;

    std::string buffer_;
    std::optional<parser> parser_;
    bool started_ = false;
    bool continue_reported_ = false;
    bool keep_alive_ = true;
};

}  // namespace dedalus::testing
