#include "faults/fault.hpp"
#include "faults/fault_scenes.hpp"

#include <string>
#include <utility>

namespace test {

using dedalus::client_options;
using dedalus::testing::reply;
using dedalus::testing::reply_end;

namespace {

constexpr fault_end in_the_answer = once("api_error api");
constexpr fault_end incomplete = once("incomplete_stream_error incomplete_stream");

constexpr fault_ends only_stream(fault_end end)
{
    return unary_and_stream(no_such_call, end);
}

/// The JSON of a unary answer, or the events of a stream.
std::function<fault_scene(bool, bool)> content(std::string json, std::string events, option_change change = nullptr)
{
    return replying(
        [json = std::move(json), events = std::move(events)](bool stream) {
            reply r = whole_answer(stream);
            r.body = stream ? events : json;
            return r;
        },
        std::move(change)
    );
}

std::function<fault_scene(bool, bool)> events(std::string text)
{
    return content("", std::move(text));
}

/// The same JSON as the body of a unary answer and as an event.
std::function<fault_scene(bool, bool)> json_or_event(const std::string& json)
{
    return content(json, "data: " + json + "\n\n");
}

/// A whole answer under these headers.
std::function<fault_scene(bool, bool)> under(dedalus::http_headers headers)
{
    return replying([headers = std::move(headers)](bool stream) {
        reply r = whole_answer(stream);
        for (const dedalus::http_header& field : headers)
            r.headers.set(field.name, field.value);
        return r;
    });
}

std::function<fault_scene(bool, bool)> html()
{
    return replying([](bool) {
        reply r;
        r.headers = {{"Content-Type", "text/html"}};
        r.body = "<html>Maintenance</html>";
        return r;
    });
}

std::function<fault_scene(bool, bool)> no_content()
{
    return replying([](bool) {
        reply r;
        r.status = 204;
        return r;
    });
}

void limit_content(client_options& options)
{
    options.limits.max_body_bytes = 100;
    options.limits.max_event_bytes = 100;
}

void limit_completion(client_options& options)
{
    options.limits.max_completion_bytes = 100;
}

std::string event(const std::string& text, const std::string& finish = "null")
{
    return "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"" + text + "\"},\"finish_reason\":" + finish +
           "}]}\n\n";
}

const std::string done = "data: [DONE]\n\n";
const std::string large = std::string(200, 'x');

}  // namespace

fault_group content_faults()
{
    return {
        "What the body says",
        {
            {"empty", content("", ""), unary_and_stream(unreadable, incomplete)},
            {"204", no_content(), everywhere(unreadable)},
            {"HTML with status 200", html(), everywhere(unreadable)},
            {"right, under a wrong content type",
             under({{"Content-Type", "text/plain"}}),
             unary_and_stream(well, unreadable)},
            {"called gzip, but none", under({{"Content-Encoding", "gzip"}}), everywhere(unreadable)},
            {"in an encoding that was not asked for", under({{"Content-Encoding", "br"}}), everywhere(unreadable)},
            {"malformed JSON", json_or_event("{\"choices\":["), everywhere(unreadable)},
            {"JSON, but no object", json_or_event("[1,2]"), everywhere(unreadable)},
            {"a member of a wrong type", json_or_event("{\"choices\":{}}"), everywhere(unreadable)},
            {"nested deeper than 128",
             json_or_event(std::string(200, '[') + std::string(200, ']')),
             everywhere(unreadable)},
            {"invalid UTF-8", json_or_event("{\"id\":\"\xff\"}"), everywhere(unreadable)},
            {"an error object", json_or_event("{\"error\":{\"message\":\"m\"}}"), everywhere(in_the_answer)},
            {"a body or event above the limit",
             content("{\"id\":\"" + large + "\"}", event(large) + done, limit_content),
             everywhere(too_large)},
            {"a text above the limit, in small events",
             content("", event(large.substr(0, 60)) + event(large.substr(0, 60)) + done, limit_completion),
             only_stream(too_large)},
            {"an error event", events(event("wh") + "event: error\ndata: overloaded\n\n"), only_stream(in_the_answer)},
            {"no [DONE], and no finish reason", events(event("whole")), only_stream(incomplete)},
            {"no [DONE], but a finish reason", events(event("whole", "\"stop\"")), only_stream(well)},
            {"no [DONE], and the last event is cut", events(event("wh") + "data: {\"cho"), only_stream(incomplete)},
            {"comments alone", events(": ping\n\nretry: 5\n\n"), only_stream(incomplete)},
            {"[DONE] with something behind it in the same event",
             events(event("whole") + "data: [DONE]x\n\n"),
             only_stream(unreadable)},
            {"anything behind [DONE]", events(event("whole", "\"stop\"") + done + "data: {\n\n"), only_stream(well)},
        }};
}

}  // namespace test
