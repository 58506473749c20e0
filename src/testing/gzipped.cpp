#include <dedalus/testing/server.hpp>

#include <new>
#include <utility>
#include <zlib.h>

namespace dedalus::testing {

reply gzipped(reply r)
{
    constexpr int gzip_alone = 16 + MAX_WBITS;  // see deflateInit2()
    constexpr int usual_memory = 8;
    z_stream stream{};
    if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, gzip_alone, usual_memory, Z_DEFAULT_STRATEGY) != Z_OK)
        throw std::bad_alloc();
    std::string compressed(deflateBound(&stream, static_cast<uLong>(r.body.size())), '\0');
    stream.next_in = reinterpret_cast<Bytef*>(r.body.data());
    stream.avail_in = static_cast<uInt>(r.body.size());
    stream.next_out = reinterpret_cast<Bytef*>(compressed.data());
    stream.avail_out = static_cast<uInt>(compressed.size());
    deflate(&stream, Z_FINISH);  // all of it: that is what the bound is for
    compressed.resize(stream.total_out);
    deflateEnd(&stream);
    r.body = std::move(compressed);
    r.headers.set("Content-Encoding", "gzip");
    return r;
}

}  // namespace dedalus::testing
