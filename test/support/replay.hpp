#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace test {

/// One way to cut an input, and its description for CAPTURE.
struct split
{
    std::string how;
    std::vector<std::string> pieces;
};

inline std::vector<std::string> byte_by_byte(std::string_view input)
{
    std::vector<std::string> pieces;
    for (const char c : input)
        pieces.emplace_back(1, c);
    return pieces;
}

/// Calls `visit(const split&)` with the input whole, cut in two at every position, with an empty piece between all
/// bytes, and byte by byte. Each piece is a string of its own, so that a sanitizer sees a look past its end.
template <class Visit>
void for_each_split(std::string_view input, Visit visit)
{
    visit(split{"whole", {std::string(input)}});
    for (std::size_t cut = 1; cut < input.size(); ++cut)
        visit(split{
            "cut at " + std::to_string(cut), {std::string(input.substr(0, cut)), std::string(input.substr(cut))}});
    visit(split{"byte by byte", byte_by_byte(input)});
    std::vector<std::string> with_empty;
    for (std::string& piece : byte_by_byte(input)) {
        with_empty.emplace_back();
        with_empty.push_back(std::move(piece));
    }
    visit(split{"byte by byte, with empty pieces", std::move(with_empty)});
}

}  // namespace test
