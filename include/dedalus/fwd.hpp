#pragma once

/// @file
/// Forward declarations of the public class types.

namespace dedalus {

class chat_completion_accumulator;
class chat_completion_event_accumulator;
class chat_completion_events;
class chat_completion_stream;
class client;
class error;
class handoff_loop;
class http_headers;
class logger;
class run_inbox;
class run_store;
class tool_context;
class tool_registry;
struct call_options;
struct chat_completion;
struct chat_completion_chunk;
struct chat_completion_request;
struct client_changes;
struct client_hooks;
struct client_options;
struct handoff_options;
struct response_info;
struct run_result;
struct tool_options;
struct waiting_call;

}  // namespace dedalus
