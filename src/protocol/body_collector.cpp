#include "protocol/body_collector.hpp"

#include <dedalus/error_code.hpp>

#include "support/ascii.hpp"

namespace dedalus::protocol {

namespace {

// More than gzip adds to a small body, so that a limit is about what the body inflates to.
constexpr std::size_t coding_overhead = 64 * 1024;

content_coding coding_named(std::string_view name)
{
    if (name.empty() || support::ascii_iequals(name, "identity"))
        return content_coding::identity;
    // RFC 9110, 8.4.1.3: the old name means the same.
    if (support::ascii_iequals(name, "gzip") || support::ascii_iequals(name, "x-gzip"))
        return content_coding::gzip;
    return content_coding::unknown;
}

}  // namespace

content_coding content_coding_of(const http_headers& headers)
{
    auto found = content_coding::identity;
    for (const http_header& field : headers) {
        if (!support::ascii_iequals(field.name, "Content-Encoding"))
            continue;
        const content_coding next = coding_named(support::trimmed(field.value));
        if (next == content_coding::identity)
            continue;
        found = found == content_coding::identity ? next : content_coding::unknown;
    }
    return found;
}

body_collector::body_collector(content_coding coding, std::size_t limit) : limit_(limit)
{
    if (coding == content_coding::gzip)
        gzip_.emplace();
}

void body_collector::add(std::string_view piece, std::string& body, boost::system::error_code& ec)
{
    ec = {};
    if (gzip_) {
        gzip_->feed(piece, body, limit_, ec);
        // What inflates to nothing is bounded, too.
        received_ += piece.size();
        if (!ec.failed() && received_ / 2 > limit_ && received_ - limit_ > coding_overhead)
            ec = errc::limit_exceeded;
        return;
    }
    const std::size_t room = limit_ - body.size();
    body.append(piece.substr(0, room));
    if (piece.size() > room)
        ec = errc::limit_exceeded;
}

void body_collector::finish(boost::system::error_code& ec) const
{
    ec = {};
    if (gzip_ && !gzip_->complete())
        ec = errc::invalid_response;
}

}  // namespace dedalus::protocol
