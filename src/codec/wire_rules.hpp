#pragma once

#include <dedalus/chat/chunk.hpp>
#include <dedalus/chat/completion.hpp>
#include <dedalus/chat/request.hpp>

#include <string_view>

namespace dedalus::codec {

/// What is special about a member.
enum class member_rule
{
    plain,
    left_out_at_default,  ///< not always there on the wire: left out while it has its default value
    any_json_as_text,     ///< a text that some servers send as JSON: read as its serialised form
    text_as_object,       ///< an object that some servers send as its text: parsed
    raw_on_mismatch,      ///< only tells, and documented loosely: what does not fit the type is kept in `extra`
};

template <auto Member>
inline constexpr member_rule rule_of = member_rule::plain;

template <>
inline constexpr member_rule rule_of<&chat_completion::id> = member_rule::left_out_at_default;
template <>
inline constexpr member_rule rule_of<&chat_completion::object> = member_rule::left_out_at_default;
template <>
inline constexpr member_rule rule_of<&chat_completion::created> = member_rule::left_out_at_default;
template <>
inline constexpr member_rule rule_of<&chat_completion::model> = member_rule::left_out_at_default;
template <>
inline constexpr member_rule rule_of<&chat_completion_chunk::id> = member_rule::left_out_at_default;
template <>
inline constexpr member_rule rule_of<&chat_completion_chunk::object> = member_rule::left_out_at_default;
template <>
inline constexpr member_rule rule_of<&chat_completion_chunk::created> = member_rule::left_out_at_default;
template <>
inline constexpr member_rule rule_of<&chat_completion_chunk::model> = member_rule::left_out_at_default;
template <>
inline constexpr member_rule rule_of<&file_part::file> = member_rule::left_out_at_default;

// Settings of a model hold these types as free objects.
template <>
inline constexpr member_rule rule_of<&audio_options::voice> = member_rule::left_out_at_default;
template <>
inline constexpr member_rule rule_of<&audio_options::format> = member_rule::left_out_at_default;
template <>
inline constexpr member_rule rule_of<&prediction::content> = member_rule::left_out_at_default;
template <>
inline constexpr member_rule rule_of<&safety_setting::category> = member_rule::left_out_at_default;
template <>
inline constexpr member_rule rule_of<&safety_setting::threshold> = member_rule::left_out_at_default;

template <>
inline constexpr member_rule rule_of<&function_call::arguments> = member_rule::any_json_as_text;
template <>
inline constexpr member_rule rule_of<&function_call_delta::arguments> = member_rule::any_json_as_text;

template <>
inline constexpr member_rule rule_of<&pending_call::arguments> = member_rule::text_as_object;
template <>
inline constexpr member_rule rule_of<&deferred_call::arguments> = member_rule::text_as_object;
template <>
inline constexpr member_rule rule_of<&mcp_tool_result::arguments> = member_rule::text_as_object;

template <>
inline constexpr member_rule rule_of<&chat_completion::tools_executed> = member_rule::raw_on_mismatch;
template <>
inline constexpr member_rule rule_of<&chat_completion::mcp_tool_results> = member_rule::raw_on_mismatch;
template <>
inline constexpr member_rule rule_of<&chat_completion_chunk::tools_executed> = member_rule::raw_on_mismatch;
template <>
inline constexpr member_rule rule_of<&chat_completion_chunk::mcp_tool_results> = member_rule::raw_on_mismatch;
template <>
inline constexpr member_rule rule_of<&chat_completion::mcp_server_errors> = member_rule::raw_on_mismatch;
template <>
inline constexpr member_rule rule_of<&chat_completion_chunk::mcp_server_errors> = member_rule::raw_on_mismatch;
template <>
inline constexpr member_rule rule_of<&usage::reasoning_tokens> = member_rule::raw_on_mismatch;
template <>
inline constexpr member_rule rule_of<&usage::prompt_audio_seconds> = member_rule::raw_on_mismatch;
template <>
inline constexpr member_rule rule_of<&chat_completion_chunk::x_dedalus_event> = member_rule::raw_on_mismatch;
template <>
inline constexpr member_rule rule_of<&chat_completion_chunk::dedalus_event> = member_rule::raw_on_mismatch;

/// The member that a bare string in place of the struct is; "" when only an object is taken.
template <class T>
inline constexpr std::string_view text_member_of{};

template <>
inline constexpr std::string_view text_member_of<image_url> = "url";
template <>
inline constexpr std::string_view text_member_of<input_audio> = "data";
template <>
inline constexpr std::string_view text_member_of<mcp_server_error> = "message";

}  // namespace dedalus::codec
