#pragma once

#include <cstddef>
#include <cstdint>

namespace dedalus {

/// Which members of a wire struct were null on the wire, by their place in the struct's description; of at most 32.
/// Such a member is written as null as long as it is empty. `is_explicit_null()` of <dedalus/json.hpp> asks by name.
///
/// It is for structs that a stream makes again and again; all others keep their nulls in `extra`, which costs
/// allocations.
class explicit_nulls
{
public:
    static constexpr std::size_t max_members = 32;

    bool empty() const noexcept { return members_ == 0; }

    bool contains(std::size_t member) const noexcept { return (members_ & bit(member)) != 0; }

    void insert(std::size_t member) noexcept { members_ |= bit(member); }

    void erase(std::size_t member) noexcept { members_ &= ~bit(member); }

    void clear() noexcept { members_ = 0; }

    bool operator==(const explicit_nulls&) const = default;

private:
    static std::uint32_t bit(std::size_t member) noexcept
    {
        return member < max_members ? std::uint32_t{1} << member : 0;
    }

    std::uint32_t members_ = 0;
};

}  // namespace dedalus
