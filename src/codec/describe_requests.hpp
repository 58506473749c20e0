#pragma once

#include <dedalus/chat/model.hpp>
#include <dedalus/chat/provider_options.hpp>
#include <dedalus/chat/request.hpp>
#include <dedalus/chat/request_options.hpp>

#include <boost/describe/class.hpp>

/// @file
/// The members of a request besides messages and tools.

namespace dedalus {

BOOST_DESCRIBE_STRUCT(stream_options, (), (include_usage, include_obfuscation))
BOOST_DESCRIBE_STRUCT(voice_id, (), (id))
BOOST_DESCRIBE_STRUCT(audio_options, (), (voice, format))
BOOST_DESCRIBE_STRUCT(prediction, (), (content))
BOOST_DESCRIBE_STRUCT(approximate_location, (), (city, country, region, timezone))
BOOST_DESCRIBE_STRUCT(user_location, (), (approximate))
BOOST_DESCRIBE_STRUCT(web_search_options, (), (search_context_size, user_location))

BOOST_DESCRIBE_STRUCT(thinking_enabled, (), (budget_tokens))
BOOST_DESCRIBE_STRUCT(thinking_disabled, (), ())
BOOST_DESCRIBE_STRUCT(thinking_adaptive, (), ())
BOOST_DESCRIBE_STRUCT(cache_control, (), (ttl))
BOOST_DESCRIBE_STRUCT(safety_setting, (), (category, threshold))
BOOST_DESCRIBE_STRUCT(search_source, (), (type))
BOOST_DESCRIBE_STRUCT(search_parameters, (), (mode, return_citations, from_date, to_date, max_search_results, sources))

BOOST_DESCRIBE_STRUCT(reasoning, (), (effort, summary, generate_summary))
BOOST_DESCRIBE_STRUCT(
    model_settings,
    (),
    (temperature,
     top_p,
     top_k,
     frequency_penalty,
     presence_penalty,
     seed,
     n,
     stop,
     logit_bias,
     logprobs,
     top_logprobs,
     max_tokens,
     max_completion_tokens,
     truncation,
     reasoning,
     reasoning_effort,
     verbosity,
     thinking,
     tool_choice,
     parallel_tool_calls,
     tool_config,
     response_format,
     structured_output,
     modalities,
     audio,
     voice,
     input_audio_format,
     output_audio_format,
     input_audio_transcription,
     turn_detection,
     prediction,
     stream,
     stream_options,
     include_usage,
     service_tier,
     timeout,
     store,
     deferred,
     user,
     metadata,
     prompt_cache_key,
     safety_identifier,
     system_instruction,
     generation_config,
     safety_settings,
     search_parameters,
     web_search_options,
     extra_headers,
     extra_query,
     extra_args,
     attributes)
)
BOOST_DESCRIBE_STRUCT(dedalus_model, (), (model, settings))

BOOST_DESCRIBE_STRUCT(
    chat_completion_request,
    (),
    (model,
     messages,
     temperature,
     top_p,
     top_k,
     n,
     stop,
     max_tokens,
     max_completion_tokens,
     frequency_penalty,
     presence_penalty,
     logit_bias,
     logprobs,
     top_logprobs,
     seed,
     user,
     metadata,
     store,
     service_tier,
     verbosity,
     reasoning_effort,
     modalities,
     audio,
     prediction,
     response_format,
     tools,
     tool_choice,
     parallel_tool_calls,
     functions,
     function_call,
     prompt_cache_key,
     prompt_cache_retention,
     safety_identifier,
     web_search_options,
     stream_options)
)

/// Not a wire type: Boost.Describe lists at most 52 members, so this describes those of chat_completion_request that
/// come after the ones above.
struct chat_completion_request_continued : chat_completion_request
{};
BOOST_DESCRIBE_STRUCT(
    chat_completion_request_continued,
    (),
    (system_instruction,
     generation_config,
     safety_settings,
     tool_config,
     cached_content,
     thinking,
     cache_control,
     container,
     inference_geo,
     output_config,
     speed,
     search_parameters,
     deferred,
     prompt_mode,
     safe_prompt,
     mcp_servers,
     credentials,
     automatic_tool_execution,
     max_turns,
     model_attributes,
     agent_attributes,
     guardrails,
     handoff_config,
     handoff_mode,
     correlation_id,
     deferred_calls)
)

}  // namespace dedalus
