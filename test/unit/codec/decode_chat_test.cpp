#include "codec/decode_chat.hpp"

#include <dedalus/error.hpp>
#include <dedalus/json.hpp>

#include "codec/decode_api_error.hpp"
#include "support/catch.hpp"
#include "unit/codec/wire_examples.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value_from.hpp>

#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>

namespace decode_chat_test {

namespace json = boost::json;
using namespace dedalus;
using codec::decode_chat_chunk;
using codec::decode_chat_completion;

namespace {

// Numbers and escapes that no parser and serializer give back as they were.
constexpr std::string_view odd_deferred =
    R"([ {"id":"d1", "name":"n","arguments":{"f":1.0,"e":1e2,"i":12345678901234567890123,"z":-0.0,"s":"a\/b","s":"c"}} ,{"id":"d2","x":[ ]}])";

std::string with_calls(std::string_view rest)
{
    return std::string(R"({"choices":[],"deferred":[], "deferred" : )").append(odd_deferred).append(rest).append("}");
}

template <class Decode>
response_format_error refusal_of(Decode decode)
{
    try {
        static_cast<void>(decode());
    }
    catch (const response_format_error& e) {
        return e;
    }
    throw std::logic_error("not refused");
}

}  // namespace

TEST_CASE("decoding gives what the conversion of the parsed text gives")
{
    for (const std::string_view text : {wire_examples::minimal_completion, wire_examples::full_completion}) {
        CHECK(decode_chat_completion(text) == json::value_to<chat_completion>(json::parse(json::string_view(text))));
        CHECK(json::value_from(decode_chat_completion(text)) == json::parse(json::string_view(text)));
    }
    for (const std::string_view text : wire_examples::chunks)
        CHECK(json::value_from(decode_chat_chunk(text)) == json::parse(json::string_view(text)));
}

TEST_CASE("deferred is kept byte for byte")
{
    CHECK(decode_chat_completion(with_calls("")).deferred_raw == odd_deferred);
    CHECK(decode_chat_chunk(with_calls("")).deferred_raw == odd_deferred);
    CHECK(decode_chat_completion(with_calls("")).deferred.at(1).id == "d2");
}

TEST_CASE("without deferred calls there are no bytes of them")
{
    for (const std::string_view text : {R"({})", R"({"deferred":null})", R"({"deferred":[]})", R"({"deferred":[ ]})"}) {
        CHECK(decode_chat_completion(text).deferred_raw.empty());
        CHECK(decode_chat_chunk(text).deferred_raw.empty());
    }
}

TEST_CASE("each server result is kept byte for byte, the last of a name")
{
    const std::string text =
        R"({"server_results":{"x":1},"server_results" : { "a" : {"n":1.0, "n":1e2} ,"\u0062":"\u0074","c":null,"c": [ 2 ] }})";
    const std::map<std::string, std::string, std::less<>> expected{
        {"a", R"({"n":1.0, "n":1e2})"}, {"b", R"("\u0074")"}, {"c", "[ 2 ]"}};
    CHECK(decode_chat_completion(text).server_results_raw == expected);
    CHECK(decode_chat_chunk(text).server_results_raw == expected);
    for (const std::string_view without : {R"({})", R"({"server_results":null})", R"({"server_results":{}})"})
        CHECK(decode_chat_completion(without).server_results_raw.empty());
}

TEST_CASE("the arguments of each pending call are kept byte for byte")
{
    const std::string text = with_calls(
        R"(,"pending_tools":[{"id":"a","arguments": { "x" : 1.0 } },{"id":"b"},{"arguments":{"y":1e2},"arguments":{"y":-0.0}},)"
        R"({"arguments":"{\"z\":\"\\u00e9\"}"},{"arguments":null}])"
    );
    for (const auto& calls : {decode_chat_completion(text).pending_tools, decode_chat_chunk(text).pending_tools}) {
        REQUIRE(calls.size() == 5);
        CHECK(calls[0].arguments_raw == R"({ "x" : 1.0 })");
        CHECK(calls[1].arguments_raw.empty());
        CHECK(calls[2].arguments_raw == R"({"y":-0.0})");
        CHECK(calls[3].arguments_raw == R"({"z":"\u00e9"})");
        CHECK(calls[3].arguments.at("z") == "\xC3\xA9");
        CHECK(calls[4].arguments_raw.empty());
    }
}

TEST_CASE("text that is not a JSON object is refused, with the head of a body and without any text of an event")
{
    const std::string deep = R"({"choices":)" + std::string(200, '[') + std::string(200, ']') + "}";
    for (const std::string& text :
         {std::string(),
          std::string(" \r\n"),
          std::string(R"({"id":"secret")"),
          std::string("secret"),
          std::string(R"({"id":"secret"} x)"),
          std::string("{\"id\":\"secret\xff\"}"),
          std::string("[]"),
          deep})
    {
        CAPTURE(text);
        const auto of_body = refusal_of([&] { return decode_chat_completion(text, 203, "text/plain"); });
        CHECK(of_body.code() == errc::invalid_response);
        CHECK(of_body.status() == 203);
        CHECK(of_body.content_type() == "text/plain");
        CHECK(of_body.body_head() == text);
        CHECK(std::string(of_body.what()).find("secret") == std::string::npos);
        const auto of_event = refusal_of([&] { return decode_chat_chunk(text); });
        CHECK(of_event.code() == errc::invalid_response);
        CHECK(of_event.body_head().empty());
        CHECK(std::string(of_event.what()).find("secret") == std::string::npos);
    }
}

TEST_CASE("the head of a refused body is bounded")
{
    CHECK(refusal_of([] {
              return decode_chat_completion(std::string(5000, 'x'));
          }).body_head() == std::string(2048, 'x'));
}

TEST_CASE("a wrong type is refused with its path")
{
    const auto refusal = refusal_of([] { return decode_chat_chunk(R"({"choices":[{"delta":{"content":false}}]})"); });
    CHECK(std::string(refusal.what())
              .starts_with("choices[0].delta.content: expected a string or an array, got a boolean"));
}

TEST_CASE("an event that is an error keeps its members, whatever their types are")
{
    const std::string_view text =
        R"({"error":{"message":"upstream failed"},"id":7,"choices":"none","deferred":[{"id":"d"}]})";
    const auto chunk = decode_chat_chunk(text);
    CHECK(codec::is_error_object(chunk.extra));
    CHECK(json::value(chunk.extra) == json::parse(json::string_view(text)));
    CHECK(chunk == chat_completion_chunk{.extra = chunk.extra});
}

TEST_CASE("a chunk larger than the buffer on the stack decodes as well")
{
    const std::string content(100000, 'x');
    const std::string text = R"({"choices":[{"delta":{"content":")" + content + R"(","unknown":[1,{"a":"b"}]}}]})";
    const auto chunk = decode_chat_chunk(text);
    CHECK(chunk.text() == content);
    CHECK(chunk.choices[0].delta.extra.at("unknown").at(1).at("a") == "b");
}

}  // namespace decode_chat_test
