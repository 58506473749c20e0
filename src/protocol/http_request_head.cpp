#include "protocol/http_request_head.hpp"

#include "support/ascii.hpp"

#include <algorithm>
#include <array>

namespace dedalus::protocol {

namespace {

constexpr std::array<std::string_view, 11> reserved_names = {
    "Host",
    "Content-Length",
    "Transfer-Encoding",
    "TE",
    "Trailer",
    "Expect",
    "Connection",
    "Keep-Alive",
    "Upgrade",
    "Proxy-Authorization",
    "Proxy-Connection",
};

void append_field(std::string& head, std::string_view name, std::string_view value)
{
    head += name;
    head += ": ";
    head += value;
    head += "\r\n";
}

}  // namespace

std::string http_request_head(
    std::string_view method,
    const base_url& base,
    std::string_view endpoint,
    const http_headers& headers,
    std::optional<std::size_t> content_length
)
{
    std::string head;
    head.reserve(1024);
    head += method;
    head += ' ';
    head += base.target(endpoint);
    head += " HTTP/1.1\r\n";
    append_field(head, "Host", base.authority());
    for (const http_header& field : headers)
        if (!reserved_header_name(field.name))
            append_field(head, field.name, field.value);
    if (content_length)
        append_field(head, "Content-Length", std::to_string(*content_length));
    head += "\r\n";
    return head;
}

bool reserved_header_name(std::string_view name) noexcept
{
    return std::any_of(reserved_names.begin(), reserved_names.end(), [name](std::string_view reserved) {
        return support::ascii_iequals(name, reserved);
    });
}

bool valid_header_name(std::string_view name) noexcept
{
    constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
    return !name.empty() && std::all_of(name.begin(), name.end(), [marks](char c) {
        return support::ascii_is_alnum(c) || marks.find(c) != std::string_view::npos;
    });
}

bool valid_header_value(std::string_view value) noexcept
{
    return value.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

}  // namespace dedalus::protocol
