#include "testing/reply_encoding.hpp"

#include <boost/beast/http/status.hpp>

#include <algorithm>
#include <charconv>
#include <string_view>

namespace dedalus::testing {
namespace {

bool has_no_content(int status)
{
    return status < 200 || status == 204 || status == 304;
}

void append_field(std::string& head, std::string_view name, std::string_view value)
{
    head.append(name).append(": ").append(value).append("\r\n");
}

std::string encode_head(const reply& r, const reply_context& context)
{
    std::string head = "HTTP/1.1 " + std::to_string(r.status) + ' ';
    head.append(boost::beast::http::obsolete_reason(static_cast<boost::beast::http::status>(r.status)));
    head.append("\r\n");
    for (const http_header& field : r.headers)
        append_field(head, field.name, field.value);
    if (!r.headers.contains("content-type"))
        append_field(head, "Content-Type", "application/json");
    if (!r.headers.contains("x-request-id"))
        append_field(head, "x-request-id", context.request_id);
    if (context.announce_close && !r.headers.contains("connection"))
        append_field(head, "Connection", "close");
    if (!has_no_content(r.status)) {
        if (r.framing == body_framing::content_length && !r.headers.contains("content-length"))
            append_field(head, "Content-Length", std::to_string(r.body.size()));
        if (r.framing == body_framing::chunked && !r.headers.contains("transfer-encoding"))
            append_field(head, "Transfer-Encoding", "chunked");
    }
    head.append("\r\n");
    return head;
}

std::vector<std::string_view> split_every(std::string_view bytes, std::size_t size)
{
    std::vector<std::string_view> parts;
    for (std::size_t at = 0; at < bytes.size(); at += size)
        parts.push_back(bytes.substr(at, size));
    return parts;
}

std::vector<std::string_view> split_at_offsets(std::string_view bytes, std::vector<std::size_t> offsets)
{
    std::sort(offsets.begin(), offsets.end());
    std::vector<std::string_view> parts;
    std::size_t begin = 0;
    for (const std::size_t offset : offsets) {
        const std::size_t end = std::min(offset, bytes.size());
        if (end > begin)
            parts.push_back(bytes.substr(begin, end - begin));
        begin = std::max(begin, end);
    }
    if (begin < bytes.size())
        parts.push_back(bytes.substr(begin));
    return parts;
}

std::string chunk(std::string_view bytes)
{
    char size[16];
    const std::to_chars_result end = std::to_chars(std::begin(size), std::end(size), bytes.size(), 16);
    std::string encoded(size, end.ptr);
    encoded.append("\r\n").append(bytes).append("\r\n");
    return encoded;
}

/// The framed body, one element for each piece the reply asks for.
std::vector<std::string> encode_body(const reply& r, bool split)
{
    const std::string_view whole = r.raw.empty() ? std::string_view(r.body) : std::string_view(r.raw);
    const std::string_view sent = whole.substr(0, r.stop_after.value_or(whole.size()));
    std::vector<std::string_view> parts;
    if (split && !r.split_at.empty())
        parts = split_at_offsets(sent, r.split_at);
    else if (split && r.piece_bytes > 0)
        parts = split_every(sent, r.piece_bytes);
    else if (!sent.empty())
        parts.push_back(sent);

    const bool chunked = r.raw.empty() && r.framing == body_framing::chunked;
    std::vector<std::string> encoded;
    for (const std::string_view part : parts)
        encoded.push_back(chunked ? chunk(part) : std::string(part));
    if (chunked && !r.stop_after) {
        if (encoded.empty())
            encoded.emplace_back();
        encoded.back().append("0\r\n\r\n");
    }
    return encoded;
}

std::string joined(const std::string& head, const std::vector<std::string>& parts)
{
    std::string all = head;
    for (const std::string& part : parts)
        all.append(part);
    return all;
}

}  // namespace

std::vector<reply_piece> encode_reply(const reply& r, const reply_context& context)
{
    std::vector<reply_piece> pieces;
    if (r.without_header)
        return pieces;
    const std::string head = r.raw.empty() ? encode_head(r, context) : std::string();
    const bool has_body = !r.raw.empty() || (!context.without_body && !has_no_content(r.status));
    const bool split_all = !r.split_body_only && r.piece_bytes > 0;
    const bool split_body = !split_all && (r.piece_bytes > 0 || !r.split_at.empty());
    const std::vector<std::string> body = has_body ? encode_body(r, split_body) : std::vector<std::string>();

    if (split_body) {
        // The header goes out before the first piece of the body, without a pause in between.
        if (!head.empty())
            pieces.push_back({head, false});
        for (const std::string& part : body)
            pieces.push_back({part, &part != &body.front()});
        return pieces;
    }
    const std::string all = joined(head, body);
    if (!split_all) {
        if (!all.empty())
            pieces.push_back({all, false});
        return pieces;
    }
    for (const std::string_view part : split_every(all, r.piece_bytes))
        pieces.push_back({std::string(part), !pieces.empty()});
    return pieces;
}

}  // namespace dedalus::testing
