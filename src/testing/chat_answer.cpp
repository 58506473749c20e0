#include "testing/chat_answer.hpp"

#include "testing/request_view.hpp"
#include "testing/token_text.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <string_view>

namespace dedalus::testing {

namespace json = boost::json;

namespace {

/// Arguments of streamed tool calls come in deltas of this many bytes.
constexpr std::size_t argument_delta_bytes = 12;

/// One choice as it will be sent.
struct choice
{
    std::optional<std::string> text;
    std::vector<requested_call> calls;
    std::string finish_reason;

    std::vector<std::string_view> tokens() const { return text ? tokens_of(*text) : std::vector<std::string_view>(); }
};

std::vector<choice> make_choices(const chat_answer& answer, const json::object& request)
{
    const std::int64_t n = int_member(request, "n").value_or(1);
    std::vector<choice> choices;
    for (std::int64_t i = 0; i < n; ++i) {
        choice one{answer.text, answer.calls, answer.calls.empty() ? "stop" : "tool_calls"};
        if (one.text) {
            limited_text limited = limit_text(*one.text, request);
            one.text = std::move(limited.text);
            if (limited.cut && one.calls.empty())
                one.finish_reason = "length";
        }
        // Call ids are unique in a completion.
        for (requested_call& call : one.calls)
            if (i > 0)
                call.id.append("_").append(std::to_string(i));
        choices.push_back(std::move(one));
    }
    return choices;
}

json::object usage_of(const std::vector<choice>& choices, const json::object& request)
{
    std::int64_t completion = 0;
    for (const choice& one : choices) {
        completion += static_cast<std::int64_t>(one.tokens().size());
        for (const requested_call& call : one.calls)
            completion += 1 + static_cast<std::int64_t>(call.arguments.size() / 4);
    }
    const std::int64_t prompt = prompt_tokens(request);
    return {
        {"prompt_tokens", prompt},
        {"completion_tokens", completion},
        {"total_tokens", prompt + completion},
        {"prompt_tokens_details", {{"cached_tokens", 0}, {"audio_tokens", 0}}},
        {"completion_tokens_details", {{"reasoning_tokens", 0}, {"audio_tokens", 0}}},
    };
}

json::object call_json(const requested_call& call)
{
    if (call.custom)
        return {{"id", call.id}, {"type", "custom"}, {"custom", {{"name", call.name}, {"input", call.arguments}}}};
    return {
        {"id", call.id},
        {"type", "function"},
        {"function", {{"name", call.name}, {"arguments", call.arguments}}},
    };
}

json::value text_json(const std::optional<std::string>& text)
{
    return text ? json::value(*text) : json::value();
}

/// Log probabilities, the same for every token.
json::value logprobs_json(const std::vector<std::string_view>& text, const json::object& request)
{
    if (!bool_member(request, "logprobs").value_or(false))
        return nullptr;
    json::array tokens;
    for (const std::string_view token : text) {
        json::array bytes;
        for (const char c : token)
            bytes.emplace_back(static_cast<unsigned char>(c));
        json::object entry{{"token", token}, {"logprob", -0.25}, {"bytes", std::move(bytes)}};
        json::array top;
        if (int_member(request, "top_logprobs").value_or(0) > 0)
            top.push_back(entry);
        entry["top_logprobs"] = std::move(top);
        tokens.push_back(std::move(entry));
    }
    return json::object{{"content", std::move(tokens)}, {"refusal", nullptr}};
}

std::string model_name(const json::object& request)
{
    const json::value* model = &request.at("model");
    if (model->is_array())
        model = &model->get_array().front();
    return model->is_string() ? std::string(model->get_string()) : string_member(model->as_object(), "model");
}

json::object frame(const char* object, const json::object& request, const completion_identity& identity)
{
    return {
        {"id", identity.id},
        {"object", object},
        {"created", identity.created},
        {"model", model_name(request)},
        {"system_fingerprint", "fp_testserver"},
    };
}

/// The JSON text of `body` with the raw members at its end.
std::string serialize_with(const json::object& body, const std::vector<std::pair<std::string, std::string>>& raw)
{
    std::string text = json::serialize(body);
    for (const auto& [name, value] : raw) {
        text.pop_back();
        text.append(",").append(json::serialize(name)).append(":").append(value).append("}");
    }
    return text;
}

/// One event. JSON text with line ends becomes several data lines, which the client joins to the same bytes.
void append_event(std::string& events, std::string_view text)
{
    std::size_t begin = 0;
    for (std::size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n', begin)) {
        events.append("data: ").append(text.substr(begin, end - begin)).append("\n");
        begin = end + 1;
    }
    events.append("data: ").append(text.substr(begin)).append("\n\n");
}

void merge(json::object& into, const json::object& from)
{
    for (const auto& member : from)
        into[member.key()] = member.value();
}

reply render_unary(
    const chat_answer& answer,
    const std::vector<choice>& choices,
    const json::object& request,
    const completion_identity& identity
)
{
    json::object body = frame("chat.completion", request, identity);
    json::array list;
    for (const choice& one : choices) {
        json::object message{{"role", "assistant"}, {"content", text_json(one.text)}, {"refusal", nullptr}};
        json::array calls;
        for (const requested_call& call : one.calls)
            calls.push_back(call_json(call));
        if (!calls.empty())
            message["tool_calls"] = std::move(calls);
        list.push_back(
            {{"index", list.size()},
             {"message", std::move(message)},
             {"logprobs", logprobs_json(one.tokens(), request)},
             {"finish_reason", one.finish_reason}}
        );
    }
    body["choices"] = std::move(list);
    body["usage"] = usage_of(choices, request);
    merge(body, answer.extension);
    reply r;
    r.body = serialize_with(body, answer.raw_extension);
    return r;
}

/// Collects the events of a stream and where each of them ends.
class event_writer
{
public:
    event_writer(json::object chunk_frame, bool with_usage) : frame_(std::move(chunk_frame)), with_usage_(with_usage) {}

    void
    delta(std::size_t index, json::object delta, json::value finish_reason = nullptr, json::value logprobs = nullptr)
    {
        json::object entry{
            {"index", index},
            {"delta", std::move(delta)},
            {"logprobs", std::move(logprobs)},
            {"finish_reason", std::move(finish_reason)},
        };
        json::object chunk = frame_;
        chunk["choices"] = json::array{std::move(entry)};
        if (with_usage_)
            chunk["usage"] = nullptr;
        chunks_.push_back(std::move(chunk));
    }

    void usage(json::object usage)
    {
        json::object chunk = frame_;
        chunk["choices"] = json::array();
        chunk["usage"] = std::move(usage);
        chunks_.push_back(std::move(chunk));
    }

    /// The extension goes onto the last chunk.
    reply finish(const chat_answer& answer, std::chrono::milliseconds delay)
    {
        merge(chunks_.back(), answer.extension);
        reply r;
        for (const json::object& chunk : chunks_) {
            const bool last = &chunk == &chunks_.back();
            const std::string text = last ? serialize_with(chunk, answer.raw_extension) : json::serialize(chunk);
            append_event(r.body, text);
            r.split_at.push_back(r.body.size());
        }
        r.body.append("data: [DONE]\n\n");
        r.headers.add("Content-Type", "text/event-stream");
        r.framing = body_framing::chunked;
        r.piece_delay = delay;
        return r;
    }

private:
    json::object frame_;
    bool with_usage_;
    std::vector<json::object> chunks_;
};

void write_call(event_writer& events, std::size_t choice_index, std::size_t call_index, const requested_call& call)
{
    const char* kind = call.custom ? "custom" : "function";
    const char* payload = call.custom ? "input" : "arguments";
    const auto call_delta = [&](const json::object& entry) {
        json::object indexed{{"index", call_index}};
        merge(indexed, entry);
        events.delta(choice_index, {{"tool_calls", json::array{std::move(indexed)}}});
    };
    call_delta({{"id", call.id}, {"type", kind}, {kind, {{"name", call.name}, {payload, ""}}}});
    const std::string& text = call.arguments;
    for (std::size_t begin = 0; begin < text.size();) {
        std::size_t end = std::min(begin + argument_delta_bytes, text.size());
        // A delta is a JSON string: it cannot end inside a UTF-8 sequence.
        while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U)
            ++end;
        call_delta({{kind, {{payload, text.substr(begin, end - begin)}}}});
        begin = end;
    }
}

void write_choice(event_writer& events, std::size_t index, const choice& one, const json::object& request)
{
    events.delta(index, {{"role", "assistant"}, {"content", one.text ? json::value("") : json::value()}});
    for (const std::string_view token : one.tokens())
        events.delta(index, {{"content", token}}, nullptr, logprobs_json({token}, request));
    for (std::size_t i = 0; i < one.calls.size(); ++i)
        write_call(events, index, i, one.calls[i]);
    events.delta(index, {}, json::value(one.finish_reason));
}

}  // namespace

reply render_answer(
    const chat_answer& answer,
    const json::object& request,
    const completion_identity& identity,
    std::chrono::milliseconds stream_delay
)
{
    const std::vector<choice> choices = make_choices(answer, request);
    if (!bool_member(request, "stream").value_or(false))
        return render_unary(answer, choices, request, identity);

    const json::value* options = member(request, "stream_options");
    const bool with_usage = options != nullptr && bool_member(options->as_object(), "include_usage").value_or(false);
    event_writer events(frame("chat.completion.chunk", request, identity), with_usage);
    for (std::size_t i = 0; i < choices.size(); ++i)
        write_choice(events, i, choices[i], request);
    if (with_usage)
        events.usage(usage_of(choices, request));
    return events.finish(answer, stream_delay);
}

}  // namespace dedalus::testing
