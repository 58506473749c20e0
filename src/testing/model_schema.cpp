#include "testing/model_schema.hpp"

namespace dedalus::testing {

using namespace checks;
namespace json = boost::json;

namespace {

/// Adds nullable members that share a check.
void add_all(std::vector<field>& fields, std::initializer_list<const char*> names, const checker& check)
{
    for (const char* name : names)
        fields.push_back(nullable(name, check));
}

checker reasoning()
{
    const checker summary = one_of({"auto", "concise", "detailed"});
    return object(
        {nullable("effort", one_of({"none", "minimal", "low", "medium", "high", "xhigh", "max"})),
         nullable("summary", summary),
         nullable("generate_summary", summary)}
    );
}

void check_server_tool(const json::value& value, const location& where, validation_report& report)
{
    if (!value.get_object().contains("server_label"))
        return;
    static const checker server_tool = object({required("server_label", text()), required("name", text())});
    server_tool(value, where, report);
}

checker tool_choice()
{
    return either({.string = text(), .object = all({free_object(), check_server_tool})}, "a valid string or object");
}

checker model_settings()
{
    std::vector<field> fields;
    add_all(fields, {"temperature", "top_p", "frequency_penalty", "presence_penalty", "timeout"}, number());
    add_all(fields, {"top_k", "seed", "n", "top_logprobs", "max_tokens", "max_completion_tokens"}, integer());
    add_all(
        fields,
        {"logprobs",
         "parallel_tool_calls",
         "stream",
         "include_usage",
         "store",
         "deferred",
         "use_responses",
         "disable_automatic_function_calling"},
        boolean()
    );
    add_all(
        fields,
        {"reasoning_effort",
         "verbosity",
         "voice",
         "input_audio_format",
         "output_audio_format",
         "service_tier",
         "user",
         "prompt_cache_key",
         "safety_identifier"},
        text()
    );
    add_all(
        fields,
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
         "extra_args"},
        free_object()
    );
    add_all(fields, {"metadata", "extra_headers"}, map(text()));
    fields.push_back(nullable("stop", either({.string = text(), .array = list(text())}, "a valid string or list")));
    fields.push_back(nullable("logit_bias", map(integer())));
    fields.push_back(nullable("truncation", one_of({"auto", "disabled"})));
    fields.push_back(nullable("reasoning", reasoning()));
    fields.push_back(nullable("tool_choice", tool_choice()));
    fields.push_back(nullable("structured_output", anything()));
    add_all(fields, {"modalities", "response_include"}, list(text()));
    fields.push_back(nullable("safety_settings", list(free_object())));
    fields.push_back(optional("attributes", free_object()));
    return object(std::move(fields));
}

}  // namespace

checker model_check()
{
    const checker name = text({.min = 1});
    const checker with_settings =
        object({required("model", name), nullable("settings", model_settings())}, extra_keys::refused);
    const checker item = either({.string = name, .object = with_settings}, "a valid string or model with settings");
    return either(
        {.string = name, .object = with_settings, .array = list(item, {.min = 1})},
        "a valid string, model with settings or list"
    );
}

}  // namespace dedalus::testing
