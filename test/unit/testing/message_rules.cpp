#include "unit/testing/schema_rules.hpp"

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

namespace schema_rules {

namespace {

rule content(std::string place)
{
    return {std::move(place), presence::required, {R"("x")", R"("")"}, {{"5", "union_type"}, {"[]", "too_short"}}};
}

std::vector<rule> thinking_part_rules(const std::string& at)
{
    return {
        tag(at + "/type"),
        list(at + "/thinking", presence::required),
        tag(at + "/thinking/0/type"),
        text(at + "/thinking/0/text", presence::required),
        boolean(at + "/closed", presence::optional),
    };
}

}  // namespace

std::vector<rule> question_rules()
{
    const std::string at = "/messages/2/content/";
    std::vector<rule> rules = thinking_part_rules("/messages/1/content/1");
    for (rule& more : std::vector<rule>{
             tag("/messages/0/role"),
             content("/messages/0/content"),
             text("/messages/0/name", presence::optional),
             tag("/messages/1/role"),
             content("/messages/1/content"),
             text("/messages/1/name", presence::optional),
             tag("/messages/1/content/0/type"),
             text("/messages/1/content/0/text", presence::required),
             tag("/messages/1/content/1/thinking/1/type"),
             list("/messages/1/content/1/thinking/1/reference_ids", presence::required),
             tag("/messages/2/role"),
             content("/messages/2/content"),
             text("/messages/2/name", presence::optional),
             tag(at + "0/type"),
             text(at + "0/text", presence::required),
             tag(at + "1/type"),
             object(at + "1/image_url", presence::required, {R"({"url":"data:image/png;base64,AA=="})"}),
             filled_text(at + "1/image_url/url", presence::required),
             words(at + "1/image_url/detail", presence::optional, {"auto", "low", "high"}),
             tag(at + "2/type"),
             object(at + "2/input_audio", presence::required),
             {at + "2/input_audio/data",
              presence::required,
              {R"("")", R"("AA==")", R"("AAA=")", R"("AA+/")"},
              {{R"("A")", "string_pattern_mismatch"}, {R"("AA-_")", "string_pattern_mismatch"}, {"5", "string_type"}}},
             words(at + "2/input_audio/format", presence::required, {"wav", "mp3"}),
             tag(at + "3/type"),
             {at + "3/file",
              presence::required,
              {R"({"file_id":"f"})", R"({"file_data":"AA=="})"},
              {{R"("x")", "model_attributes_type"}, {R"({"filename":"a"})", "value_error"}}},
             text(at + "3/file/filename", presence::optional),
             text(at + "3/file/file_data", presence::optional),
             text(at + "3/file/file_id", presence::optional),
             tag(at + "4/type"),
             filled_text(at + "4/document_url", presence::required),
             text(at + "4/document_name", presence::optional),
             tag(at + "5/type"),
             list(at + "5/reference_ids", presence::required),
             any_integer(at + "5/reference_ids/0", presence::element),
             tag("/messages/9/role"),
             content("/messages/9/content"),
         })
        rules.push_back(std::move(more));
    return rules;
}

std::vector<rule> answer_rules()
{
    std::vector<rule> rules = thinking_part_rules("/messages/3/content/2");
    for (rule& more : std::vector<rule>{
             tag("/messages/3/role"),
             text("/messages/3/name", presence::optional),
             text("/messages/3/refusal"),
             object("/messages/3/audio", presence::nullable),
             filled_text("/messages/3/audio/id", presence::required),
             text("/messages/3/reasoning_content"),
             boolean("/messages/3/prefix", presence::optional),
             {"/messages/3/content",
              presence::required_nullable,
              {R"("")"},
              {{"5", "union_type"}, {"[]", "too_short"}}},
             tag("/messages/3/content/0/type"),
             text("/messages/3/content/0/text", presence::required),
             tag("/messages/3/content/1/type"),
             text("/messages/3/content/1/refusal", presence::required),
             tag("/messages/3/content/3/type"),
             list("/messages/3/content/3/reference_ids", presence::required),
             tag("/messages/4/role"),
             {"/messages/4/content", presence::nullable, {R"("x")"}, {{"[]", "too_short"}}},
             filled_list("/messages/4/tool_calls", presence::optional),
             tag("/messages/4/tool_calls/0/type"),
             filled_text("/messages/4/tool_calls/0/id", presence::required),
             integer_from(0, "/messages/4/tool_calls/0/index", presence::optional),
             object("/messages/4/tool_calls/0/function", presence::required),
             filled_text("/messages/4/tool_calls/0/function/name", presence::required),
             {"/messages/4/tool_calls/0/function/arguments",
              presence::required,
              {R"("")", R"("no JSON")"},
              {{"{}", "string_type"}}},
             text("/messages/4/tool_calls/0/thought_signature"),
             list("/messages/4/tool_calls/0/dependencies", presence::optional),
             tag("/messages/4/tool_calls/1/type"),
             filled_text("/messages/4/tool_calls/1/id", presence::required),
             integer_from(0, "/messages/4/tool_calls/1/index", presence::optional),
             object("/messages/4/tool_calls/1/custom", presence::required),
             filled_text("/messages/4/tool_calls/1/custom/name", presence::required),
             text("/messages/4/tool_calls/1/custom/input", presence::required),
             list("/messages/4/tool_calls/1/dependencies", presence::optional),
             text("/messages/4/tool_calls/1/dependencies/0", presence::element),
             tag("/messages/5/role"),
             filled_text("/messages/5/tool_call_id", presence::required),
             text("/messages/5/name", presence::optional),
             content("/messages/5/content"),
             tag("/messages/6/role"),
             filled_text("/messages/6/tool_call_id", presence::required),
             content("/messages/6/content"),
             tag("/messages/6/content/0/type"),
             text("/messages/6/content/0/text", presence::required),
             tag("/messages/7/role"),
             {"/messages/7/content", presence::nullable, {R"("x")"}, {{"5", "union_type"}}},
             object("/messages/7/function_call", presence::nullable),
             text("/messages/7/function_call/name", presence::required),
             text("/messages/7/function_call/arguments", presence::required),
             tag("/messages/8/role"),
             filled_text("/messages/8/name", presence::required),
             {"/messages/8/content",
              presence::required_nullable,
              {R"("")"},
              {{"5", "union_type"}, {"[]", "union_type"}}},
         })
        rules.push_back(std::move(more));
    return rules;
}

}  // namespace schema_rules
