#pragma once

#include <string_view>
#include <vector>

/// Whole bodies of the API, written to touch as many nested types as there are.
namespace wire_examples {

inline constexpr std::string_view rich_request = R"({
  "model": [{"model": "openai/gpt-5", "settings": {"temperature": 0.2, "reasoning": {"effort": "low"}}}, "anthropic/claude-3-5-sonnet"],
  "messages": [
    {"role": "developer", "content": "Be brief."},
    {"role": "user", "name": "ann", "content": [
      {"type": "text", "text": "What is this?"},
      {"type": "image_url", "image_url": {"url": "https://img.example/a.png", "detail": "low"}},
      {"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}},
      {"type": "file", "file": {"filename": "a.pdf", "file_data": "JVBERi0="}}]},
    {"role": "assistant", "content": null, "tool_calls": [
      {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": "{\"q\":\"x\"}"}, "thought_signature": "c2ln"},
      {"id": "call_2", "type": "custom", "custom": {"name": "calc", "input": "1+1"}}]},
    {"role": "tool", "tool_call_id": "call_1", "content": "found"},
    {"role": "tool", "tool_call_id": "call_2", "content": [{"type": "text", "text": "2"}]}
  ],
  "tools": [
    {"type": "function", "function": {"name": "look", "description": "Look up", "parameters": {"type": "object", "properties": {"q": {"type": "string"}}}, "strict": true}},
    {"type": "custom", "custom": {"name": "calc", "format": {"type": "grammar", "grammar": {"definition": "start: /[0-9+]+/", "syntax": "lark"}}}}
  ],
  "tool_choice": {"type": "tool", "name": "look", "disable_parallel_tool_use": true},
  "response_format": {"type": "json_schema", "json_schema": {"name": "answer", "schema": {"type": "object"}, "strict": true}},
  "prediction": {"type": "content", "content": "draft"},
  "modalities": ["text", "audio"],
  "audio": {"voice": {"id": "voice_1234"}, "format": "mp3"},
  "thinking": {"type": "enabled", "budget_tokens": 2048},
  "max_tokens": 4096,
  "safety_settings": [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_ONLY_HIGH"}],
  "cache_control": {"type": "ephemeral", "ttl": "1h"},
  "stream": true,
  "stream_options": {"include_usage": true},
  "web_search_options": {"search_context_size": "low", "user_location": {"type": "approximate", "approximate": {"city": "Oslo", "country": "NO"}}},
  "mcp_servers": ["acme/kb", {"name": "mail", "slug": "acme/mail", "version": "v1.0.0"}, {"name": "own", "url": "https://mcp.example.com/mcp"}],
  "credentials": [{"connection_name": "mail", "values": {"api_key": "sk-x", "port": 25, "tls": true}}],
  "model_attributes": {"openai/gpt-5": {"accuracy": 0.95}},
  "agent_attributes": {"complexity": 0.8},
  "max_turns": 5,
  "automatic_tool_execution": true,
  "handoff_mode": true
})";

inline constexpr std::string_view handoff_request = R"({
  "model": "openai/gpt-5",
  "messages": [{"role": "user", "content": "Book a flight to Oslo on 2 May and send me the invoice."}],
  "mcp_servers": ["acme/travel"],
  "tools": [
    {"type": "function", "function": {"name": "read_calendar",   "parameters": {"type": "object", "properties": {"day": {"type": "string"}}}}},
    {"type": "function", "function": {"name": "confirm_booking", "parameters": {"type": "object", "properties": {"flight": {"type": "string"}}}}}
  ],
  "automatic_tool_execution": true,
  "handoff_mode": true,
  "max_turns": 10
})";

inline constexpr std::string_view resuming_request = R"({
  "model": "openai/gpt-5",
  "messages": [
    {"role": "user", "content": "Book a flight to Oslo on 2 May and send me the invoice."},
    {"role": "assistant", "content": null, "tool_calls": [
      {"id": "call_a", "type": "function", "function": {"name": "read_calendar",   "arguments": "{\"day\":\"2026-05-02\"}"}},
      {"id": "call_b", "type": "function", "function": {"name": "confirm_booking", "arguments": "{\"flight\":\"XY123\"}"}}]},
    {"role": "tool", "tool_call_id": "call_a", "content": "{\"free\":true}"},
    {"role": "tool", "tool_call_id": "call_b", "content": "{\"booking\":\"B-9\"}"}
  ],
  "mcp_servers": ["acme/travel"],
  "handoff_mode": true,
  "max_turns": 9,
  "correlation_id": "corr_5f2c",
  "deferred_calls": [
    {"id": "call_s2", "name": "send_invoice", "arguments": {"flight": "XY123"},
     "venue": "server", "dependencies": ["call_s1", "call_b"], "blocked_by": ["call_b"]}
  ]
})";

inline constexpr std::string_view minimal_completion = R"({"id":"cmpl_1","object":"chat.completion",
 "choices":[{"index":0,"message":{"role":"assistant","content":"Hi"},"finish_reason":"stop"}]})";

inline constexpr std::string_view full_completion =
    R"({"id":"chatcmpl-77","object":"chat.completion","created":1775000000,"model":"openai/gpt-5-nano",
 "service_tier":"default","system_fingerprint":"fp_1",
 "choices":[{"index":0,"finish_reason":"stop",
   "logprobs":{"content":[{"token":"Ok","logprob":-0.01,"bytes":[79,107],"top_logprobs":[]}],"refusal":null},
   "message":{"role":"assistant","content":"Ok","refusal":null,
     "annotations":[{"type":"url_citation","url_citation":{"start_index":0,"end_index":2,"url":"https://a.example/","title":"A"}}]}}],
 "usage":{"prompt_tokens":9,"completion_tokens":12,"total_tokens":21,
   "completion_tokens_details":{"reasoning_tokens":4,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0},
   "prompt_tokens_details":{"cached_tokens":3,"audio_tokens":0}},
 "tools_executed":["lookup"],
 "mcp_tool_results":[{"tool_name":"lookup","server_name":"acme/kb","arguments":{"q":"x"},"result":{"hits":1},"is_error":false,"duration_ms":41}],
 "mcp_server_errors":{"acme/mail":{"message":"connect failed","code":"CONNECTION_ERROR","recommendation":null}},
 "turns_consumed":2})";

inline constexpr std::string_view handoff_completion = R"({
  "id": "chatcmpl-h1", "object": "chat.completion", "created": 1775000000, "model": "openai/gpt-5",
  "choices": [{
    "index": 0,
    "finish_reason": "tool_calls",
    "message": {"role": "assistant", "content": null, "refusal": null,
      "tool_calls": [
        {"id": "call_a", "type": "function", "function": {"name": "read_calendar",   "arguments": "{\"day\":\"2026-05-02\"}"}},
        {"id": "call_b", "type": "function", "function": {"name": "confirm_booking", "arguments": "{\"flight\":\"XY123\"}"}}
      ]}
  }],
  "tools_executed": ["search_flights"],
  "server_results": {"call_s1": {"flight": "XY123", "price": 129}},
  "correlation_id": "corr_5f2c",
  "pending_tools": [
    {"id": "call_a", "name": "read_calendar",   "arguments": {"day": "2026-05-02"}},
    {"id": "call_b", "name": "confirm_booking", "arguments": {"flight": "XY123"}, "dependencies": ["call_a"]}
  ],
  "deferred": [
    {"id": "call_s2", "name": "send_invoice", "arguments": {"flight": "XY123"},
     "venue": "server", "dependencies": ["call_s1", "call_b"], "blocked_by": ["call_b"]}
  ],
  "turns_consumed": 1,
  "usage": {"prompt_tokens": 210, "completion_tokens": 58, "total_tokens": 268}
})";

inline constexpr std::string_view final_completion = R"({
  "id": "chatcmpl-h2", "object": "chat.completion", "created": 1775000009, "model": "openai/gpt-5",
  "choices": [{"index": 0, "finish_reason": "stop",
    "message": {"role": "assistant", "content": "Booked XY123 (B-9); the invoice is on its way.", "refusal": null}}],
  "tools_executed": ["send_invoice"],
  "turns_consumed": 1,
  "usage": {"prompt_tokens": 340, "completion_tokens": 21, "total_tokens": 361}
})";

inline const std::vector<std::string_view> chunks{
    R"({"id":"c1","object":"chat.completion.chunk","created":1775000000,"model":"openai/gpt-5-nano","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}],"usage":null})",
    R"({"id":"c1","object":"chat.completion.chunk","created":1775000000,"model":"openai/gpt-5-nano","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"add","arguments":""}}]},"finish_reason":null}],"usage":null})",
    R"({"id":"c1","object":"chat.completion.chunk","created":1775000000,"model":"openai/gpt-5-nano","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"a\":1,"}}]},"finish_reason":null}],"usage":null})",
    R"({"id":"c1","object":"chat.completion.chunk","created":1775000000,"model":"openai/gpt-5-nano","choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}],"usage":null})",
    R"({"id":"c1","object":"chat.completion.chunk","created":1775000000,"model":"openai/gpt-5-nano","choices":[],"usage":{"prompt_tokens":20,"completion_tokens":9,"total_tokens":29}})",
    R"({"id":"c1","choices":[{"index":1,"delta":{"content":"Hi","refusal":null,"reasoning_content":"hm"},"logprobs":{"content":[{"token":"Hi","logprob":-9999,"bytes":null,"top_logprobs":[]}],"refusal":[]},"finish_reason":null}],"obfuscation":"x7","system_fingerprint":"fp","service_tier":null})",
    R"({"id":"c1","choices":[{"index":0,"delta":{"audio":{"id":"a1","data":"UklG","transcript":"Hi","expires_at":1775000100}},"finish_reason":null}]})",
    R"({"id":"c1","choices":[{"index":0,"delta":{"function_call":{"name":"f","arguments":"{"},"tool_calls":[{"index":1,"id":"c","type":"custom","custom":{"name":"calc","input":"1+"},"thought_signature":"c2ln"}]},"finish_reason":null}]})",
    R"({"id":"c1","choices":[],"x_dedalus_event":{"type":"agent_updated","agent":"a","model":"openai/gpt-5"}})",
    R"({"id":"c1","choices":[],"correlation_id":"corr","turns_consumed":1,"tools_executed":["s"],"server_results":{"s1":null},"pending_tools":[{"id":"p","name":"n","arguments":{}}],"deferred":[{"id":"d","name":"n"}],"mcp_tool_results":[{"tool_name":"t","server_name":"s","arguments":{},"is_error":true,"result":null}],"mcp_server_errors":{"acme/kb":{"message":"down"}}})",
};

}  // namespace wire_examples
