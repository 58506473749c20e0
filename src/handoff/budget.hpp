#pragma once

#include <dedalus/handoff/run_result.hpp>

#include <cstdint>
#include <optional>

namespace dedalus::handoff_core {

/// LLM turns of a run. Each request reserves what it may use before it is sent, so that the limit holds even when its
/// answer never comes. Only one reservation is open at a time.
class turn_budget
{
public:
    /// @param per_request_cap  what one request may use at most; the limit when empty
    explicit turn_budget(std::int64_t limit, std::optional<std::int64_t> per_request_cap = {});

    /// From now on a request uses at most so many.
    void limit_requests(std::int64_t cap) { per_request_cap_ = cap; }

    /// Reserves turns for a request and gives their number; 0 when none is left.
    /// @param at_most  of a request that is sent again: what it reserved the first time
    std::int64_t reserve(std::optional<std::int64_t> at_most = {});

    /// The answer is there. Without `turns_consumed`, or with less than 1, it counts as one turn: a server that reports
    /// none could otherwise keep a run going for ever. Returns whether the server used more than was reserved.
    bool settle(std::optional<std::int64_t> turns_consumed);

    /// The outcome of the request is unknown: all that was reserved counts as used.
    void charge_unknown();

    /// The server definitely did not work on the request.
    void refund();

    bool exhausted() const noexcept { return account_.spent() >= account_.limit; }

    std::int64_t reserved() const noexcept { return reserved_; }

    const turn_account& account() const noexcept { return account_; }

private:
    turn_account account_;
    std::int64_t per_request_cap_;
    std::int64_t reserved_ = 0;
};

}  // namespace dedalus::handoff_core
