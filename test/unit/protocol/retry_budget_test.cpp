#include "protocol/retry_budget.hpp"

#include "support/catch.hpp"

namespace retry_budget_test {

using namespace dedalus;
using namespace dedalus::protocol;
using namespace std::chrono_literals;

namespace {

const retry_budget::time_point start{1000h};

int taken(retry_budget& budget, retry_budget::time_point now)
{
    int n = 0;
    while (n < 1000 && budget.take(now))
        ++n;
    return n;
}

}  // namespace

TEST_CASE("retry budget: the minimum is there without calls, and no more")
{
    retry_budget budget({.share = 0.1, .minimum = 3, .window = 10s});
    CHECK(taken(budget, start) == 3);
    CHECK(taken(budget, start + 8s) == 0);
}

TEST_CASE("retry budget: a share of the calls of the window may be repeated")
{
    retry_budget budget({.share = 0.1, .minimum = 1, .window = 10s});
    for (int i = 0; i < 100; ++i)
        budget.add_call(start + i * 50ms);
    CHECK(taken(budget, start + 5s) == 10);
    CHECK(taken(budget, start + 6s) == 0);
}

TEST_CASE("retry budget: what is older than the window is forgotten, in a long time too")
{
    retry_budget budget({.share = 0.5, .minimum = 1, .window = 10s});
    for (int i = 0; i < 10; ++i)
        budget.add_call(start);
    CHECK(taken(budget, start) == 5);
    CHECK(taken(budget, start + 10s) == 1);
    CHECK(taken(budget, start + 24h) == 1);
}

TEST_CASE("retry budget: a minimum and a share of zero switch retries off")
{
    retry_budget budget({.share = 0.0, .minimum = 0, .window = 10s});
    budget.add_call(start);
    CHECK(taken(budget, start) == 0);
}

TEST_CASE("retry budget: a clock that goes back does no harm")
{
    retry_budget budget({.share = 0.0, .minimum = 2, .window = 10s});
    CHECK(budget.take(start));
    CHECK(budget.take(start - 1h));
    CHECK_FALSE(budget.take(start - 2h));
}

}  // namespace retry_budget_test
