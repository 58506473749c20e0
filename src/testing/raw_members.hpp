#pragma once

#include <string_view>
#include <utility>
#include <vector>

namespace dedalus::testing {

/// The members of the top-level object as slices of its text: key (between its quotes, escapes untouched) and value.
/// `text` is valid JSON whose value is an object; repeated keys are listed as often as they occur.
std::vector<std::pair<std::string_view, std::string_view>> raw_members(std::string_view text);

}  // namespace dedalus::testing
