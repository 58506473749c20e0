#pragma once

#include <boost/json/value.hpp>

#include <cstddef>

namespace dedalus::protocol {

/// What an accumulator may still hold. The limit is on everything that a server can make it keep: pieces of text, and
/// an allowance for each item, so that a great number of empty ones does not pass for nothing.
class text_budget
{
public:
    static constexpr std::size_t bytes_per_item = 16;

    explicit text_budget(std::size_t max_bytes) : max_bytes_(max_bytes) {}

    /// Throws response_format_error (errc::limit_exceeded) when less than `bytes` is left; then nothing is taken.
    void take(std::size_t bytes);

    /// Takes and gives back for a value that takes the place of another.
    void exchange(std::size_t old_bytes, std::size_t new_bytes);

private:
    std::size_t max_bytes_;
    std::size_t used_bytes_ = 0;
};

/// What a JSON value counts in a budget.
std::size_t cost_of(const boost::json::value& value) noexcept;

}  // namespace dedalus::protocol
