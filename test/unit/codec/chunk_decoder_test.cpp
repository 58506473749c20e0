#include "codec/chunk_decoder.hpp"

#include <dedalus/error.hpp>

#include "codec/decode_chat.hpp"
#include "support/catch.hpp"
#include "support/fixtures.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace chunk_decoder_test {

using namespace dedalus;

namespace {

// What stands between two quotes of a piece of text, good and bad.
const std::vector<std::string> insides{
    "",
    "a",
    "a piece of text that needs an allocation of its own",
    R"(\n\t\"\\\/)",
    R"(caf\u00e9 \ud83d\ude00)",
    "caf\xC3\xA9 \xF0\x9F\x98\x80",
    R"(","refusal":"x)",
    R"(\)",
    R"(\u12)",
    R"(\ud83d)",
    "\x01",
    "\xC3",
    "\xC0\xAF",
    "\xED\xA0\x80",
    "\xF4\x90\x80\x80",
    std::string("a\0b", 3),
};

/// The chunk, or the words of the error.
struct outcome
{
    std::optional<chat_completion_chunk> chunk{};
    std::string problem{};

    bool operator==(const outcome&) const = default;
};

outcome parsed(std::string_view text)
{
    try {
        return {codec::decode_chat_chunk(text)};
    }
    catch (const response_format_error& e) {
        return {.problem = e.what()};
    }
}

outcome decoded(codec::chunk_decoder& decoder, std::string_view text)
{
    outcome result;
    try {
        decoder.decode(text, result.chunk);
    }
    catch (const response_format_error& e) {
        result = {.problem = e.what()};
    }
    return result;
}

// Where the JSON strings of a text begin, and behind which byte they end.
std::vector<std::pair<std::size_t, std::size_t>> strings_of(std::string_view text)
{
    std::vector<std::pair<std::size_t, std::size_t>> found;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '"')
            continue;
        std::size_t end = i + 1;
        while (end < text.size() && text[end] != '"')
            end += text[end] == '\\' ? 2 : 1;
        found.emplace_back(i, end + 1);
        i = end;
    }
    return found;
}

/// The text with other things in the place of one of its strings; also with one byte more or less at the end.
std::vector<std::string> variants(const std::string& text)
{
    std::vector<std::string> all{text + ' ', text + '}', text.substr(0, text.size() - 1)};
    for (const auto& [begin, end] : strings_of(text)) {
        for (const std::string& inside : insides)
            all.push_back(text.substr(0, begin) + '"' + inside + '"' + text.substr(std::min(end, text.size())));
    }
    return all;
}

/// A decoder that has seen the text so often that it knows it.
codec::chunk_decoder taught(const std::string& text)
{
    codec::chunk_decoder decoder;
    for (int i = 0; i < 3; ++i)
        decoded(decoder, text);
    return decoder;
}

const std::string usual =
    R"({"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":"a"},)"
    R"("logprobs":null,"finish_reason":null}],"usage":null,"obfuscation":"x"})";

}  // namespace

TEST_CASE("a chunk decoder gives what parsing gives, whatever stands in the place of a string")
{
    std::size_t count = 0;
    for (const std::string& name : test::fixture_names("chunk")) {
        const std::string text = test::fixture_text("chunk/" + name);
        const codec::chunk_decoder knowing = taught(text);
        for (const std::string& variant : variants(text)) {
            codec::chunk_decoder decoder = knowing;
            INFO(name << ": " << variant);
            CHECK(decoded(decoder, variant) == parsed(variant));
            CHECK(decoded(decoder, text) == parsed(text));
            ++count;
        }
    }
    CHECK(count > 1000);
}

TEST_CASE("a chunk decoder keeps to the last of repeated members, as parsing does")
{
    const std::string text =
        R"({"choices":[{"delta":{"content":"a","content":"b"}}],"obfuscation":"a","obfuscation":"b","choices":[)"
        R"({"delta":{"content":"c"},"delta":{"cont\u0065nt":"d"}},{"delta":{"content":"e"}}]})";
    const codec::chunk_decoder knowing = taught(text);
    for (const std::string& variant : variants(text)) {
        codec::chunk_decoder decoder = knowing;
        CHECK(decoded(decoder, variant) == parsed(variant));
    }
}

TEST_CASE("a chunk decoder follows a stream whose chunks change their form")
{
    codec::chunk_decoder decoder;
    for (int round = 0; round < 40; ++round) {
        const std::string number = std::to_string(round);
        std::string text = usual;
        text.replace(text.find("\"a\""), 3, '"' + number + '"');
        if (round % 7 == 0)
            text.replace(text.find("\"created\":1"), 11, "\"created\":" + number);
        if (round > 20)
            text.replace(text.find("\"content\""), 9, "\"reasoning_content\"");
        if (round > 30)
            text = R"({"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":")" + number +
                   R"("}}]}}]})";
        CHECK(decoded(decoder, text) == parsed(text));
    }
}

TEST_CASE("a chunk decoder goes on after a text that is no chunk")
{
    codec::chunk_decoder decoder = taught(usual);
    CHECK(decoded(decoder, "{").problem == parsed("{").problem);
    CHECK(decoded(decoder, "").problem == parsed("").problem);
    CHECK(decoded(decoder, usual) == parsed(usual));
}

}  // namespace chunk_decoder_test
