#include "protocol/chat_stream_decoder.hpp"

#include <dedalus/json.hpp>

#include "codec/decode_api_error.hpp"

#include <boost/json/object.hpp>
#include <boost/system/error_code.hpp>

#include <memory>
#include <string>
#include <utility>

namespace dedalus::protocol {

namespace {

constexpr std::string_view end_marker = "[DONE]";
constexpr std::string_view error_event = "error";

bool is_named(const server_event& event) noexcept
{
    return !event.name.empty() && event.name != "message";
}

bool is_chunk(const chat_completion_chunk& chunk)
{
    // An empty list of choices is kept in `extra`, a null in `nulls`.
    return !chunk.choices.empty() || chunk.object == "chat.completion.chunk" || chunk.extra.contains("choices") ||
           is_explicit_null(chunk, "choices");
}

}  // namespace

chat_stream_decoder::chat_stream_decoder(chat_stream_options options, api_error_details error_base)
    : options_(options), error_base_(std::move(error_base)), parser_(options.max_event_bytes),
      accumulator_(options.max_completion_bytes)
{}

void chat_stream_decoder::feed(std::string_view body)
{
    if (!done_)
        parser_.feed(body);
}

bool chat_stream_decoder::next()
{
    while (!done_) {
        boost::system::error_code ec;
        const std::optional<server_event> event = parser_.next(ec);
        try {
            if (ec.failed())
                throw response_format_error(errc::limit_exceeded, "an event of the stream is too long", 0, {}, {});
            if (!event)
                return false;
            if (decode(*event))
                return true;
        }
        catch (const response_format_error& e) {
            fail(e);
        }
    }
    return false;
}

void chat_stream_decoder::finish()
{
    if (std::exchange(done_, true))
        return;
    const bool complete = accumulator_.finished() || (got_chunk_ && options_.tolerate_missing_done);
    if (!complete)
        throw incomplete_stream_error(std::make_shared<const chat_completion>(accumulator_.completion()));
}

// False for the end marker and for an event that is not for a chat client.
bool chat_stream_decoder::decode(const server_event& event)
{
    if (event.data == end_marker) {
        done_ = true;
        got_end_marker_ = true;
        return false;
    }
    if (event.name == error_event)
        fail(event.data);

    try {
        chunks_.decode(event.data);
    }
    catch (const response_format_error&) {
        if (!is_named(event))
            throw;
        return false;
    }
    const chat_completion_chunk& chunk = chunks_.chunk();
    if (!chunk.extra.empty() && codec::is_error_object(chunk.extra))
        fail(event.data);
    if (is_named(event) && !is_chunk(chunk))
        return false;
    accumulator_.add(chunk);
    got_chunk_ = true;
    return true;
}

void chat_stream_decoder::fail(std::string_view error_body)
{
    done_ = true;
    api_error_details details = error_base_;
    details.in_stream = true;
    codec::decode_api_error(error_body, details);
    details.body = error_body.substr(0, options_.max_error_body_bytes);
    details.body_truncated = details.body.size() < error_body.size();
    throw api_error(errc::api, std::move(details));
}

void chat_stream_decoder::fail(const response_format_error& e)
{
    done_ = true;
    const std::string content_type(error_base_.headers.find("content-type").value_or(""));
    throw response_format_error(static_cast<errc>(e.code().value()), e.problem(), error_base_.status, content_type, {});
}

}  // namespace dedalus::protocol
