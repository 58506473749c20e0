#pragma once

#include <dedalus/http_headers.hpp>

#include "protocol/gzip_reader.hpp"

#include <boost/system/error_code.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace dedalus::protocol {

/// How a body is encoded.
enum class content_coding
{
    identity,
    gzip,
    unknown,
};

/// What the Content-Encoding fields of an answer say. No coding is undone twice: a list of two is unknown.
content_coding content_coding_of(const http_headers& headers);

/// Puts a body together from its pieces and undoes its coding; one that is unknown is kept as it is.
class body_collector
{
public:
    /// @param limit  on what add() makes the body, and about twice that on what comes for it.
    body_collector(content_coding coding, std::size_t limit);

    /// Appends the piece to `body`, as far as the limit allows. Errors: errc::limit_exceeded, errc::invalid_response
    /// when the coding is broken.
    void add(std::string_view piece, std::string& body, boost::system::error_code& ec);

    /// The pieces were all. errc::invalid_response when the coding wants more.
    void finish(boost::system::error_code& ec) const;

private:
    std::size_t limit_;
    std::size_t received_ = 0;
    std::optional<gzip_reader> gzip_;
};

}  // namespace dedalus::protocol
