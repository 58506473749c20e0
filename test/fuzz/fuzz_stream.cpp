#include "fuzz/cut.hpp"
#include "fuzz/fuzz_targets.hpp"
#include "fuzz/invariants.hpp"
#include "protocol/chat_stream_decoder.hpp"
#include "protocol/event_stream_parser.hpp"

#include <cstddef>
#include <vector>

namespace dedalus::fuzz {
namespace {

// Small, so that inputs of a usual size pass them.
constexpr std::size_t max_event_bytes = 2048;
constexpr std::size_t max_completion_bytes = 4096;

std::vector<std::string> events_of(const std::vector<std::string>& pieces)
{
    std::vector<std::string> events;
    protocol::event_stream_parser parser(max_event_bytes);
    for (const std::string& piece : pieces) {
        parser.feed(piece);
        boost::system::error_code ec;
        while (const std::optional<protocol::server_event> event = parser.next(ec)) {
            std::string text;
            for (const std::string_view field : {event->name, event->data, event->id})
                text.append(field).append("\n--\n");
            events.push_back(text.append(event->retry ? std::to_string(*event->retry) : "none"));
        }
        if (ec.failed()) {
            events.push_back(ec.message());
            break;
        }
    }
    return events;
}

struct decoded_stream
{
    std::size_t chunks = 0;
    std::string failure;
    chat_completion completion;

    bool operator==(const decoded_stream&) const = default;
};

decoded_stream decode(const std::vector<std::string>& pieces)
{
    decoded_stream seen;
    protocol::chat_stream_decoder decoder(
        {.max_event_bytes = max_event_bytes, .max_completion_bytes = max_completion_bytes}, {}
    );
    try {
        for (const std::string& piece : pieces) {
            decoder.feed(piece);
            while (decoder.next())
                ++seen.chunks;
        }
        decoder.finish();
    }
    catch (const error& e) {
        seen.failure = e.what();
    }
    require(decoder.done(), "a stream is done after its end or an error");
    seen.completion = decoder.accumulated().completion();
    return seen;
}

}  // namespace

void fuzz_stream(std::string_view input)
{
    const std::vector<std::string> whole{std::string(input)};
    const std::vector<std::string> pieces = cut(input);
    require(events_of(whole) == events_of(pieces), "events do not depend on how the bytes were cut");
    require(decode(whole) == decode(pieces), "an answer does not depend on how the bytes were cut");
}

}  // namespace dedalus::fuzz
