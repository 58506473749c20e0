#include "handoff/budget.hpp"

#include "support/catch.hpp"

#include <limits>

namespace budget_test {

using dedalus::handoff_core::turn_budget;

TEST_CASE("A request reserves all that is left")
{
    turn_budget budget(10);
    CHECK(budget.reserve() == 10);
    CHECK(budget.reserved() == 10);
    CHECK_FALSE(budget.settle(3));
    CHECK(budget.reserved() == 0);
    CHECK(budget.account().reported == 3);
    CHECK(budget.reserve() == 7);
}

TEST_CASE("A cap bounds what one request reserves")
{
    turn_budget budget(5, 2);
    CHECK(budget.reserve() == 2);
    budget.settle(2);
    CHECK(budget.reserve() == 2);
    budget.settle(2);
    CHECK(budget.reserve() == 1);
}

TEST_CASE("An answer without turns_consumed counts as one turn")
{
    turn_budget budget(3);
    budget.reserve();
    budget.settle({});
    CHECK(budget.account().assumed == 1);
    CHECK(budget.account().reported == 0);
    CHECK(budget.account().spent() == 1);
}

TEST_CASE("A server that reports no turn, or less, cannot run for ever")
{
    turn_budget budget(2);
    budget.reserve();
    budget.settle(0);
    budget.reserve();
    budget.settle(std::numeric_limits<std::int64_t>::min());
    CHECK(budget.account().assumed == 2);
    CHECK(budget.exhausted());
    CHECK(budget.reserve() == 0);
}

TEST_CASE("A request of unknown outcome costs all that it reserved")
{
    turn_budget budget(6, 4);
    budget.reserve();
    budget.charge_unknown();
    CHECK(budget.account().charged_unknown == 4);
    CHECK(budget.account().spent() == 4);
    CHECK(budget.reserve() == 2);
}

TEST_CASE("A definite refusal costs nothing")
{
    turn_budget budget(2);
    budget.reserve();
    budget.refund();
    CHECK(budget.account().spent() == 0);
    CHECK(budget.reserve() == 2);
}

TEST_CASE("A server that uses more than was reserved is recorded and noticed")
{
    turn_budget budget(4, 2);
    budget.reserve();
    CHECK(budget.settle(9));
    CHECK(budget.account().reported == 9);
    CHECK(budget.exhausted());
    CHECK(budget.reserve() == 0);
}

TEST_CASE("Absurd numbers of turns do not overflow")
{
    turn_budget budget(100);
    for (int i = 0; i < 10; ++i)
        CHECK(budget.settle(std::numeric_limits<std::int64_t>::max()));
    CHECK(budget.exhausted());
    CHECK(budget.account().spent() > 100);
}

}  // namespace budget_test
