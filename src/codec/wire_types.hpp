#pragma once

/// @file
/// The list of all wire types, grouped by the file wire_<group>_types.cpp that compiles them.
/// `apply` is called with each name; the names are those of namespace dedalus.

// clang-format off

#define DEDALUS_WIRE_MESSAGE_ENUMS(apply) apply(image_detail) apply(input_audio_format)

#define DEDALUS_WIRE_MESSAGE_STRUCTS(apply)                                                                            \
    apply(text_part) apply(image_url) apply(image_part) apply(input_audio) apply(audio_part) apply(input_file)         \
    apply(file_part) apply(refusal_part) apply(document_url_part) apply(reference_part) apply(thinking_part)           \
    apply(developer_message) apply(system_message) apply(user_message) apply(answer_audio) apply(url_citation)         \
    apply(annotation) apply(assistant_message) apply(tool_message) apply(function_message)

#define DEDALUS_WIRE_MESSAGE_VARIANTS(apply)                                                                           \
    apply(thought_part) apply(content_part) apply(message_content) apply(message)

#define DEDALUS_WIRE_TOOL_ENUMS(apply) apply(grammar_syntax) apply(tool_choice_mode) apply(call_venue)

#define DEDALUS_WIRE_TOOL_STRUCTS(apply)                                                                               \
    apply(function_definition) apply(function_tool) apply(custom_format_text) apply(custom_grammar)                    \
    apply(custom_format_grammar) apply(custom_definition) apply(custom_tool) apply(function_call)                      \
    apply(function_tool_call) apply(custom_call) apply(custom_tool_call) apply(tool_choice_auto)                       \
    apply(tool_choice_any) apply(tool_choice_tool) apply(tool_choice_none) apply(tool_name)                            \
    apply(tool_choice_function) apply(tool_choice_custom) apply(allowed_tools) apply(tool_choice_allowed_tools)        \
    apply(tool_choice_mcp) apply(response_format_text) apply(response_format_json_object) apply(json_schema_format)    \
    apply(response_format_json_schema) apply(pending_call) apply(deferred_call) apply(mcp_tool_result)                 \
    apply(mcp_server_error) apply(mcp_server_spec) apply(credential)

#define DEDALUS_WIRE_TOOL_VARIANTS(apply)                                                                              \
    apply(custom_format) apply(tool) apply(tool_call) apply(tool_choice) apply(response_format) apply(mcp_server)      \
    apply(mcp_server_selection) apply(credential_selection)

#define DEDALUS_WIRE_REQUEST_ENUMS(apply)                                                                              \
    apply(modality) apply(verbosity) apply(prompt_cache_retention) apply(audio_format) apply(search_context_size)      \
    apply(cache_ttl) apply(harm_category) apply(harm_block_threshold) apply(search_mode) apply(speed)                  \
    apply(prompt_mode) apply(service_tier) apply(reasoning_effort) apply(reasoning_summary) apply(truncation)

#define DEDALUS_WIRE_REQUEST_STRUCTS(apply)                                                                            \
    apply(chat_completion_request) apply(dedalus_model) apply(model_settings) apply(reasoning) apply(stream_options)   \
    apply(voice_id) apply(audio_options) apply(prediction) apply(approximate_location) apply(user_location)            \
    apply(web_search_options) apply(thinking_enabled) apply(thinking_disabled) apply(thinking_adaptive)                \
    apply(cache_control) apply(safety_setting) apply(search_source) apply(search_parameters)

#define DEDALUS_WIRE_REQUEST_VARIANTS(apply) apply(thinking_config) apply(model_entry) apply(model_selection)

#define DEDALUS_WIRE_ANSWER_ENUMS(apply) apply(finish_reason)

#define DEDALUS_WIRE_ANSWER_STRUCTS(apply)                                                                             \
    apply(chat_completion) apply(choice) apply(usage) apply(completion_tokens_details) apply(prompt_tokens_details)    \
    apply(top_logprob) apply(token_logprob) apply(choice_logprobs) apply(function_call_delta) apply(custom_call_delta) \
    apply(tool_call_delta) apply(audio_delta) apply(message_delta) apply(chunk_choice) apply(stream_notice)            \
    apply(chat_completion_chunk)

// clang-format on
