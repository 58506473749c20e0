#pragma once

#include <boost/system/error_code.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

struct z_stream_s;

namespace dedalus::protocol {

/// Undoes the content coding gzip (RFC 1952, several members included) of one body, which may be cut anywhere.
class gzip_reader
{
public:
    gzip_reader();

    /// Appends what the input inflates to, up to a size of `out` of `limit`. Errors, which stay: errc::limit_exceeded
    /// when there is more, errc::invalid_response when it is not gzip. Memory does not depend on the input.
    void feed(std::string_view input, std::string& out, std::size_t limit, boost::system::error_code& ec);

    /// Whether the input may end here: nothing has come yet, or it ended with a member.
    bool complete() const noexcept { return !in_member_; }

private:
    struct deleter
    {
        void operator()(z_stream_s* stream) const noexcept;
    };

    bool step(std::string& out, std::size_t limit);

    std::unique_ptr<z_stream_s, deleter> stream_;
    bool in_member_ = false;
    boost::system::error_code failure_;
};

}  // namespace dedalus::protocol
