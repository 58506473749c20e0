#pragma once

/// @file
/// Everything but the test server.

#include <dedalus/chat/accumulator.hpp>
#include <dedalus/chat/chunk.hpp>
#include <dedalus/chat/completion.hpp>
#include <dedalus/chat/content.hpp>
#include <dedalus/chat/handoff.hpp>
#include <dedalus/chat/message.hpp>
#include <dedalus/chat/request.hpp>
#include <dedalus/chat/response_format.hpp>
#include <dedalus/chat/stream.hpp>
#include <dedalus/chat/tool.hpp>
#include <dedalus/client.hpp>
#include <dedalus/client_options.hpp>
#include <dedalus/config.hpp>
#include <dedalus/error.hpp>
#include <dedalus/fwd.hpp>
#include <dedalus/handoff/handoff_loop.hpp>
#include <dedalus/handoff/run_result.hpp>
#include <dedalus/handoff/tool_context.hpp>
#include <dedalus/handoff/tool_registry.hpp>
#include <dedalus/http_headers.hpp>
#include <dedalus/json.hpp>
#include <dedalus/open_enum.hpp>
#include <dedalus/parse_error.hpp>
#include <dedalus/parsed_completion.hpp>
#include <dedalus/response_info.hpp>
#include <dedalus/schema/annotation.hpp>
#include <dedalus/schema/json_schema.hpp>
#include <dedalus/schema/read_json.hpp>
#include <dedalus/schema/write_json.hpp>
#include <dedalus/version.hpp>
