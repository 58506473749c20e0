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
    R"(\u+123)",
    R"(\u0000\b\f\r)",
    R"(\uD83D\uDE00\u0800\uFFFF)",
    R"(\ud83d\u0041)",
    R"(\ude00)",
    R"(\x)",
    "eight plain bytes, then \\n and \xC3\xA9",
    R"(\ud83d)",
    "\x01",
    "\xC3",
    "\xC0\xAF",
    "\xED\xA0\x80",
    "\xF4\x90\x80\x80",
    std::string("a\0b", 3),
};

// What stands in the place of a number, good and bad.
const std::vector<std::string> numbers{
    "0",
    "1",
    "12",
    "-1",
    "007",
    "1.0",
    "1.5",
    "1e3",
    "1E400",
    "123456789012345678",
    "1234567890123456789",
    "9223372036854775808",
    "null",
    R"("1")",
    "[1]",
    "",
    "1 ",
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
        decoder.decode(text);
        const chat_completion_chunk seen = decoder.chunk();
        result.chunk = decoder.take();
        CHECK(result.chunk == seen);
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

// Where the numbers of a text begin and end; also what looks like one inside a string.
std::vector<std::pair<std::size_t, std::size_t>> numbers_of(std::string_view text)
{
    constexpr std::string_view digits = "0123456789";
    std::vector<std::pair<std::size_t, std::size_t>> found;
    for (std::size_t i = text.find_first_of(digits); i != std::string_view::npos; i = text.find_first_of(digits, i)) {
        const std::size_t end = std::min(text.find_first_not_of(digits, i), text.size());
        found.emplace_back(i, end);
        i = end;
    }
    return found;
}

/// The text with other things in the place of one of its strings or numbers; also with one byte more or less at the
/// end.
std::vector<std::string> variants(const std::string& text)
{
    std::vector<std::string> all{text + ' ', text + '}', text.substr(0, text.size() - 1)};
    for (const auto& [begin, end] : strings_of(text)) {
        for (const std::string& inside : insides)
            all.push_back(text.substr(0, begin) + '"' + inside + '"' + text.substr(std::min(end, text.size())));
    }
    for (const auto& [begin, end] : numbers_of(text)) {
        for (const std::string& number : numbers)
            all.push_back(text.substr(0, begin) + number + text.substr(end));
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

TEST_CASE("a chunk decoder knows two forms of chunks in turn, and running numbers")
{
    codec::chunk_decoder decoder;
    int parsings = 0;
    for (int round = 1; round < 200; ++round) {
        const std::string number = std::to_string(round);
        const std::string text = R"({"id":"c","created":)" + number + R"(,"choices":[{"index":0,"delta":{"content":")" +
                                 number + R"("}}],"usage":{"prompt_tokens":1,"completion_tokens":)" + number +
                                 R"(,"total_tokens":1)" + number + "}}";
        CHECK(decoded(decoder, text) == parsed(text));
        parsings += decoder.parsed() ? 1 : 0;
        const std::string call =
            R"({"id":"c","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":")" + number +
            R"("}}]}}]})";
        CHECK(decoded(decoder, call) == parsed(call));
        parsings += decoder.parsed() ? 1 : 0;
    }
    CHECK(parsings < 20);
}

TEST_CASE("a chunk decoder parses few chunks of a stream in which one of them is odd now and then")
{
    codec::chunk_decoder decoder;
    int parsings = 0;
    for (int round = 0; round < 200; ++round) {
        std::string text = usual;
        if (round % 10 == 9)
            text.replace(text.find("\"model\""), 7, "\"model" + std::to_string(round) + '"');
        CHECK(decoded(decoder, text) == parsed(text));
        parsings += decoder.parsed() ? 1 : 0;
    }
    CHECK(parsings < 25);
}

TEST_CASE("a chunk decoder keeps the numbers of an error where parsing puts them")
{
    const std::string text = R"({"error":{"message":"m"},"created":5,"usage":{"total_tokens":7}})";
    for (const std::string& variant : variants(text)) {
        codec::chunk_decoder decoder = taught(text);
        CHECK(decoded(decoder, variant) == parsed(variant));
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
