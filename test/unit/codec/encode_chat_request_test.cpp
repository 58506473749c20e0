#include "codec/encode_chat_request.hpp"

#include <dedalus/error.hpp>
#include <dedalus/json.hpp>

#include "codec/decode_chat.hpp"
#include "support/catch.hpp"
#include "support/fixtures.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value_to.hpp>

#include <cstddef>
#include <limits>
#include <string>
#include <string_view>

namespace encode_chat_request_test {

namespace json = boost::json;
using namespace dedalus;
using codec::encode_chat_request;

namespace {

json::object encoded(const chat_completion_request& request, bool stream)
{
    return json::parse(encode_chat_request(request, stream, dialect::dedalus)).as_object();
}

std::string refusal_of(const chat_completion_request& request)
{
    try {
        static_cast<void>(encode_chat_request(request, false, dialect::dedalus));
    }
    catch (const invalid_request_error& e) {
        return e.what();
    }
    return "none";
}

}  // namespace

TEST_CASE("a request is written as compact JSON in the order of its members")
{
    const chat_completion_request request{
        .model = "openai/gpt-5-nano",
        .messages = {system_message{"Be brief."}, user_message{"Hi \"you\"\n\xC3\xA9"}},
        .max_tokens = 0,
    };
    CHECK(
        encode_chat_request(request, false, dialect::dedalus) ==
        R"({"model":"openai/gpt-5-nano","messages":[{"role":"system","content":"Be brief."},)"
        "{\"role\":\"user\",\"content\":\"Hi \\\"you\\\"\\n\xC3\xA9\"}],\"max_tokens\":0}"
    );
    CHECK(encode_chat_request(request, true, dialect::dedalus).ends_with(R"("max_tokens":0,"stream":true})"));
}

TEST_CASE("the call decides about stream, whatever extra says")
{
    chat_completion_request request{.model = "m"};
    for (const json::value& contradiction :
         {json::value(true), json::value(false), json::value(nullptr), json::value("x")}) {
        request.extra["stream"] = contradiction;
        CHECK(encoded(request, true) == json::object{{"model", "m"}, {"stream", true}});
        CHECK(encoded(request, false) == json::object{{"model", "m"}});
    }
}

TEST_CASE("stream_options are sent with a stream only")
{
    chat_completion_request request{.model = "m", .stream_options = stream_options{.include_usage = true}};
    CHECK(encoded(request, true).at("stream_options") == json::object{{"include_usage", true}});
    CHECK_FALSE(encoded(request, false).contains("stream_options"));
    request.stream_options.reset();
    request.extra["stream_options"] = json::object{{"include_usage", false}};
    CHECK(encoded(request, true).at("stream_options") == json::object{{"include_usage", false}});
    CHECK_FALSE(encoded(request, false).contains("stream_options"));
}

TEST_CASE("raw deferred calls go in byte for byte, in place of all others")
{
    const std::string raw = " [ {\"id\":\"d\",\"n\":1.0, \"e\":1e2,\"s\":\"a\\/b\"}\n]";
    chat_completion_request request{
        .model = "m", .deferred_calls = {deferred_call{.id = "typed"}}, .deferred_calls_raw = raw};
    request.extra["deferred_calls"] = json::array{"extra"};
    CHECK(encode_chat_request(request, false, dialect::dedalus) == R"({"model":"m","deferred_calls":)" + raw + "}");
    CHECK(
        encode_chat_request(request, true, dialect::dedalus) ==
        R"({"model":"m","stream":true,"deferred_calls":)" + raw + "}"
    );
}

TEST_CASE("raw messages go in byte for byte where the typed ones would stand")
{
    const std::string raw = "[ {\"role\":\"user\",\"content\":\"a\\/b\"}\n]";
    chat_completion_request request{.model = "m", .messages = {user_message{"typed"}}, .seed = 1, .messages_raw = raw};
    request.extra["messages"] = json::array{"extra"};
    CHECK(
        encode_chat_request(request, false, dialect::dedalus) == R"({"model":"m","messages":)" + raw + R"(,"seed":1})"
    );
    request.seed.reset();
    CHECK(encode_chat_request(request, false, dialect::dedalus) == R"({"model":"m","messages":)" + raw + "}");
    request.deferred_calls_raw = "[ ]";
    CHECK(
        encode_chat_request(request, true, dialect::dedalus) ==
        R"({"model":"m","messages":)" + raw + R"(,"stream":true,"deferred_calls":[ ]})"
    );
    const codec::chat_request_frame frame = codec::encode_chat_request_frame(request, true, dialect::dedalus);
    CHECK(encode_chat_request(request, true, dialect::dedalus) == frame.before + raw + frame.after);
    for (const char* wrong : {"{}", "[", "x"}) {
        request.messages_raw = wrong;
        CHECK_THROWS_AS(encode_chat_request(request, false, dialect::dedalus), invalid_request_error);
    }
}

TEST_CASE("raw messages make the body that the typed ones make, whatever else is in it")
{
    const auto to = GENERATE(dialect::dedalus, dialect::openai, dialect::mistral);
    const bool stream = GENERATE(false, true);
    const bool model_in_extra = GENERATE(false, true);
    for (const std::string& name : test::fixture_names("request")) {
        INFO(name);
        auto request = json::value_to<chat_completion_request>(test::fixture_json("request/" + name));
        if (request.messages.empty() || (stream && request.deferred.value_or(false)))
            continue;
        if (model_in_extra) {
            request.extra["model"] = "other";
            request.top_p = 0.5;
        }
        const std::string body = encode_chat_request(request, stream, to);
        const codec::chat_request_frame frame = codec::encode_chat_request_frame(request, stream, to);
        request.messages_raw = "[" + codec::encode_message(request.messages[0], 0, to);
        for (std::size_t i = 1; i < request.messages.size(); ++i)
            request.messages_raw += ',' + codec::encode_message(request.messages[i], i, to);
        request.messages_raw += ']';
        request.messages.clear();
        CHECK(encode_chat_request(request, stream, to) == body);
        CHECK(frame.before + request.messages_raw + frame.after == body);
    }
}

TEST_CASE("the text of a message is that which it has in a body")
{
    const chat_completion_request request{.model = "m", .messages = {user_message{"a \u00e4\n\"b\""}}};
    CHECK(
        encode_chat_request(request, false, dialect::dedalus) ==
        R"({"model":"m","messages":[)" + codec::encode_message(request.messages[0], 0, dialect::dedalus) + "]}"
    );
    try {
        static_cast<void>(codec::encode_message(user_message{"\xff"}, 3, dialect::dedalus));
        FAIL("nothing was thrown");
    }
    catch (const invalid_request_error& e) {
        CHECK(std::string(e.what()).starts_with("messages[3].content"));
    }
}

TEST_CASE("deferred of an answer comes back as deferred_calls without a changed byte")
{
    const std::string_view deferred =
        R"([{"id":"d","name":"n","arguments":{"a":-0.0,"a":12345678901234567890123}, "unknown":[]}])";
    const auto answer = codec::decode_chat_completion(std::string(R"({"deferred":)").append(deferred).append("}"));
    const chat_completion_request request{.model = "m", .deferred_calls_raw = answer.deferred_raw};
    CHECK(
        encode_chat_request(request, false, dialect::dedalus) ==
        std::string(R"({"model":"m","deferred_calls":)").append(deferred).append("}")
    );
}

TEST_CASE("raw deferred calls that are no JSON array are refused")
{
    for (const std::string_view raw : {"{}", "null", "[", "[1],\"stream\":true", " ", "[\"\xff\"]", "[1,]"}) {
        CAPTURE(raw);
        const chat_completion_request request{.model = "m", .deferred_calls_raw = std::string(raw)};
        CHECK_THROWS_AS(encode_chat_request(request, false, dialect::dedalus), invalid_request_error);
    }
}

TEST_CASE("a format given beside the request takes the place of its own, and of one in extra")
{
    chat_completion_request request{.model = "m"};
    const response_format format = response_format_json_object{};
    request.response_format = response_format_text{};
    for (int i = 0; i < 2; ++i) {
        const json::object body =
            json::parse(encode_chat_request(request, false, dialect::dedalus, &format)).as_object();
        CHECK(body.at("response_format") == json::parse(R"({"type":"json_object"})"));
        request.extra["response_format"] = "text";
    }
}

TEST_CASE("what JSON cannot hold is refused with its path")
{
    const chat_completion_request infinite{.model = "m", .top_p = std::numeric_limits<double>::infinity()};
    CHECK(refusal_of(infinite).starts_with("top_p: JSON has no NaN and no infinity"));
    const chat_completion_request malformed{.model = "m", .messages = {user_message{"secret \xff"}}};
    CHECK(refusal_of(malformed).starts_with("messages[0].content: the text is not valid UTF-8"));
    CHECK(refusal_of(malformed).find("secret") == std::string::npos);
}

TEST_CASE("a deferred completion is ordered without a stream only")
{
    chat_completion_request request{.model = "m", .deferred = true};
    CHECK(encoded(request, false).at("deferred") == true);
    CHECK_THROWS_AS(encode_chat_request(request, true, dialect::dedalus), invalid_request_error);
    request.deferred.reset();
    request.extra["deferred"] = true;
    CHECK_THROWS_AS(encode_chat_request(request, true, dialect::dedalus), invalid_request_error);
    for (const json::value& no : {json::value(false), json::value(nullptr)}) {
        request.extra["deferred"] = no;
        CHECK(encoded(request, true).at("deferred") == no);
    }
}

}  // namespace encode_chat_request_test
