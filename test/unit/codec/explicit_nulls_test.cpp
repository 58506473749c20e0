#include <dedalus/json.hpp>

#include "support/catch.hpp"
#include "unit/codec/round_trip.hpp"

#include <boost/describe/members.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/mp11/algorithm.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace explicit_nulls_test {

namespace json = boost::json;
using namespace dedalus;

namespace {

/// Each member of `T` as a null: noted at its place, nothing in `extra`, and written again.
template <class T>
void check_each_null()
{
    std::size_t place = 0;
    boost::mp11::mp_for_each<boost::describe::describe_members<T, boost::describe::mod_public>>([&](auto member) {
        CAPTURE(member.name);
        json::value text = json::value_from(T{});
        text.as_object()[member.name] = nullptr;
        const T value = json::value_to<T>(text);
        CHECK(value.extra.empty());
        CHECK(value.nulls.contains(place));
        CHECK(is_explicit_null(value, member.name));
        CHECK(json::value_from(value) == text);
        CHECK(value != T{});
        ++place;
    });
    CHECK(place > 0);
    CHECK_FALSE(is_explicit_null(T{}, "x_unknown"));
}

}  // namespace

TEST_CASE("a null of a member of a chunk is noted beside it, and is written back")
{
    check_each_null<chat_completion_chunk>();
    check_each_null<chunk_choice>();
    check_each_null<message_delta>();
    check_each_null<tool_call_delta>();
    check_each_null<function_call_delta>();
}

TEST_CASE("a usual chunk has nothing in extra, and is written as it was read")
{
    const std::string_view text =
        R"({"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{)"
        R"("role":"assistant","content":"","refusal":null},"finish_reason":null,"logprobs":null}],"usage":null,)"
        R"("system_fingerprint":null})";
    const auto chunk = read_as<chat_completion_chunk>(text);
    CHECK(chunk.extra.empty());
    CHECK(chunk.choices.at(0).extra.empty());
    CHECK(chunk.choices.at(0).delta.extra.empty());
    CHECK(is_explicit_null(chunk, "usage"));
    CHECK_FALSE(is_explicit_null(chunk, "service_tier"));
    CHECK(json::serialize(json::value_from(chunk)) == text);
}

TEST_CASE("a null of a member is no longer written when the member is filled, or when it is taken back")
{
    auto chunk = read_as<chat_completion_chunk>(R"({"choices":[],"usage":null,"created":null})");
    chunk.usage = usage{};
    chunk.created = 5;
    CHECK(json::value_from(chunk).at("usage").is_object());
    CHECK(json::value_from(chunk).at("created") == 5);
    chunk.usage.reset();
    CHECK(json::value_from(chunk).at("usage").is_null());
    chunk.nulls.clear();
    CHECK_FALSE(json::value_from(chunk).as_object().contains("usage"));
}

TEST_CASE("a null or another value put into extra by hand is written")
{
    chat_completion_chunk chunk{.extra = {{"usage", nullptr}}};
    CHECK(json::value_from(chunk).at("usage").is_null());
    chunk.extra["usage"] = "free";
    chunk.nulls = read_as<chat_completion_chunk>(R"({"usage":null})").nulls;
    CHECK(json::value_from(chunk).at("usage") == "free");
}

TEST_CASE("a null of an unknown member of a chunk, and an empty list, stay in extra")
{
    const auto chunk = read_as<chat_completion_chunk>(R"({"x":null,"choices":[]})");
    CHECK(chunk.nulls.empty());
    CHECK(chunk.extra == json::object{{"x", nullptr}, {"choices", json::array()}});
}

TEST_CASE("places that no struct has are never noted")
{
    explicit_nulls nulls;
    nulls.insert(explicit_nulls::max_members);
    CHECK(nulls.empty());
    CHECK_FALSE(nulls.contains(explicit_nulls::max_members));
    nulls.insert(31);
    nulls.insert(0);
    nulls.erase(0);
    CHECK(nulls.contains(31));
    CHECK_FALSE(nulls.contains(0));
}

}  // namespace explicit_nulls_test
