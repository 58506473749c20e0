#pragma once

/// @file
/// The list of all wire types, grouped by the file wire_<group>_types.cpp that compiles them.
/// `apply` is called with each name; the names are those of namespace dedalus.

// clang-format off

#define DEDALUS_WIRE_MESSAGE_ENUMS(apply) apply(image_detail)

#define DEDALUS_WIRE_MESSAGE_STRUCTS(apply)                                                                            \
    apply(text_part) apply(image_url) apply(image_part) apply(input_audio) apply(audio_part) apply(input_file)         \
    apply(file_part) apply(refusal_part) apply(developer_message) apply(system_message) apply(user_message)            \
    apply(answer_audio) apply(url_citation) apply(annotation) apply(assistant_message) apply(tool_message)             \
    apply(function_message)

#define DEDALUS_WIRE_MESSAGE_VARIANTS(apply) apply(content_part) apply(message_content) apply(message)

#define DEDALUS_WIRE_TOOL_ENUMS(apply) apply(tool_choice_mode)

#define DEDALUS_WIRE_TOOL_STRUCTS(apply)                                                                               \
    apply(function_definition) apply(function_tool) apply(custom_definition) apply(custom_tool) apply(function_call)   \
    apply(function_tool_call) apply(custom_call) apply(custom_tool_call) apply(tool_choice_auto)                       \
    apply(tool_choice_any) apply(tool_choice_tool) apply(tool_choice_none) apply(tool_name)                            \
    apply(tool_choice_function) apply(tool_choice_custom) apply(allowed_tools)                                         \
    apply(tool_choice_allowed_tools) apply(response_format_text) apply(response_format_json_object)                    \
    apply(json_schema_format) apply(response_format_json_schema)

#define DEDALUS_WIRE_TOOL_VARIANTS(apply) apply(tool) apply(tool_call) apply(tool_choice) apply(response_format)

#define DEDALUS_WIRE_REQUEST_ENUMS(apply) apply(reasoning_effort)

#define DEDALUS_WIRE_REQUEST_STRUCTS(apply)                                                                            \
    apply(dedalus_model) apply(stream_options) apply(voice_id) apply(audio_options) apply(prediction)                  \
    apply(approximate_location) apply(user_location) apply(web_search_options) apply(chat_completion_request)

#define DEDALUS_WIRE_REQUEST_VARIANTS(apply) apply(model_entry) apply(model_selection)

#define DEDALUS_WIRE_ANSWER_ENUMS(apply) apply(finish_reason)

#define DEDALUS_WIRE_ANSWER_STRUCTS(apply)                                                                             \
    apply(completion_tokens_details) apply(prompt_tokens_details) apply(usage) apply(top_logprob) apply(token_logprob) \
    apply(choice_logprobs) apply(choice) apply(chat_completion) apply(function_call_delta)                             \
    apply(custom_call_delta) apply(tool_call_delta) apply(audio_delta) apply(message_delta)                            \
    apply(chunk_choice) apply(chat_completion_chunk) apply(pending_call) apply(deferred_call)                          \
    apply(mcp_tool_result) apply(mcp_server_error) apply(mcp_server_spec)

#define DEDALUS_WIRE_ANSWER_VARIANTS(apply) apply(mcp_server)

// clang-format on
