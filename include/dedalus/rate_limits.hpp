#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace dedalus {

/// One kind of limit that a server keeps for an account; what it did not send is empty.
struct rate_limit
{
    std::optional<std::int64_t> limit{};               ///< allowed within the server's window
    std::optional<std::int64_t> remaining{};           ///< still allowed
    std::optional<std::chrono::milliseconds> reset{};  ///< until all of it is allowed again, from the answer on
    std::string reset_text{};                          ///< `reset` as received: "6m0s", "12ms"

    bool operator==(const rate_limit&) const = default;
};

/// The headers `x-ratelimit-{limit,remaining,reset}-{requests,tokens}` of an answer.
struct rate_limits
{
    rate_limit requests{};
    rate_limit tokens{};

    bool operator==(const rate_limits&) const = default;
};

}  // namespace dedalus
