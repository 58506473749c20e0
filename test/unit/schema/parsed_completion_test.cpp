#include <dedalus/parsed_completion.hpp>

#include "support/catch.hpp"
#include "support/described_types.hpp"

#include <string>
#include <utility>
#include <vector>

namespace parsed_completion_test {

namespace {

dedalus::choice choice_with(std::string text, std::string_view reason = "stop")
{
    dedalus::choice choice;
    choice.message.content = std::move(text);
    choice.finish_reason = reason;
    return choice;
}

dedalus::chat_completion completion_of(std::vector<dedalus::choice> choices)
{
    dedalus::chat_completion completion;
    completion.id = "c1";
    completion.choices = std::move(choices);
    completion.info.retries_taken = 2;
    return completion;
}

const std::string oslo = R"({"city":"Oslo","unit":null})";

auto parse(dedalus::chat_completion completion)
{
    return dedalus::parse_completion<test::weather_query>(std::move(completion));
}

template <class Error>
void check_finish_error(std::string_view reason, dedalus::errc code)
{
    dedalus::chat_completion completion = completion_of({choice_with(oslo), choice_with("{\"ci", reason)});
    try {
        parse(completion);
        FAIL("nothing was thrown");
    }
    catch (const Error& e) {
        CHECK(e.code() == code);
        CHECK(e.completion() == completion);
        CHECK(std::string(e.what()).find("usage unknown") == 0);
        CHECK(e.retries_taken() == 2);
    }
    completion.usage = dedalus::usage{.prompt_tokens = 3, .completion_tokens = 4, .total_tokens = 7};
    CHECK_THROWS_WITH(
        parse(completion), Catch::Matchers::StartsWith("prompt_tokens=3, completion_tokens=4, total_tokens=7")
    );
}

}  // namespace

TEST_CASE("each choice of an answer has its value")
{
    const auto parsed = parse(completion_of({choice_with(oslo), choice_with(R"({"city":"Rome","unit":"C"})")}));
    CHECK(parsed.parsed() == test::weather_query{"Oslo", {}});
    REQUIRE(parsed.values.size() == 2);
    CHECK(parsed.values[1] == test::weather_query{"Rome", "C"});
    CHECK(parsed.id == "c1");
    CHECK(parsed.text() == oslo);
    CHECK(!parsed.refusal());
}

TEST_CASE("a refusal wins over text, and a call of tools and an empty text have no value")
{
    dedalus::choice refused = choice_with(oslo);
    refused.message.refusal = "I will not";
    const auto parsed = parse(completion_of({refused}));
    CHECK(!parsed.parsed());
    CHECK(parsed.refusal() == "I will not");

    dedalus::choice refused_in_part = choice_with("");
    refused_in_part.message.content = std::vector<dedalus::content_part>{dedalus::refusal_part{"Nor I"}};
    CHECK(parse(completion_of({refused_in_part})).refusal() == "Nor I");

    dedalus::choice calling = choice_with("Let me look.", "tool_calls");
    calling.message.tool_calls.emplace_back(dedalus::function_tool_call{});
    const auto others = parse(completion_of({calling, choice_with(""), dedalus::choice{}, choice_with(oslo)}));
    CHECK(!others.parsed());
    CHECK(!others.values.at(1));
    CHECK(!others.values.at(2));
    CHECK(others.values.at(3) == test::weather_query{"Oslo", {}});

    const auto none = parse(completion_of({}));
    CHECK(!none.parsed());
    CHECK(!none.refusal());
}

TEST_CASE("an answer that ended too early is an error with the completion and the usage")
{
    check_finish_error<dedalus::length_finish_reason_error>("length", dedalus::errc::cut_by_length);
    check_finish_error<dedalus::length_finish_reason_error>("model_length", dedalus::errc::cut_by_length);
    check_finish_error<dedalus::content_filter_finish_reason_error>(
        "content_filter", dedalus::errc::cut_by_content_filter
    );
}

TEST_CASE("a text that does not fit is an error with path and completion, and without the text")
{
    const auto check = [](const std::string& text, const std::string& path, const std::string& problem) {
        const dedalus::chat_completion completion = completion_of({choice_with(text)});
        try {
            parse(completion);
            FAIL("nothing was thrown");
        }
        catch (const dedalus::validation_error& e) {
            CHECK(e.path() == path);
            CHECK_THAT(e.problem(), Catch::Matchers::StartsWith(problem));
            REQUIRE(e.completion() != nullptr);
            CHECK(*e.completion() == completion);
            CHECK(e.retries_taken() == 2);
            CHECK(std::string(e.what()).find("secret") == std::string::npos);
        }
    };
    check("my secret", "$", "is not valid JSON (");
    check("  ", "$", "is not valid JSON (");
    check(oslo + " secret", "$", "is not valid JSON (");
    check(std::string(200, '['), "$", "is not valid JSON (");
    check(R"({"city":["secret"]})", "$.city", "expected a string, got an array");
}

}  // namespace parsed_completion_test
