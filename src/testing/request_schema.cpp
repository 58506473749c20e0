#include "testing/request_schema.hpp"

#include "testing/json_checks.hpp"
#include "testing/message_schema.hpp"
#include "testing/model_schema.hpp"
#include "testing/text_patterns.hpp"
#include "testing/tool_schema.hpp"

#include <iterator>

namespace dedalus::testing {

using namespace checks;
namespace json = boost::json;

namespace {

checker metadata()
{
    const checker value = either(
        {.string = text({.max = 512}),
         .object = anything(),
         .array = anything(),
         .number = anything(),
         .boolean = anything()},
        "a valid JSON value"
    );
    return map(value, {.max = 64}, {.max = 16});
}

checker response_format()
{
    const checker schema = object(
        {required("name", text_matching("[A-Za-z0-9_-]{1,64}", is_identifier)),
         optional("description", text()),
         optional("schema", free_object()),
         nullable("strict", boolean())}
    );
    return tagged(
        "type",
        {{"text", free_object()},
         {"json_object", free_object()},
         {"json_schema", object({required("json_schema", schema)})}}
    );
}

checker thinking()
{
    return tagged(
        "type",
        {{"enabled", object({required("budget_tokens", integer(1024))})},
         {"disabled", free_object()},
         {"adaptive", free_object()}}
    );
}

checker audio()
{
    const checker voice =
        either({.string = text({.min = 1}), .object = object({required("id", text())})}, "a voice name or {\"id\"}");
    return object({required("voice", voice), required("format", one_of({"wav", "aac", "mp3", "flac", "opus", "pcm16"}))}
    );
}

checker stop()
{
    return either({.string = text(), .array = list(text(), {.max = 4})}, "a valid string or list of strings");
}

checker web_search_options()
{
    const checker place = object(
        {nullable("city", text()),
         nullable("country", text()),
         nullable("region", text()),
         nullable("timezone", text())}
    );
    return object(
        {nullable("search_context_size", one_of({"low", "medium", "high"})),
         nullable("user_location", object({required("type", one_of({"approximate"})), required("approximate", place)}))}
    );
}

/// Both families of words: the API's own, and Google's, which the older clients send.
checker safety_setting()
{
    return object(
        {required(
             "category",
             one_of(
                 {"SEXUALLY_EXPLICIT",
                  "DANGEROUS_CONTENT",
                  "HARM_CATEGORY_UNSPECIFIED",
                  "HARM_CATEGORY_DEROGATORY",
                  "HARM_CATEGORY_TOXICITY",
                  "HARM_CATEGORY_VIOLENCE",
                  "HARM_CATEGORY_SEXUAL",
                  "HARM_CATEGORY_MEDICAL",
                  "HARM_CATEGORY_DANGEROUS",
                  "HARM_CATEGORY_HARASSMENT",
                  "HARM_CATEGORY_HATE_SPEECH",
                  "HARM_CATEGORY_SEXUALLY_EXPLICIT",
                  "HARM_CATEGORY_DANGEROUS_CONTENT",
                  "HARM_CATEGORY_CIVIC_INTEGRITY"}
             )
         ),
         required(
             "threshold",
             one_of(
                 {"BLOCK_UNSET",
                  "BLOCK_LOW_THRESHOLD",
                  "BLOCK_HIGH_THRESHOLD",
                  "HARM_BLOCK_THRESHOLD_UNSPECIFIED",
                  "BLOCK_LOW_AND_ABOVE",
                  "BLOCK_MEDIUM_AND_ABOVE",
                  "BLOCK_ONLY_HIGH",
                  "BLOCK_NONE",
                  "OFF"}
             )
         )}
    );
}

checker search_parameters()
{
    const checker date = text_matching("[0-9]{4}-[0-9]{2}-[0-9]{2}", is_date);
    const checker source =
        tagged("type", {{"web", free_object()}, {"x", free_object()}, {"news", free_object()}, {"rss", free_object()}});
    return object(
        {nullable("mode", one_of({"off", "auto", "on"})),
         nullable("return_citations", boolean()),
         nullable("from_date", date),
         nullable("to_date", date),
         nullable("max_search_results", integer(0)),
         nullable("sources", list(source))}
    );
}

std::vector<field> core_fields()
{
    return {
        required("model", model_check()),
        nullable("messages", list(message_check(), {.min = 1})),
        nullable("stream", boolean()),
        nullable(
            "stream_options", object({nullable("include_usage", boolean()), nullable("include_obfuscation", boolean())})
        ),
        nullable("n", integer(1, 128)),
        nullable("stop", stop()),
        nullable("max_tokens", integer(1)),
        nullable("max_completion_tokens", integer(1)),
        nullable("temperature", number(0, 2)),
        nullable("top_p", number(0, 1)),
        nullable("top_k", integer(0)),
        nullable("frequency_penalty", number(-2, 2)),
        nullable("presence_penalty", number(-2, 2)),
        nullable("logit_bias", map(integer(-100, 100))),
        nullable("logprobs", boolean()),
        nullable("top_logprobs", integer(0, 20)),
        nullable("seed", integer()),
        nullable("user", text()),
        nullable("metadata", metadata()),
        nullable("store", boolean()),
        nullable("service_tier", text()),
        nullable("verbosity", one_of({"low", "medium", "high"})),
        nullable("reasoning_effort", one_of({"none", "minimal", "low", "medium", "high", "xhigh", "max"})),
        nullable("modalities", list(one_of({"text", "audio"}))),
        nullable("audio", audio()),
        nullable(
            "prediction", object({required("type", one_of({"content"})), required("content", text_content_check())})
        ),
        nullable("response_format", response_format()),
        nullable("tools", list(tool_check())),
        nullable("tool_choice", tool_choice_check()),
        nullable("parallel_tool_calls", boolean()),
        nullable("functions", list(function_check())),
        nullable(
            "function_call",
            either({.string = text(), .object = object({required("name", text())})}, "a valid string or {\"name\"}")
        ),
        nullable("prompt_cache_key", text()),
        nullable("prompt_cache_retention", one_of({"24h", "in_memory"})),
        nullable("safety_identifier", text({.max = 64})),
        nullable("web_search_options", web_search_options()),
    };
}

std::vector<field> provider_fields()
{
    return {
        nullable("system_instruction", either({.string = text(), .object = free_object()}, "a valid string or object")),
        nullable("generation_config", free_object()),
        nullable("safety_settings", list(safety_setting())),
        nullable("tool_config", free_object()),
        nullable("cached_content", text()),
        nullable("thinking", thinking()),
        nullable(
            "cache_control", object({required("type", one_of({"ephemeral"})), optional("ttl", one_of({"5m", "1h"}))})
        ),
        nullable("container", text()),
        nullable("inference_geo", text()),
        nullable("output_config", free_object()),
        nullable("speed", one_of({"standard", "fast"})),
        nullable("search_parameters", search_parameters()),
        nullable("deferred", boolean()),
        nullable("prompt_mode", one_of({"reasoning"})),
        nullable("safe_prompt", boolean()),
        optional("random_seed", integer()),
    };
}

std::vector<field> orchestration_fields()
{
    return {
        nullable("mcp_servers", mcp_servers_check()),
        nullable("credentials", credentials_check()),
        optional("automatic_tool_execution", boolean()),
        nullable("max_turns", integer(1, 100)),
        nullable("model_attributes", map(map(number(0, 1)))),
        nullable("agent_attributes", map(number(0, 1))),
        nullable("guardrails", list(free_object())),
        nullable("handoff_config", free_object()),
        nullable("handoff_mode", boolean()),
        nullable("correlation_id", text()),
        nullable("deferred_calls", list(deferred_call_check())),
    };
}

checker make_request_check()
{
    std::vector<field> fields = core_fields();
    for (std::vector<field> more : {provider_fields(), orchestration_fields()})
        fields.insert(fields.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
    return object(std::move(fields));
}

}  // namespace

void check_request_schema(const json::value& body, validation_report& report)
{
    static const checker check = make_request_check();
    check(body, location("body"), report);
}

}  // namespace dedalus::testing
