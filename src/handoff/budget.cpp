#include "handoff/budget.hpp"

#include <algorithm>

namespace dedalus::handoff_core {

namespace {

// What a server reports must not overflow the sums; a run ends long before this.
constexpr std::int64_t most_turns = 1'000'000'000;

}  // namespace

turn_budget::turn_budget(std::int64_t limit, std::optional<std::int64_t> per_request_cap)
    : per_request_cap_(per_request_cap.value_or(limit))
{
    account_.limit = limit;
}

std::int64_t turn_budget::reserve(std::optional<std::int64_t> at_most)
{
    const std::int64_t remaining = std::max<std::int64_t>(0, account_.limit - account_.spent());
    reserved_ = std::min(remaining, at_most.value_or(per_request_cap_));
    return reserved_;
}

bool turn_budget::settle(std::optional<std::int64_t> turns_consumed)
{
    const bool reported = turns_consumed.has_value() && *turns_consumed >= 1;
    const std::int64_t consumed = reported ? std::min(*turns_consumed, most_turns) : 1;
    if (reported)
        account_.reported = std::min(account_.reported + consumed, most_turns);
    else
        account_.assumed += consumed;
    const bool over = consumed > reserved_;
    reserved_ = 0;
    return over;
}

void turn_budget::charge_unknown()
{
    account_.charged_unknown += reserved_;
    reserved_ = 0;
}

void turn_budget::refund()
{
    reserved_ = 0;
}

}  // namespace dedalus::handoff_core
