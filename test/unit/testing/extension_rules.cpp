#include "unit/testing/schema_rules.hpp"

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

namespace schema_rules {

namespace {

const std::vector<std::string> summaries{"auto", "concise", "detailed"};

}  // namespace

std::vector<rule> provider_rules()
{
    return {
        {"/system_instruction",
         presence::nullable,
         {R"("Be brief.")", "{}"},
         {{"5", "union_type"}, {"[]", "union_type"}},
         true},
        free_object("/generation_config"),
        list("/safety_settings"),
        words(
            "/safety_settings/0/category",
            presence::required,
            {"HARM_CATEGORY_UNSPECIFIED", "HARM_CATEGORY_CIVIC_INTEGRITY", "SEXUALLY_EXPLICIT", "DANGEROUS_CONTENT"}
        ),
        words(
            "/safety_settings/0/threshold",
            presence::required,
            {"HARM_BLOCK_THRESHOLD_UNSPECIFIED", "BLOCK_NONE", "OFF", "BLOCK_UNSET", "BLOCK_HIGH_THRESHOLD"}
        ),
        words("/safety_settings/1/category", presence::required, {"HARM_CATEGORY_TOXICITY"}),
        words("/safety_settings/1/threshold", presence::required, {"BLOCK_LOW_AND_ABOVE"}),
        free_object("/tool_config"),
        text("/cached_content"),
        object("/thinking", presence::nullable, {R"({"type":"disabled"})", R"({"type":"adaptive"})"}),
        tag("/thinking/type"),
        integer_from(1024, "/thinking/budget_tokens", presence::required),
        object("/cache_control", presence::nullable, {R"({"type":"ephemeral"})"}),
        words("/cache_control/type", presence::required, {"ephemeral"}),
        words("/cache_control/ttl", presence::optional, {"5m", "1h"}),
        text("/container"),
        text("/inference_geo"),
        free_object("/output_config"),
        words("/speed", presence::nullable, {"standard", "fast"}),
        object("/search_parameters", presence::nullable, {"{}"}),
        words("/search_parameters/mode", presence::nullable, {"off", "auto", "on"}),
        boolean("/search_parameters/return_citations"),
        {"/search_parameters/from_date",
         presence::nullable,
         {R"("2026-12-31")"},
         {{R"("2026-1-1")", "string_pattern_mismatch"},
          {R"("31/12/2026")", "string_pattern_mismatch"},
          {"5", "string_type"}}},
        {"/search_parameters/to_date",
         presence::nullable,
         {R"("2026-12-31")"},
         {{R"("")", "string_pattern_mismatch"}, {"5", "string_type"}}},
        integer_from(0, "/search_parameters/max_search_results"),
        list("/search_parameters/sources"),
        tag("/search_parameters/sources/0/type"),
        {"/search_parameters/sources/0/allowed_websites", presence::nullable, {"1"}, {}, true},
        tag("/search_parameters/sources/1/type"),
        {"/search_parameters/sources/1/links", presence::nullable, {"1"}, {}, true},
        boolean("/deferred"),
        words("/prompt_mode", presence::nullable, {"reasoning"}),
        boolean("/safe_prompt"),
        any_integer("/random_seed", presence::optional),
    };
}

std::vector<rule> orchestration_rules()
{
    return {
        {"/mcp_servers",
         presence::nullable,
         {R"("github:user/repo")",
          R"("https://mcp.example.com/mcp")",
          R"({"slug":"a/b"})",
          R"({"url":"http://h"})",
          "[]"},
         {{"5", "union_type"},
          {R"("")", "string_too_short"},
          {"{}", "value_error"},
          {R"({"slug":"a/b","url":"http://h"})", "value_error"}}},
        {"/mcp_servers/0", presence::element, {R"("a/b@v1.0.0")"}, {{"5", "union_type"}, {"[]", "union_type"}}},
        filled_text("/mcp_servers/1/name", presence::optional),
        {"/mcp_servers/1/slug",
         presence::element,
         {R"("a-b_C/d-0")"},
         {{R"("ab")", "string_pattern_mismatch"},
          {R"("a/b/c")", "string_pattern_mismatch"},
          {R"("a/b@1")", "string_pattern_mismatch"}}},
        {"/mcp_servers/1/url", presence::nullable, {}, {}},
        text("/mcp_servers/1/version"),
        map("/mcp_servers/1/credentials"),
        text("/mcp_servers/1/credentials/mail", presence::element),
        filled_text("/mcp_servers/2/name", presence::optional),
        {"/mcp_servers/2/url", presence::element, {R"("https://h")"}, {{R"("ftp://h")", "string_pattern_mismatch"}}},
        {"/credentials",
         presence::nullable,
         {"[]", R"({"connection_name":"c","values":{}})"},
         {{R"("x")", "union_type"}, {"true", "union_type"}}},
        filled_text("/credentials/0/connection_name", presence::required),
        map("/credentials/0/values", presence::required),
        {"/credentials/0/values/api_key",
         presence::element,
         {R"("x")", "25", "true"},
         {{"[]", "union_type"}, {"{}", "union_type"}, {"2.5", "int_from_float"}}},
        {"/credentials/0/values/port", presence::element, {R"("x")", "0"}, {{"[]", "union_type"}}},
        {"/credentials/0/values/tls", presence::element, {R"("x")", "false"}, {{"[]", "union_type"}}},
        boolean("/automatic_tool_execution", presence::optional),
        integer_in(1, 100, "/max_turns"),
        map("/model_attributes"),
        map("/model_attributes/openai~1gpt-5", presence::element),
        number_in(0, 1, "/model_attributes/openai~1gpt-5/accuracy", presence::element),
        number_in(0, 1, "/model_attributes/openai~1gpt-5/speed", presence::element),
        map("/agent_attributes"),
        number_in(0, 1, "/agent_attributes/complexity", presence::element),
        list("/guardrails"),
        free_object("/guardrails/0", presence::element),
        free_object("/handoff_config"),
        boolean("/handoff_mode"),
        text("/correlation_id"),
        list("/deferred_calls"),
        filled_text("/deferred_calls/0/id", presence::required),
        filled_text("/deferred_calls/0/name", presence::required),
        free_object("/deferred_calls/0/arguments", presence::optional),
        words("/deferred_calls/0/venue", presence::optional, {"server", "client"}),
        list("/deferred_calls/0/dependencies", presence::optional),
        text("/deferred_calls/0/dependencies/0", presence::element),
        list("/deferred_calls/0/blocked_by", presence::optional),
        text("/deferred_calls/0/blocked_by/0", presence::element),
    };
}

std::vector<rule> settings_rules()
{
    const std::string at = "/model/0/settings";
    std::vector<rule> rules{
        object(at, presence::nullable, {"{}", R"({"made_up":1})"}),
        {at + "/stop", presence::nullable, {R"("END")", "[]"}, {{"5", "union_type"}}},
        text(at + "/stop/0", presence::element),
        map(at + "/logit_bias"),
        any_integer(at + "/logit_bias/50256", presence::element),
        words(at + "/truncation", presence::nullable, {"auto", "disabled"}),
        object(at + "/reasoning", presence::nullable, {"{}", R"({"made_up":1})"}),
        reasoning_effort(at + "/reasoning/effort"),
        words(at + "/reasoning/summary", presence::nullable, summaries),
        words(at + "/reasoning/generate_summary", presence::nullable, summaries),
        {at + "/tool_choice",
         presence::nullable,
         {R"("auto")", R"("my_tool")", "{}", R"({"type":"any"})"},
         {{"5", "union_type"}, {"[]", "union_type"}}},
        {at + "/tool_choice/server_label", presence::element, {R"("x")"}, {{"5", "string_type"}}},
        text(at + "/tool_choice/name", presence::required),
        {at + "/structured_output", presence::nullable, {"5", "[]", "{}", "true", R"("x")"}, {}, true},
        list(at + "/modalities"),
        text(at + "/modalities/0", presence::element),
        list(at + "/safety_settings"),
        free_object(at + "/safety_settings/0", presence::element),
        map(at + "/metadata"),
        text(at + "/metadata/ticket", presence::element),
        map(at + "/extra_headers"),
        text(at + "/extra_headers/X-Trace", presence::element),
        free_object(at + "/attributes", presence::optional),
        list(at + "/response_include"),
        text(at + "/response_include/0", presence::element),
    };
    const auto add = [&](const auto& make, std::initializer_list<const char*> names) {
        for (const char* name : names)
            rules.push_back(make(at + "/" + name, presence::nullable));
    };
    add(any_number, {"temperature", "top_p", "frequency_penalty", "presence_penalty", "timeout"});
    add(any_integer, {"top_k", "seed", "n", "top_logprobs", "max_tokens", "max_completion_tokens"});
    add(boolean,
        {"logprobs",
         "parallel_tool_calls",
         "stream",
         "include_usage",
         "store",
         "deferred",
         "use_responses",
         "disable_automatic_function_calling"});
    add(text,
        {"reasoning_effort",
         "verbosity",
         "voice",
         "input_audio_format",
         "output_audio_format",
         "service_tier",
         "user",
         "prompt_cache_key",
         "safety_identifier"});
    add(free_object,
        {"thinking",
         "tool_config",
         "response_format",
         "audio",
         "input_audio_transcription",
         "turn_detection",
         "prediction",
         "stream_options",
         "system_instruction",
         "generation_config",
         "search_parameters",
         "web_search_options",
         "extra_query",
         "extra_args"});
    return rules;
}

}  // namespace schema_rules
