#include "codec/merge_members.hpp"

#include <dedalus/error.hpp>

#include "support/catch.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

namespace merge_members_test {

using namespace dedalus;
namespace json = boost::json;

TEST_CASE("merge_members: members replace those of their name, and null is a value")
{
    json::object members = json::parse(R"({"model":"m","temperature":0.5,"user":"u"})").as_object();
    codec::merge_members(members, json::parse(R"({"temperature":null,"top_k":4,"user":{"a":[1]}})").as_object(), false);
    CHECK(json::value(members) == json::parse(R"({"model":"m","temperature":null,"user":{"a":[1]},"top_k":4})"));
}

TEST_CASE("merge_members: what would break the call or its JSON is refused")
{
    json::object members;
    CHECK_THROWS_AS(codec::merge_members(members, {{"stream", true}}, false), invalid_request_error);
    CHECK_THROWS_AS(codec::merge_members(members, {{"deferred", true}}, true), invalid_request_error);
    CHECK_NOTHROW(codec::merge_members(members, {{"deferred", true}}, false));
    CHECK_THROWS_AS(codec::merge_members(members, {{"a", "\xff"}}, false), invalid_request_error);
    json::value deep = nullptr;
    for (int i = 0; i < 200; ++i)
        deep = json::array{deep};
    CHECK_THROWS_AS(codec::merge_members(members, {{"a", deep}}, false), invalid_request_error);
    CHECK(members.size() == 1);
}

}  // namespace merge_members_test
