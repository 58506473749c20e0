#include "protocol/http_response_reader.hpp"

#include <dedalus/error.hpp>

#include "support/ascii.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>

namespace dedalus::protocol {

namespace beast = boost::beast;
namespace http = boost::beast::http;

namespace {

constexpr std::string_view http_version_prefix = "HTTP/1.";

std::string_view to_std(beast::string_view text) noexcept
{
    return {text.data(), text.size()};
}

class response_parser final : public http::basic_parser<false>
{
public:
    response_parser()
    {
        header_limit(std::numeric_limits<std::uint32_t>::max());
        body_limit(boost::none);
    }

    int status = 0;
    http_headers headers;
    std::string_view body;  // of the last put()
    bool chunk_begun = false;

private:
    void on_request_impl(http::verb, beast::string_view, beast::string_view, int, beast::error_code&) override {}

    void on_response_impl(int code, beast::string_view, int, beast::error_code&) override { status = code; }

    void on_field_impl(http::field name, beast::string_view name_text, beast::string_view value, beast::error_code& ec)
        override
    {
        if (is_header_done())
            return;  // a trailer
        // Beast takes an encoding that it does not know for none at all. That a length and chunks exclude each other it
        // knows.
        if (name == http::field::transfer_encoding && !support::ascii_iequals(to_std(value), "chunked"))
            ec = http::error::bad_transfer_encoding;
        else
            headers.add(std::string(to_std(name_text)), std::string(to_std(value)));
    }

    void on_header_impl(beast::error_code&) override {}

    void on_body_init_impl(const boost::optional<std::uint64_t>&, beast::error_code&) override {}

    std::size_t on_body_impl(beast::string_view piece, beast::error_code&) override
    {
        body = to_std(piece);
        return piece.size();
    }

    void on_chunk_header_impl(std::uint64_t, beast::string_view, beast::error_code&) override { chunk_begun = true; }

    std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view piece, beast::error_code&) override
    {
        body = to_std(piece);
        return piece.size();
    }

    void on_finish_impl(beast::error_code&) override {}
};

}  // namespace

class http_response_reader::impl
{
public:
    explicit impl(std::size_t max_header_bytes) : max_header_bytes_(max_header_bytes) { parser_.emplace(); }

    std::size_t consume(std::string_view input, std::string_view& body);
    void finish();

    bool got_some() const noexcept { return got_some_; }

    bool header_done() const noexcept { return parser_->is_header_done(); }

    bool done() const noexcept { return parser_->is_done(); }

    bool keep_alive() const noexcept { return done() && !ended_ && !failure_.failed() && parser_->keep_alive(); }

    int status() const noexcept { return header_done() ? parser_->status : 0; }

    const http_headers& headers() const noexcept { return header_done() ? parser_->headers : no_headers_; }

    http_headers take_headers() noexcept
    {
        return header_done() ? std::exchange(parser_->headers, {}) : http_headers();
    }

    const boost::system::error_code& failure() const noexcept { return failure_; }

private:
    std::size_t consume_head(std::string_view input);
    bool find_head_end(std::string_view input, std::size_t& end);
    bool begins_like_http(std::string_view input) const noexcept;
    void parse_head(std::string_view head);
    std::size_t consume_body(std::string_view input, std::string_view& body);
    std::size_t consume_chunk_header(std::string_view input);
    void check_framing(std::size_t bytes);
    bool put(std::string_view bytes, std::size_t& taken);

    std::size_t max_header_bytes_;
    std::size_t header_bytes_ = 0;           // of all heads so far
    std::size_t line_bytes_ = 0;             // of the line of a head that has begun
    std::string held_;                       // an incomplete head, chunk header or trailer
    std::optional<response_parser> parser_;  // a new one after each interim answer
    bool got_some_ = false;
    bool ended_ = false;  // the connection is gone
    boost::system::error_code failure_;
    http_headers no_headers_;
};

std::size_t http_response_reader::impl::consume(std::string_view input, std::string_view& body)
{
    body = {};
    std::size_t taken = 0;
    got_some_ = got_some_ || !input.empty();
    while (taken < input.size() && body.empty() && !done() && !failure_.failed()) {
        const std::string_view rest = input.substr(taken);
        taken += header_done() ? consume_body(rest, body) : consume_head(rest);
    }
    return taken;
}

void http_response_reader::impl::finish()
{
    ended_ = true;
    if (failure_.failed() || done())
        return;
    if (!got_some_)
        failure_ = http::error::end_of_stream;
    else if (!header_done())
        failure_ = http::error::partial_message;
    else
        parser_->put_eof(failure_);
}

std::size_t http_response_reader::impl::consume_head(std::string_view input)
{
    const std::string_view allowed = input.substr(0, max_header_bytes_ - header_bytes_);
    std::size_t taken = allowed.size();
    if (!begins_like_http(allowed))
        failure_ = errc::invalid_response;
    const bool complete = !failure_.failed() && find_head_end(allowed, taken);
    header_bytes_ += taken;
    if (!failure_.failed() && !complete && taken < input.size())
        failure_ = errc::limit_exceeded;
    if (failure_.failed())
        return taken;

    const std::string_view piece = input.substr(0, taken);
    if (complete && held_.empty()) {
        parse_head(piece);
        return taken;
    }
    held_.append(piece);
    if (complete)
        parse_head(std::exchange(held_, {}));
    return taken;
}

// What is not HTTP/1 is refused at its first bytes, because an end of the head may never come.
bool http_response_reader::impl::begins_like_http(std::string_view input) const noexcept
{
    if (held_.size() >= http_version_prefix.size())
        return true;
    const std::string_view expected = http_version_prefix.substr(held_.size());
    return input.substr(0, expected.size()) == expected.substr(0, input.size());
}

// Looks for the empty line. The head is put to the parser in one piece, because Beast limits the bytes of one put and
// not those of a head, and with an incomplete head it waits for the empty line even when it has seen garbage.
bool http_response_reader::impl::find_head_end(std::string_view input, std::size_t& end)
{
    std::size_t begin = 0;
    for (;;) {
        const std::size_t lf = input.find('\n', begin);
        if (lf == std::string_view::npos) {
            line_bytes_ += input.size() - begin;
            return false;
        }
        const char before = lf > 0 ? input[lf - 1] : (held_.empty() ? '\0' : held_.back());
        if (before != '\r') {
            failure_ = errc::invalid_response;
            return false;
        }
        const std::size_t text_bytes = line_bytes_ + (lf - begin) - 1;
        begin = lf + 1;
        line_bytes_ = 0;
        if (text_bytes == 0) {
            end = begin;
            return true;
        }
    }
}

void http_response_reader::impl::parse_head(std::string_view head)
{
    std::size_t taken = 0;
    if (!put(head, taken) || taken != head.size()) {
        failure_ = errc::invalid_response;
        return;
    }
    if (parser_->status / 100 != 1)
        return;
    if (parser_->status == 101)
        failure_ = errc::invalid_response;  // nobody asked for another protocol
    else
        parser_.emplace();
}

std::size_t http_response_reader::impl::consume_body(std::string_view input, std::string_view& body)
{
    if (!held_.empty())
        return consume_chunk_header(input);
    std::size_t taken = 0;
    parser_->body = {};
    if (put(input, taken)) {
        body = parser_->body;
        if (body.empty())
            check_framing(taken);
        return taken;
    }
    // What is not enough for the parser is no more than a chunk header or trailers.
    held_ = input;
    check_framing(held_.size());
    return input.size();
}

// Goes on with what is held. Takes no more than up to the next line end, so that a body byte is never held.
std::size_t http_response_reader::impl::consume_chunk_header(std::string_view input)
{
    const std::size_t lf = input.find('\n');
    const std::size_t length = lf == std::string_view::npos ? input.size() : lf + 1;
    held_.append(input.substr(0, length));
    check_framing(held_.size());
    std::size_t taken = 0;
    if (lf != std::string_view::npos && !failure_.failed() && put(held_, taken))
        held_.clear();
    return length;
}

// Of a chunk header or trailers, whether they came in one piece or in several.
void http_response_reader::impl::check_framing(std::size_t bytes)
{
    if (bytes > max_header_bytes_ && !failure_.failed())
        failure_ = errc::limit_exceeded;
}

// Returns false when the bytes are not enough; nothing of them is taken then.
bool http_response_reader::impl::put(std::string_view bytes, std::size_t& taken)
{
    // Beast remembers a last chunk that is the first one, and then asserts that it is not shown less than five bytes.
    const bool before_chunks = header_done() && parser_->chunked() && !parser_->chunk_begun;
    if (before_chunks && (bytes == "0\r\n" || bytes == "0\r\n\r"))
        return false;
    beast::error_code ec;
    taken = parser_->put(boost::asio::const_buffer(bytes.data(), bytes.size()), ec);
    if (ec == http::error::need_more)
        return false;
    if (ec.failed())
        failure_ = errc::invalid_response;
    return true;
}

http_response_reader::http_response_reader(std::size_t max_header_bytes)
    : impl_(std::make_unique<impl>(max_header_bytes))
{}

http_response_reader::~http_response_reader() = default;
http_response_reader::http_response_reader(http_response_reader&&) noexcept = default;
http_response_reader& http_response_reader::operator=(http_response_reader&&) noexcept = default;

std::size_t http_response_reader::consume(std::string_view input, std::string_view& body, boost::system::error_code& ec)
{
    const std::size_t taken = impl_->consume(input, body);
    ec = impl_->failure();
    return taken;
}

void http_response_reader::finish(boost::system::error_code& ec)
{
    impl_->finish();
    ec = impl_->failure();
}

bool http_response_reader::got_some() const noexcept
{
    return impl_->got_some();
}

bool http_response_reader::header_done() const noexcept
{
    return impl_->header_done();
}

bool http_response_reader::done() const noexcept
{
    return impl_->done();
}

bool http_response_reader::keep_alive() const noexcept
{
    return impl_->keep_alive();
}

int http_response_reader::status() const noexcept
{
    return impl_->status();
}

const http_headers& http_response_reader::headers() const noexcept
{
    return impl_->headers();
}

http_headers http_response_reader::take_headers() noexcept
{
    return impl_->take_headers();
}

}  // namespace dedalus::protocol
