#include <dedalus/json.hpp>

#include "codec/wire_types.hpp"
#include "support/arbitrary.hpp"
#include "support/catch.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <string>
#include <vector>

namespace wire_round_trip_test {

namespace {

using namespace dedalus;
namespace json = boost::json;

constexpr unsigned values_of_each_type = 60;

template <class T>
void check_round_trip(unsigned seed)
{
    INFO("seed " << seed);
    test::arbitrary source(seed);
    const T value = source.make<T>();

    const json::value written = json::value_from(value);
    INFO(json::serialize(written));
    REQUIRE(json::parse(json::serialize(written)) == written);
    const T read = json::value_to<T>(written);
    REQUIRE(read == value);
    REQUIRE(json::serialize(json::value_from(read)) == json::serialize(written));
}

struct named_check
{
    const char* name;
    void (*run)(unsigned seed);
};

const std::vector<named_check>& checks()
{
#define DEDALUS_CHECK_OF(type) {#type, &check_round_trip<type>},
    static const std::vector<named_check> all{
        DEDALUS_WIRE_MESSAGE_STRUCTS(DEDALUS_CHECK_OF) DEDALUS_WIRE_MESSAGE_VARIANTS(DEDALUS_CHECK_OF)
            DEDALUS_WIRE_TOOL_STRUCTS(DEDALUS_CHECK_OF) DEDALUS_WIRE_TOOL_VARIANTS(DEDALUS_CHECK_OF)
                DEDALUS_WIRE_REQUEST_STRUCTS(DEDALUS_CHECK_OF) DEDALUS_WIRE_REQUEST_VARIANTS(DEDALUS_CHECK_OF)
                    DEDALUS_WIRE_ANSWER_STRUCTS(DEDALUS_CHECK_OF)};
#undef DEDALUS_CHECK_OF
    return all;
}

}  // namespace

TEST_CASE("generated values of every wire type are the same after writing and reading")
{
    for (const named_check& check : checks()) {
        INFO(check.name);
        for (unsigned seed = 1; seed <= values_of_each_type; ++seed)
            check.run(seed);
    }
}

TEST_CASE("JSON of the caller is neither renamed nor reordered")
{
    const std::string schema =
        R"({"type":"object","properties":{"myArg":{"type":"string"},"another_arg":{"$ref":"#/x"},"aB":{}},)"
        R"("additionalProperties":false,"required":["myArg"],"$defs":{"Zed":{},"a":{}}})";
    const chat_completion_request request{
        .model = "m",
        .metadata = json::parse(R"({"zKey":"1","aKey":"2"})").as_object(),
        .tools = {function_tool{.function = {.name = "f", .parameters = json::parse(schema).as_object()}}},
    };
    const std::string text = json::serialize(json::value_from(request));
    CHECK(text.find(schema) != std::string::npos);
    CHECK(text.find(R"({"zKey":"1","aKey":"2"})") != std::string::npos);
}

}  // namespace wire_round_trip_test
