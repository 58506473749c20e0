#include <dedalus/chat/chunk.hpp>
#include <dedalus/chat/completion.hpp>

#include "support/catch.hpp"

#include <string>
#include <vector>

namespace message_text_test {

using namespace dedalus;

namespace {

const std::vector<content_part> parts{
    text_part{"a"},
    refusal_part{"no"},
    boost::json::object{{"type", "thinking"}, {"text", "hm"}},
    text_part{"b"},
};

}  // namespace

TEST_CASE("the text of a message is its string or its text parts joined")
{
    CHECK(assistant_message{}.text().empty());
    CHECK(assistant_message{.content = "Hi"}.text() == "Hi");
    CHECK(assistant_message{.content = parts}.text() == "ab");
    CHECK(assistant_message{.content = std::vector<content_part>{}}.text().empty());
    CHECK(assistant_message{.refusal = "no"}.text().empty());
}

TEST_CASE("an answer gives its first message and the text of it")
{
    chat_completion completion;
    CHECK(completion.first_message() == nullptr);
    CHECK(completion.text().empty());
    completion.choices = {{.index = 1, .message = {.content = "first"}}, {.message = {.content = "second"}}};
    CHECK(completion.first_message() == &completion.choices[0].message);
    CHECK(completion.text() == "first");
}

TEST_CASE("a chunk gives its first delta and the text of it")
{
    chat_completion_chunk chunk;
    CHECK(chunk.first_delta() == nullptr);
    CHECK(chunk.text().empty());
    chunk.choices = {chunk_choice{}, {.delta = {.content = "second"}}};
    CHECK(chunk.first_delta() == &chunk.choices[0].delta);
    CHECK(chunk.text().empty());
    chunk.choices[0].delta.content = parts;
    CHECK(chunk.text() == "ab");
}

}  // namespace message_text_test
