#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>

namespace dedalus::handoff_core {

/// The names of an enumeration's values, both for writing and for reading them.
template <class Enum, std::size_t Size>
struct name_table
{
    std::array<std::pair<std::string_view, Enum>, Size> names;

    /// "" for a value that has none.
    constexpr std::string_view name_of(Enum value) const noexcept
    {
        for (const auto& [name, known] : names) {
            if (known == value)
                return name;
        }
        return {};
    }

    constexpr std::optional<Enum> value_of(std::string_view name) const noexcept
    {
        for (const auto& [known, value] : names) {
            if (known == name)
                return value;
        }
        return {};
    }
};

template <class Enum, std::size_t Size>
constexpr name_table<Enum, Size> make_names(const std::pair<std::string_view, Enum> (&names)[Size])
{
    return {std::to_array(names)};
}

}  // namespace dedalus::handoff_core
