#pragma once

#include <string>
#include <string_view>

namespace dedalus::codec {

/// A JSON string at the beginning of a text.
struct json_string
{
    std::string_view quoted{};  ///< with its quotes; "" when the text does not begin with a whole one
    bool plain = true;          ///< what is between the quotes is the value as it stands: UTF-8 without escapes
};

json_string leading_json_string(std::string_view text) noexcept;

/// Puts the value of the string into `to`. False when it is not valid JSON; then `to` has any value.
bool read_json_string(const json_string& from, std::string& to);

}  // namespace dedalus::codec
