#include "handoff/usage_sum.hpp"

#include <dedalus/json.hpp>

#include "support/catch.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value_from.hpp>
#include <boost/json/value_to.hpp>

#include <limits>

namespace usage_sum_test {

namespace json = boost::json;
using dedalus::handoff_core::add_usage;

TEST_CASE("All counts are added, those without a name of their own too")
{
    auto sum = json::value_to<dedalus::usage>(json::parse(R"({"prompt_tokens":1,"completion_tokens":2,
        "total_tokens":3,"prompt_tokens_details":{"cached_tokens":4,"new_tokens":5},"cost":0.5,"tier":"a",
        "parts":{"image":1}})"));
    const auto more = json::value_to<dedalus::usage>(json::parse(R"({"prompt_tokens":10,"completion_tokens":20,
        "total_tokens":30,"prompt_tokens_details":{"cached_tokens":40,"audio_tokens":1,"new_tokens":50},
        "completion_tokens_details":{"reasoning_tokens":7},"cost":1,"tier":"b","parts":{"image":2,"sound":3}})"));
    add_usage(sum, more);
    CHECK(json::value_from(sum) == json::parse(R"({"prompt_tokens":11,"completion_tokens":22,"total_tokens":33,
        "completion_tokens_details":{"reasoning_tokens":7},
        "prompt_tokens_details":{"audio_tokens":1,"cached_tokens":44,"new_tokens":55},
        "cost":1.5,"tier":"b","parts":{"image":3,"sound":3}})"));
}

TEST_CASE("A sum of usages does not overflow")
{
    dedalus::usage sum;
    sum.total_tokens = std::numeric_limits<std::int64_t>::max() - 1;
    dedalus::usage more;
    more.total_tokens = 5;
    add_usage(sum, more);
    CHECK(sum.total_tokens == std::numeric_limits<std::int64_t>::max());
}

}  // namespace usage_sum_test
