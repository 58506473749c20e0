#include "protocol/query.hpp"

#include "support/catch.hpp"

#include <vector>

namespace query_test {

using namespace dedalus;
using namespace dedalus::protocol;

TEST_CASE("a query is percent-encoded, and its order is kept")
{
    CHECK(query_text({}).empty());
    const std::vector<query_parameter> parameters{{"b", "1"}, {"a&b", "x y=ü\r\n"}, {"b", ""}};
    CHECK(query_text(parameters) == "?b=1&a%26b=x%20y%3D%C3%BC%0D%0A&b=");
}

TEST_CASE("a query that is put over another one replaces the parameters of its names")
{
    const std::vector<query_parameter> base{{"a", "1"}, {"b", "2"}, {"a", "3"}, {"c", "4"}};
    const std::vector<query_parameter> over{{"a", "5"}, {"d", "6"}, {"a", "7"}};
    CHECK(
        merged_query(base, over) ==
        std::vector<query_parameter>{{"b", "2"}, {"c", "4"}, {"a", "5"}, {"d", "6"}, {"a", "7"}}
    );
    CHECK(merged_query(base, {}) == base);
    CHECK(merged_query({}, over) == over);
}

}  // namespace query_test
