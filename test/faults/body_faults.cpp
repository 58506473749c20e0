#include "faults/fault.hpp"
#include "faults/fault_scenes.hpp"

#include <string>
#include <utility>

namespace test {

using namespace std::chrono_literals;
using dedalus::client_options;
using dedalus::testing::body_framing;
using dedalus::testing::reply;
using dedalus::testing::reply_end;

namespace {

constexpr fault_ends broken_off =
    unary_and_stream(again("connection_error connection body"), once("connection_error connection stream_idle"));

constexpr fault_ends silent =
    unary_and_stream(again("timeout_error timeout body"), once("timeout_error timeout stream_idle"));

constexpr fault_ends bad_framing = everywhere(once("response_format_error invalid_response"));

void limit_idle(client_options& options)
{
    options.timeouts.stream_idle = 150ms;
}

void limit_first_event(client_options& options)
{
    options.timeouts.stream_idle = 150ms;
    options.timeouts.first_event = 150ms;
}

void limit_events(client_options& options)
{
    options.timeouts.stream_idle = 150ms;
    options.timeouts.idle_counts_events = true;
}

void limit_total(client_options& options)
{
    options.timeouts.total = 150ms;
}

std::function<fault_scene(bool, bool)> half(body_framing how, reply_end end, option_change change = nullptr)
{
    return replying(
        [how, end](bool stream) {
            reply r = half_answer(stream, end);
            r.framing = how;
            return r;
        },
        std::move(change)
    );
}

reply nothing(bool stream)
{
    reply r = whole_answer(stream);
    r.stop_after = 0;
    r.end = reply_end::silence;
    return r;
}

std::string head(bool stream, const std::string& framing_line)
{
    const std::string type = stream ? "text/event-stream" : "application/json";
    return "HTTP/1.1 200 OK\r\nContent-Type: " + type + "\r\n" + framing_line + "\r\n\r\n";
}

/// A chunked answer that begins so.
std::function<fault_scene(bool, bool)> chunks(std::string begin)
{
    return replying([begin = std::move(begin)](bool stream) {
        return raw_reply(head(stream, "Transfer-Encoding: chunked") + begin, reply_end::silence);
    });
}

/// The whole answer under a length that differs from its own.
std::function<fault_scene(bool, bool)> wrong_length(int difference)
{
    return replying([difference](bool stream) {
        const std::string body = whole_answer(stream).body;
        const int length = static_cast<int>(body.size()) + difference;
        return raw_reply(head(stream, "Content-Length: " + std::to_string(length)) + body);
    });
}

/// All of it, until the connection ends.
std::function<fault_scene(bool, bool)> without_length(reply_end end)
{
    return replying([end](bool stream) {
        const std::string body = stream ? "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"whole\"},"
                                          "\"finish_reason\":\"stop\"}]}\n\n"
                                        : whole_answer(stream).body;
        return raw_reply(head(stream, "Connection: close") + body, end);
    });
}

/// A stream that gives one event, and then nothing but comments.
std::function<fault_scene(bool, bool)> comments_alone(option_change change)
{
    return replying(
        [](bool) {
            const std::string event = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"wh\"}}]}\n\n";
            std::string comments;
            for (int i = 0; i < 1000; ++i)
                comments += ": ping\n\n";
            reply r = dedalus::testing::event_stream_reply(event + comments);
            r.piece_bytes = event.size();
            r.piece_delay = 20ms;
            return r;
        },
        std::move(change)
    );
}

std::function<fault_scene(bool, bool)> byte_by_byte(std::chrono::milliseconds pause, option_change change = nullptr)
{
    return replying(
        [pause](bool stream) {
            reply r = whole_answer(stream);
            r.piece_bytes = 8;
            r.piece_delay = pause;
            return r;
        },
        std::move(change)
    );
}

}  // namespace

fault_group body_faults()
{
    return {
        "Reading the body",
        {
            {"silent before its first byte",
             replying(nothing, limit_first_event),
             unary_and_stream(again("timeout_error timeout body"), once("timeout_error timeout first_event"))},
            {"silent", half(body_framing::chunked, reply_end::silence, limit_idle), silent},
            {"closed, by length", half(body_framing::content_length, reply_end::close), broken_off},
            {"closed, chunked", half(body_framing::chunked, reply_end::close), broken_off},
            {"closed without close_notify, by length",
             half(body_framing::content_length, reply_end::cut),
             only_https_of(broken_off)},
            {"reset", half(body_framing::chunked, reply_end::reset), broken_off},
            {"half of it, ended by the end of the connection",
             half(body_framing::until_close, reply_end::close),
             unary_and_stream(
                 once("response_format_error invalid_response"), once("incomplete_stream_error incomplete_stream")
             )},
            {"all of it, ended by the end of the connection", without_length(reply_end::close), everywhere(well)},
            {"all of it, ended without close_notify", without_length(reply_end::cut), only_https_of(broken_off)},
            {"shorter than its length",
             wrong_length(5),
             unary_and_stream(again("connection_error connection body"), well)},
            {"longer than its length",
             wrong_length(-6),
             unary_and_stream(once("response_format_error invalid_response"), well)},
            {"a chunk size that is no number", chunks("zz\r\n"), bad_framing},
            {"a chunk that is longer than its size", chunks("2\r\n{\"xyz\r\n"), bad_framing},
            {"a chunk size above 64 bits", chunks("fffffffffffffffff\r\n"), bad_framing},
            {"comments alone behind the first event, with `idle_counts_events`",
             comments_alone(limit_events),
             unary_and_stream(no_such_call, once("timeout_error timeout stream_idle"))},
            {"slow, but never as slow as the limit", byte_by_byte(1ms), everywhere(well)},
            {"slow, and the total limit passes",
             byte_by_byte(100ms, limit_total),
             everywhere(once("timeout_error timeout total"))},
        }};
}

}  // namespace test
