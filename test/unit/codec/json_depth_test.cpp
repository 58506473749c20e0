#include "codec/json_depth.hpp"

#include <dedalus/error.hpp>
#include <dedalus/json.hpp>

#include "codec/decode_chat.hpp"
#include "codec/encode_chat_request.hpp"
#include "support/catch.hpp"

#include <boost/json/monotonic_resource.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value_from.hpp>
#include <boost/json/value_to.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace json_depth_test {

namespace json = boost::json;
using namespace dedalus;
using codec::max_json_depth;

namespace {

constexpr std::size_t beyond_all_stacks = 500'000;

/// Lists inside each other, this many. In memory that is given back as a whole, because the destructor of a value
/// that is nested so deep would overflow the stack.
json::value nested_lists(std::size_t depth, json::monotonic_resource& memory)
{
    json::value value(nullptr, &memory);
    for (std::size_t i = 0; i < depth; ++i) {
        json::array list(&memory);
        list.push_back(std::move(value));
        value = std::move(list);
    }
    return value;
}

json::object object_with(std::string_view key, json::value value, json::monotonic_resource& memory)
{
    json::object object(&memory);
    object.emplace(key, std::move(value));
    return object;
}

std::string nested_text(std::size_t depth)
{
    return std::string(depth, '[') + std::string(depth, ']');
}

std::string refusal_to_send(const chat_completion_request& request)
{
    try {
        codec::encode_chat_request(request, false, dialect::dedalus);
        return "none";
    }
    catch (const invalid_request_error& e) {
        return e.what();
    }
}

}  // namespace

TEST_CASE("JSON of the user that is nested beyond all measure is refused with its path")
{
    json::monotonic_resource memory;
    const std::string too_deep = "nested more than 128 deep";

    chat_completion_request request{.model = "m"};
    request.metadata = object_with("deep", nested_lists(beyond_all_stacks, memory), memory);
    const std::string in_metadata = refusal_to_send(request);
    CHECK(in_metadata.starts_with("metadata.deep[0][0]"));
    CHECK(in_metadata.find(too_deep) != std::string::npos);

    request = {.model = "m"};
    function_definition function{.name = "f"};
    function.parameters = object_with("properties", nested_lists(beyond_all_stacks, memory), memory);
    request.tools.push_back(function_tool{std::move(function)});
    CHECK(refusal_to_send(request).starts_with("tools[0].function.parameters.properties[0]"));

    request = {.model = "m"};
    request.messages.push_back(object_with("role", nested_lists(beyond_all_stacks, memory), memory));
    CHECK(refusal_to_send(request).starts_with("messages[0].role[0]"));

    request = {.model = "m"};
    request.deferred_calls_raw = nested_text(beyond_all_stacks);
    CHECK(refusal_to_send(request).starts_with("deferred_calls_raw: "));
}

TEST_CASE("a request may be nested as deep as an answer may, and no deeper")
{
    json::monotonic_resource memory;
    chat_completion_request request{.model = "m"};
    // The request is the first level, its metadata the second.
    request.metadata = object_with("k", nested_lists(max_json_depth - 2, memory), memory);
    CHECK(refusal_to_send(request) == "none");
    const json::value written = json::value_from(request);
    CHECK(json::value_to<chat_completion_request>(written) == request);

    request.metadata = object_with("k", nested_lists(max_json_depth - 1, memory), memory);
    CHECK(refusal_to_send(request) != "none");
    CHECK_THROWS_AS(json::value_from(request), invalid_request_error);
}

TEST_CASE("an answer that is nested too deep is refused")
{
    const auto answer = [](std::size_t depth) { return R"({"choices":[],"x":)" + nested_text(depth) + "}"; };
    CHECK_NOTHROW(codec::decode_chat_completion(answer(max_json_depth - 1)));
    CHECK_NOTHROW(codec::decode_chat_chunk(answer(max_json_depth - 1)));
    for (const std::size_t depth : {max_json_depth, beyond_all_stacks}) {
        CHECK_THROWS_AS(codec::decode_chat_completion(answer(depth)), response_format_error);
        CHECK_THROWS_AS(codec::decode_chat_chunk(answer(depth)), response_format_error);
    }
}

TEST_CASE("a JSON value that is nested too deep is refused before it is copied")
{
    json::monotonic_resource memory;
    const json::value message(object_with("x", nested_lists(beyond_all_stacks, memory), memory));
    for (const char* refused : {"struct", "variant"}) {
        CAPTURE(refused);
        try {
            if (refused == std::string_view("struct"))
                static_cast<void>(json::value_to<assistant_message>(message));
            else
                static_cast<void>(json::value_to<dedalus::message>(message));
            FAIL("was read");
        }
        catch (const response_format_error& e) {
            CHECK(std::string(e.what()).starts_with("x[0][0]"));
        }
    }
}

TEST_CASE("an object that comes as its text counts where it stands")
{
    const auto answer = [](std::size_t depth) {
        return R"({"pending_tools":[{"id":"p","name":"n","arguments":"{\"x\":)" + nested_text(depth) + R"(}"}]})";
    };
    // The answer, the list, the call and the arguments are four levels.
    const chat_completion completion = codec::decode_chat_completion(answer(max_json_depth - 4));
    CHECK_NOTHROW(json::value_from(completion));
    CHECK_THROWS_AS(codec::decode_chat_completion(answer(max_json_depth - 3)), response_format_error);
}

}  // namespace json_depth_test
