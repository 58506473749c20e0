#include "codec/encode_chat_completion.hpp"

#include "codec/decode_chat.hpp"
#include "protocol/chat_stream_decoder.hpp"
#include "support/catch.hpp"
#include "support/fixtures.hpp"

#include <string>

namespace encode_chat_completion_test {

using dedalus::chat_completion;
using dedalus::codec::decode_chat_completion;
using dedalus::codec::encode_chat_completion;

namespace {

// Some of the streams are broken: what had come before counts.
chat_completion whatever_comes(const std::string& stream)
{
    dedalus::protocol::chat_stream_options options;
    options.max_event_bytes = 65536;
    options.max_completion_bytes = 65536;
    dedalus::protocol::chat_stream_decoder decoder(options, {});
    try {
        decoder.feed(stream);
        while (decoder.next())
            continue;
    }
    catch (const dedalus::error&) {
        return decoder.accumulated().completion();
    }
    return decoder.accumulated().completion();
}

}  // namespace

TEST_CASE("A completion is read back as it was, with the bytes that were kept")
{
    const std::string body =
        R"({"choices":[],"pending_tools":[{"id":"a","name":"x","arguments":{ "n":1.0,"n":1e2 },"dependencies":["b"]}],)"
        R"("server_results":{"s":{ "k":1e2 },"t":null},"deferred":[ {"id":"d","name":"y","arguments":{"big":12345678901234567890123}} ],)"
        R"("correlation_id":"c","turns_consumed":2,"unknown":{"a":[1]}})";
    const chat_completion first = decode_chat_completion(body);
    const std::string text = encode_chat_completion(first);
    CHECK(decode_chat_completion(text) == first);
    CHECK(text.find(R"([ {"id":"d","name":"y","arguments":{"big":12345678901234567890123}} ])") != std::string::npos);
    CHECK(text.find(R"({ "n":1.0,"n":1e2 })") != std::string::npos);
    CHECK(text.find(R"({ "k":1e2 })") != std::string::npos);
}

TEST_CASE("A completion with nothing in it is an object")
{
    CHECK(decode_chat_completion(encode_chat_completion(chat_completion())) == chat_completion());
}

TEST_CASE("Arguments that came as a text are read back as that text's content")
{
    const chat_completion first =
        decode_chat_completion(R"({"choices":[],"pending_tools":[{"id":"a","name":"x","arguments":"{\"n\": 1}"}]})");
    CHECK(decode_chat_completion(encode_chat_completion(first)) == first);
}

TEST_CASE("Each answer of the fixtures is read back as it was, whole or as a stream")
{
    for (const std::string& name : test::fixture_names("completion")) {
        INFO(name);
        const chat_completion first = decode_chat_completion(test::fixture_text("completion/" + name));
        CHECK(decode_chat_completion(encode_chat_completion(first)) == first);
    }
    for (const std::string& name : test::fixture_names("stream")) {
        INFO(name);
        const chat_completion first = whatever_comes(test::fixture_text("stream/" + name));
        CHECK(decode_chat_completion(encode_chat_completion(first)) == first);
    }
}

}  // namespace encode_chat_completion_test
