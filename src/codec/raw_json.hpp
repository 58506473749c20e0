#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dedalus::codec {

// Slices of JSON text. A parser and a serializer would change numbers, escapes and repeated keys; these bytes go back
// to the server as they came. The text has been parsed before: of text that is not JSON the result is unspecified.

/// The value of a member of the object, without white space around it; of the last one when the key is repeated, as
/// parsers read it.
std::optional<std::string_view> raw_member(std::string_view object_text, std::string_view key);

/// The values of all members of the object by their names, likewise.
std::map<std::string, std::string, std::less<>> raw_members(std::string_view object_text);

/// The elements of the array, without white space around them.
std::vector<std::string_view> raw_elements(std::string_view array_text);

}  // namespace dedalus::codec
