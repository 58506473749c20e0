#pragma once

#include <concepts>
#include <string>
#include <string_view>
#include <utility>

namespace dedalus {

/// Base of the wire's enumerations. They are open: a string with named constants, so that a value that this version
/// does not know survives reading and writing. Compares with anything that is a string.
template <class Derived>
class open_enum
{
public:
    open_enum() = default;

    open_enum(std::string value) : value_(std::move(value)) {}

    open_enum(std::string_view value) : value_(value) {}

    open_enum(const char* value) : value_(value) {}

    /// The text on the wire.
    const std::string& str() const noexcept { return value_; }

    bool empty() const noexcept { return value_.empty(); }

    friend bool operator==(const Derived& a, const Derived& b) { return a.str() == b.str(); }

    template <class Text>

    requires(std::convertible_to<const Text&, std::string_view> && !std::derived_from<Text, open_enum>) friend bool
    operator==(const Derived& a, const Text& b)
    {
        return a.str() == std::string_view(b);
    }

    template <class Ostream>

    requires requires(Ostream& os, const std::string& text) { os << text; }

    friend Ostream& operator<<(Ostream& os, const Derived& value)
    {
        os << value.str();
        return os;
    }

private:
    std::string value_;
};

}  // namespace dedalus
