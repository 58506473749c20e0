#include "protocol/gzip_reader.hpp"

#include <dedalus/error_code.hpp>

#include <algorithm>
#include <array>
#include <limits>
#include <new>
#include <zlib.h>

namespace dedalus::protocol {

namespace {

constexpr int gzip_alone = 16 + MAX_WBITS;  // and no zlib format: see inflateInit2()
constexpr std::size_t step_bytes = 16 * 1024;

}  // namespace

gzip_reader::gzip_reader() : stream_(new z_stream{})
{
    if (inflateInit2(stream_.get(), gzip_alone) != Z_OK)
        throw std::bad_alloc();
}

void gzip_reader::deleter::operator()(z_stream_s* stream) const noexcept
{
    inflateEnd(stream);
    delete stream;
}

void gzip_reader::feed(std::string_view input, std::string& out, std::size_t limit, boost::system::error_code& ec)
{
    constexpr std::size_t most = std::numeric_limits<uInt>::max();
    while (!input.empty() && !failure_.failed()) {
        const std::size_t length = std::min(input.size(), most);
        // zlib does not write there; its type lacks a const.
        stream_->next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input.data()));
        stream_->avail_in = static_cast<uInt>(length);
        while (step(out, limit)) {
        }
        input.remove_prefix(length);
    }
    ec = failure_;
}

// Inflates up to step_bytes. Returns whether there is more to do with this input.
bool gzip_reader::step(std::string& out, std::size_t limit)
{
    std::array<char, step_bytes> piece;
    stream_->next_out = reinterpret_cast<Bytef*>(piece.data());
    stream_->avail_out = static_cast<uInt>(piece.size());
    in_member_ = in_member_ || stream_->avail_in > 0;
    const int result = inflate(stream_.get(), Z_NO_FLUSH);
    if (result == Z_MEM_ERROR)
        throw std::bad_alloc();

    const std::size_t inflated = piece.size() - stream_->avail_out;
    const std::size_t room = limit - std::min(limit, out.size());
    out.append(piece.data(), std::min(inflated, room));
    if (inflated > room)
        failure_ = errc::limit_exceeded;
    else if (result == Z_STREAM_END) {
        in_member_ = false;
        inflateReset(stream_.get());
    }
    else if (result != Z_OK && result != Z_BUF_ERROR)
        failure_ = errc::invalid_response;
    // With a full piece zlib may hold more that came of input it has already taken.
    return !failure_.failed() && (stream_->avail_in > 0 || stream_->avail_out == 0);
}

}  // namespace dedalus::protocol
