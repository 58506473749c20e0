#include "protocol/query.hpp"

#include "support/catch.hpp"

#include <vector>

using namespace dedalus;
using namespace dedalus::protocol;

TEST_CASE("a query is percent-encoded, and its order is kept")
{
    CHECK(query_text({}).empty());
    const std::vector<query_parameter> parameters{{"b", "1"}, {"a&b", "x y=ü\r\n"}, {"b", ""}};
    CHECK(query_text(parameters) == "?b=1&a%26b=x%20y%3D%C3%BC%0D%0A&b=");
}
