#pragma once

#include <dedalus/http_headers.hpp>

#include "protocol/base_url.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace dedalus::protocol {

/// The head of an HTTP/1.1 request, with `Host` and `Content-Length` written from the arguments; fields of `headers`
/// that reserved_header_name() names are left out. Without `content_length` there is no such field, as in a GET.
/// Preconditions: valid_header_name() and valid_header_value() hold for
/// all fields, `method` is a token, and `endpoint` begins with a slash.
std::string http_request_head(
    std::string_view method,
    const base_url& base,
    std::string_view endpoint,
    const http_headers& headers,
    std::optional<std::size_t> content_length
);

/// Whether the client alone decides on this field: Host, Content-Length, Transfer-Encoding, TE, Trailer, Expect,
/// Connection, Keep-Alive, Upgrade, Proxy-Authorization, Proxy-Connection.
bool reserved_header_name(std::string_view name) noexcept;

/// A token of RFC 9110, section 5.6.2.
bool valid_header_name(std::string_view name) noexcept;

/// No CR, LF or NUL: nothing that could begin another field.
bool valid_header_value(std::string_view value) noexcept;

}  // namespace dedalus::protocol
