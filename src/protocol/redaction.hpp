#pragma once

#include <dedalus/http_headers.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace dedalus::protocol {

/// What stands in place of a secret.
inline constexpr std::string_view redacted = "<redacted>";

/// Whether the name has `key`, `token`, `secret`, `auth`, `password`, `credential`, `cookie` or `signature` in it,
/// whatever its case.
bool is_secret_name(std::string_view name);

/// Whether the value of this header tells nothing secret: it is on the list of those that are known. An unknown one is
/// not.
bool is_harmless_header(std::string_view name);

/// The same fields, with `<redacted>` for the values that is_harmless_header() does not vouch for.
http_headers redacted_headers(const http_headers& headers);

/// The URL, or target of a request, with the user information masked, segments of the path that look like a key or a
/// token, and values of the query that do, or have a secret or percent-encoded name.
std::string redacted_url(std::string_view url);

/// A text in which somebody's program may have quoted its keys, as messages of exceptions do, with what looks like one
/// masked: words that begin like keys and tokens, what follows `Bearer` and `Basic`, the password of a URL, and the
/// values of secret names (`token=...`, `"token": "..."`, `x-api-key: ...`).
std::string redacted_text(std::string_view text);

/// The first `limit` bytes of a body, with a note of how many are missing.
std::string shortened(std::string_view body, std::size_t limit);

}  // namespace dedalus::protocol
