#pragma once

#include <dedalus/chat/response_format.hpp>
#include <dedalus/chat/tool.hpp>

#include <optional>
#include <vector>

namespace dedalus {

/// Throws invalid_request_error when a tool is no function tool with `strict: true`: beside a structured answer, the
/// arguments of others would be held to nothing.
void require_strict_tools(const std::vector<tool>& tools);

/// The format to send: what the caller set of a json_schema format, and the rest from `derived`.
response_format complete_format(const std::optional<response_format>& set, response_format_json_schema derived);

}  // namespace dedalus
