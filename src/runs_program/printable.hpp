#pragma once

#include <dedalus/stores/records.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace dedalus::runs_program {

/// How many bytes of a text are shown.
inline constexpr std::size_t most_text_bytes = 4000;

/// For a terminal, in one line: control characters, what turns the direction of writing, and what is no UTF-8 are
/// written as escapes. Of more than `most` bytes the rest is left out, and said so.
std::string plain(std::string_view text, std::size_t most = most_text_bytes);

/// For HTML and SVG, as text or in a quoted attribute; line ends and tabs stay. Otherwise likewise.
std::string html(std::string_view text, std::size_t most = most_text_bytes);

/// At most so many characters, with an ellipsis in place of the rest.
std::string shortened(std::string_view text, std::size_t characters);

/// "812 ms", "12.34 s", "4 min 05 s", "2 h 05 min", "3 d 04 h".
std::string duration_text(std::chrono::microseconds duration);

/// "2026-11-20 18:00:04.123 UTC"
std::string time_text(stores::time_point time);

}  // namespace dedalus::runs_program
