#pragma once

#include <dedalus/config.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace dedalus::detail {

/// A place inside a JSON value, as a chain of steps on the call stack: it costs nothing until an error names it.
/// A step refers to its parent and to the name it was made with; both must outlive it.
class DEDALUS_EXPORT json_path
{
public:
    /// The root.
    json_path() = default;

    /// A member of the object at `parent`.
    json_path(const json_path& parent, std::string_view member) noexcept
        : parent_(&parent), depth_(parent.depth_ + 1), member_(member)
    {}

    /// An element of the array at `parent`.
    json_path(const json_path& parent, std::size_t index) noexcept
        : parent_(&parent), depth_(parent.depth_ + 1), index_(index), is_index_(true)
    {}

    json_path(const json_path&) = delete;
    json_path& operator=(const json_path&) = delete;

    /// Such as `choices[0].message`; "" for the root. A name that is no short ASCII word may be a text of the user:
    /// it is shown as `["?"]`.
    std::string text() const;

    /// Steps from the root.
    std::size_t depth() const noexcept { return depth_; }

private:
    void append_to(std::string& text) const;

    const json_path* parent_ = nullptr;
    std::size_t depth_ = 0;
    std::string_view member_{};
    std::size_t index_ = 0;
    bool is_index_ = false;
};

}  // namespace dedalus::detail
