#include "fuzz/cut.hpp"
#include "fuzz/fuzz_targets.hpp"
#include "fuzz/invariants.hpp"
#include "protocol/body_collector.hpp"
#include "protocol/http_response_reader.hpp"

namespace dedalus::fuzz {
namespace {

// Small, so that inputs of a usual size pass them.
constexpr std::size_t max_header_bytes = 512;
constexpr std::size_t max_body_bytes = 4096;

struct http_outcome
{
    int status = 0;
    http_headers headers;
    std::string body;
    std::string rest;
    bool broken = false;  // how does not count: a line that is wrong may be told before or at its end
    bool keep_alive = false;

    bool operator==(const http_outcome&) const = default;
};

/// Reads one piece to the end of what the reader takes of it.
void read(
    protocol::http_response_reader& reader, std::string_view piece, http_outcome& seen, boost::system::error_code& ec
)
{
    while (!ec.failed()) {
        std::string_view body;
        const std::size_t taken = reader.consume(piece, body, ec);
        require(taken <= piece.size(), "no more is taken than there is");
        const bool within =
            body.empty() || (body.data() >= piece.data() && body.data() + body.size() <= piece.data() + taken);
        require(within, "the body is a view of what was taken");
        seen.body += body;
        piece.remove_prefix(taken);
        if (taken == 0)
            break;
    }
    require(ec.failed() || reader.done() || piece.empty(), "all of an answer that goes on is taken");
    seen.rest += piece;
}

http_outcome http_outcome_of(const std::vector<std::string>& pieces)
{
    http_outcome seen;
    protocol::http_response_reader reader(max_header_bytes);
    boost::system::error_code ec;
    for (const std::string& piece : pieces) {
        read(reader, piece, seen, ec);
        if (ec.failed())
            break;
    }
    seen.keep_alive = reader.keep_alive();
    require(!seen.keep_alive || (reader.done() && !ec.failed()), "only a complete answer leaves a connection of use");
    if (ec.failed())
        seen.rest.clear();  // how much of a broken answer was taken does not matter
    else
        reader.finish(ec);
    seen.broken = ec.failed();
    seen.status = reader.status();
    seen.headers = reader.headers();
    return seen;
}

struct collected
{
    std::string body;
    std::string problem;

    bool operator==(const collected&) const = default;
};

collected collect(const http_headers& headers, const std::vector<std::string>& pieces)
{
    collected result;
    protocol::body_collector collector(protocol::content_coding_of(headers), max_body_bytes);
    boost::system::error_code ec;
    for (const std::string& piece : pieces) {
        collector.add(piece, result.body, ec);
        require(result.body.size() <= max_body_bytes, "a body is not larger than its limit");
        if (ec.failed())
            break;
    }
    if (!ec.failed())
        collector.finish(ec);
    if (ec.failed())
        result.problem = ec.message();
    return result;
}

}  // namespace

void fuzz_http(std::string_view input)
{
    const http_outcome whole = http_outcome_of({std::string(input)});
    require(whole == http_outcome_of(cut(input)), "an answer does not depend on how the bytes were cut");
    const collected body = collect(whole.headers, {whole.body});
    require(body == collect(whole.headers, cut(whole.body)), "a body does not depend on how the bytes were cut");
}

}  // namespace dedalus::fuzz
