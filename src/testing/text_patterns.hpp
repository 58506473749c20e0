#pragma once

#include <string_view>

/// The text formats of the request schema. Plain loops: std::regex needs stack in proportion to the text.
namespace dedalus::testing {

/// [A-Za-z0-9_-]{1,64}
bool is_identifier(std::string_view text);

/// Standard alphabet with padding.
bool is_base64(std::string_view text);

/// YYYY-MM-DD
bool is_date(std::string_view text);

/// `org/server`
bool is_slug(std::string_view text);

/// http:// or https:// and at least one more character.
bool is_http_url(std::string_view text);

}  // namespace dedalus::testing
