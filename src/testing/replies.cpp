#include <dedalus/testing/server.hpp>

#include <boost/json/serialize.hpp>

#include <utility>

namespace dedalus::testing {

namespace json = boost::json;

namespace {

json::value text_or_null(std::string text)
{
    return text.empty() ? json::value() : json::value(std::move(text));
}

}  // namespace

reply json_reply(json::value body, int status)
{
    reply r;
    r.status = status;
    r.body = json::serialize(body);
    return r;
}

reply text_reply(std::string text)
{
    json::object message{{"role", "assistant"}, {"content", std::move(text)}, {"refusal", nullptr}};
    json::object choice{
        {"index", 0}, {"message", std::move(message)}, {"finish_reason", "stop"}, {"logprobs", nullptr}};
    json::object completion{
        {"id", "chatcmpl-scripted"},
        {"object", "chat.completion"},
        {"created", 1775000000},
        {"model", "scripted"},
        {"choices", json::array{std::move(choice)}},
        {"usage", {{"prompt_tokens", 1}, {"completion_tokens", 1}, {"total_tokens", 2}}},
    };
    return json_reply(std::move(completion));
}

reply event_stream_reply(std::string event_stream)
{
    reply r;
    r.headers.add("Content-Type", "text/event-stream");
    r.body = std::move(event_stream);
    r.framing = body_framing::chunked;
    return r;
}

reply chunks_reply(const std::vector<json::value>& chunks, bool done)
{
    std::string events;
    for (const json::value& chunk : chunks)
        events.append("data: ").append(json::serialize(chunk)).append("\n\n");
    if (done)
        events.append("data: [DONE]\n\n");
    return event_stream_reply(std::move(events));
}

reply error_reply(int status, std::string message, std::string type, std::string code)
{
    json::object error{
        {"message", std::move(message)},
        {"type", text_or_null(std::move(type))},
        {"code", text_or_null(std::move(code))},
        {"param", nullptr},
    };
    return json_reply(json::object{{"error", std::move(error)}}, status);
}

}  // namespace dedalus::testing
