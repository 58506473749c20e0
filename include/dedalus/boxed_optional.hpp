#pragma once

#include <concepts>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace dedalus {

template <class T>
class boxed_optional;

namespace detail {

template <class T>
inline constexpr bool is_an_optional = false;
template <class T>
inline constexpr bool is_an_optional<std::optional<T>> = true;
template <class T>
inline constexpr bool is_an_optional<boxed_optional<T>> = true;
template <>
inline constexpr bool is_an_optional<std::nullopt_t> = true;

}  // namespace detail

/// A `std::optional<T>` that is one pointer large while it is empty: the value is on the heap. For what is large and
/// seldom there. Copies are deep; a move leaves the source empty and throws nothing. T may be incomplete where the
/// member is declared. Converts to and from `std::optional<T>`.
template <class T>
class boxed_optional
{
public:
    using value_type = T;

    boxed_optional() noexcept = default;

    boxed_optional(std::nullopt_t) noexcept {}

    boxed_optional(const boxed_optional& other) : value_(other.value_ ? std::make_unique<T>(*other.value_) : nullptr) {}

    boxed_optional(boxed_optional&&) noexcept = default;

    template <class U>
    boxed_optional(const std::optional<U>& other) : value_(other ? std::make_unique<T>(*other) : nullptr)
    {}

    template <class U>
    boxed_optional(std::optional<U>&& other) : value_(other ? std::make_unique<T>(*std::move(other)) : nullptr)
    {}

    template <class U = T>

    requires(!detail::is_an_optional<std::remove_cvref_t<U>> && std::is_convertible_v<U, T>) boxed_optional(U&& value)
        : value_(std::make_unique<T>(std::forward<U>(value)))
    {}

    ~boxed_optional() = default;

    boxed_optional& operator=(std::nullopt_t) noexcept
    {
        reset();
        return *this;
    }

    boxed_optional& operator=(const boxed_optional& other)
    {
        return other.value_ ? *this = *other.value_ : *this = std::nullopt;
    }

    boxed_optional& operator=(boxed_optional&&) noexcept = default;

    template <class U>
    boxed_optional& operator=(const std::optional<U>& other)
    {
        return *this = boxed_optional(other);
    }

    template <class U>
    boxed_optional& operator=(std::optional<U>&& other)
    {
        return *this = boxed_optional(std::move(other));
    }

    template <class U = T>

    requires(!detail::is_an_optional<std::remove_cvref_t<U>> && std::is_convertible_v<U, T>) boxed_optional&
    operator=(U&& value)
    {
        if (value_)
            *value_ = std::forward<U>(value);
        else
            value_ = std::make_unique<T>(std::forward<U>(value));
        return *this;
    }

    /// A copy; empty when this is empty.
    operator std::optional<T>() const& { return value_ ? std::optional<T>(*value_) : std::nullopt; }

    operator std::optional<T>() && { return value_ ? std::optional<T>(std::move(*value_)) : std::nullopt; }

    bool has_value() const noexcept { return value_ != nullptr; }

    explicit operator bool() const noexcept { return value_ != nullptr; }

    // Precondition of these: has_value().
    T& operator*() & noexcept { return *value_; }

    const T& operator*() const& noexcept { return *value_; }

    T&& operator*() && noexcept { return std::move(*value_); }

    T* operator->() noexcept { return value_.get(); }

    const T* operator->() const noexcept { return value_.get(); }

    /// Throws std::bad_optional_access when it is empty.
    T& value() & { return checked(), *value_; }

    const T& value() const& { return checked(), *value_; }

    T&& value() && { return checked(), std::move(*value_); }

    template <class U>
    T value_or(U&& other) const&
    {
        return value_ ? *value_ : static_cast<T>(std::forward<U>(other));
    }

    template <class U>
    T value_or(U&& other) &&
    {
        return value_ ? std::move(*value_) : static_cast<T>(std::forward<U>(other));
    }

    template <class... Args>
    T& emplace(Args&&... args)
    {
        value_ = std::make_unique<T>(std::forward<Args>(args)...);
        return *value_;
    }

    void reset() noexcept { value_.reset(); }

    friend bool operator==(const boxed_optional& a, const boxed_optional& b)
    {
        return a.value_ && b.value_ ? *a == *b : !a.value_ && !b.value_;
    }

    friend bool operator==(const boxed_optional& a, std::nullopt_t) noexcept { return !a.value_; }

    template <class U>
    friend bool operator==(const boxed_optional& a, const std::optional<U>& b)
    {
        return a.value_ && b ? *a == *b : !a.value_ && !b;
    }

    friend bool operator==(const boxed_optional& a, const T& b) { return a.value_ && *a == b; }

private:
    void checked() const
    {
        if (!value_)
            throw std::bad_optional_access();
    }

    std::unique_ptr<T> value_;
};

}  // namespace dedalus
