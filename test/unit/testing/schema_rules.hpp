#pragma once

#include <string>
#include <utility>
#include <vector>

/// What the schema of a request says about one place of it, as the test expects it.
namespace schema_rules {

enum class presence
{
    required,           ///< not absent, not null
    required_nullable,  ///< not absent
    optional,           ///< not null
    nullable,
    tag,           ///< chooses the alternative of a union
    optional_tag,  ///< the same, with a default
    element,       ///< of a list or map: not null
};

struct refused_value
{
    std::string json;
    std::string type;
};

struct rule
{
    std::string place;  ///< JSON pointer into request/every_member.json
    presence when = presence::nullable;
    std::vector<std::string> accepted;
    std::vector<refused_value> refused;
    bool free_content = false;  ///< what stands inside is not checked
};

inline rule text(std::string place, presence when = presence::nullable)
{
    return {std::move(place), when, {R"("")", R"("x")"}, {{"5", "string_type"}, {"[]", "string_type"}}};
}

inline rule filled_text(std::string place, presence when)
{
    return {std::move(place), when, {R"("x")"}, {{R"("")", "string_too_short"}, {"true", "string_type"}}};
}

inline rule boolean(std::string place, presence when = presence::nullable)
{
    return {std::move(place), when, {"true", "false"}, {{"1", "bool_type"}, {R"("true")", "bool_type"}}};
}

inline rule any_integer(std::string place, presence when = presence::nullable)
{
    return {
        std::move(place),
        when,
        {"0", "-9223372036854775808", "9223372036854775807", "2.0"},
        {{"1.5", "int_from_float"}, {R"("1")", "int_type"}, {"9223372036854775808", "less_than_equal"}}};
}

inline rule integer_from(long long min, std::string place, presence when = presence::nullable)
{
    return {
        std::move(place),
        when,
        {std::to_string(min), "9223372036854775807"},
        {{std::to_string(min - 1), "greater_than_equal"}, {"5000.5", "int_from_float"}, {"[]", "int_type"}}};
}

inline rule integer_in(long long min, long long max, std::string place, presence when = presence::nullable)
{
    rule made = integer_from(min, std::move(place), when);
    made.accepted[1] = std::to_string(max);
    made.refused.push_back({std::to_string(max + 1), "less_than_equal"});
    return made;
}

inline rule any_number(std::string place, presence when = presence::nullable)
{
    return {std::move(place), when, {"0", "-1.5", "1e300"}, {{R"("1")", "float_type"}, {"true", "float_type"}}};
}

inline rule number_in(long long min, long long max, std::string place, presence when = presence::nullable)
{
    return {
        std::move(place),
        when,
        {std::to_string(min), std::to_string(max) + ".0", std::to_string(max - 1) + ".5"},
        {{std::to_string(max) + ".01", "less_than_equal"},
         {std::to_string(min - 1), "greater_than_equal"},
         {R"("1")", "float_type"}}};
}

inline rule words(std::string place, presence when, std::vector<std::string> known)
{
    rule made{std::move(place), when, {}, {{R"("made_up")", "literal_error"}, {"5", "literal_error"}}};
    for (const std::string& word : known)
        made.accepted.push_back('"' + word + '"');
    return made;
}

inline rule reasoning_effort(std::string place)
{
    return words(std::move(place), presence::nullable, {"none", "minimal", "low", "medium", "high", "xhigh", "max"});
}

inline rule free_object(std::string place, presence when = presence::nullable)
{
    return {
        std::move(place),
        when,
        {"{}", R"({"a":[1,{"b":null}]})"},
        {{R"("x")", "dict_type"}, {"[]", "dict_type"}},
        true};
}

/// An object with known members, which have rules of their own.
inline rule object(std::string place, presence when, std::vector<std::string> accepted = {})
{
    return {
        std::move(place),
        when,
        std::move(accepted),
        {{R"("x")", "model_attributes_type"}, {"[]", "model_attributes_type"}}};
}

inline rule map(std::string place, presence when = presence::nullable)
{
    return {std::move(place), when, {"{}"}, {{"[]", "dict_type"}, {"1", "dict_type"}}};
}

inline rule list(std::string place, presence when = presence::nullable)
{
    return {std::move(place), when, {"[]"}, {{"{}", "list_type"}, {R"("x")", "list_type"}}};
}

inline rule filled_list(std::string place, presence when)
{
    return {std::move(place), when, {}, {{"{}", "list_type"}, {"[]", "too_short"}}};
}

inline rule tag(std::string place)
{
    return {std::move(place), presence::tag, {}, {{R"("made_up")", "union_tag_invalid"}, {"5", "union_tag_not_found"}}};
}

/// The rules of each group of members.
std::vector<rule> core_rules();
std::vector<rule> tool_rules();
std::vector<rule> provider_rules();
std::vector<rule> orchestration_rules();
std::vector<rule> settings_rules();  ///< of a model
std::vector<rule> question_rules();  ///< developer, system and user messages
std::vector<rule> answer_rules();    ///< assistant, tool and function messages

}  // namespace schema_rules
