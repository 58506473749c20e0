#include "codec/encode_chat_request.hpp"
#include "fuzz/fuzz_targets.hpp"
#include "fuzz/invariants.hpp"

#include <cstddef>
#include <optional>
#include <string>

namespace dedalus::fuzz {

namespace {

/// A deferred completion cannot be streamed: the only body that is refused although it can be written.
bool can_be_sent(const boost::json::value& request, bool stream)
{
    const boost::json::value* deferred = request.get_object().if_contains("deferred");
    return !stream || deferred == nullptr || *deferred != true;
}

/// A loop sends its messages as the text that it has made of each before.
void require_raw_messages_to_be_the_same(
    chat_completion_request request, bool stream, dialect spoken, const std::string& body
)
{
    if (request.messages.empty())
        return;
    for (std::size_t i = 0; i < request.messages.size(); ++i)
        request.messages_raw += (i == 0 ? '[' : ',') + codec::encode_message(request.messages[i], i, spoken);
    request.messages_raw += ']';
    request.messages.clear();
    require(codec::encode_chat_request(request, stream, spoken) == body, "raw messages make the body of typed ones");
}

}  // namespace

void fuzz_request(std::string_view input)
{
    const std::optional<chat_completion_request> request = read<chat_completion_request>(input);
    if (!request)
        return;
    require_round_trip(*request);
    const std::optional<boost::json::value> whole = written(*request);
    if (!whole)
        return;
    for (const dialect spoken : {dialect::dedalus, dialect::openai, dialect::mistral}) {
        for (const bool stream : {false, true}) {
            if (!can_be_sent(*whole, stream))
                continue;
            boost::system::error_code ec;
            const std::string text = codec::encode_chat_request(*request, stream, spoken);
            const boost::json::value body = codec::parse_json(text, ec);
            require(!ec.failed() && body.is_object(), "the body of a request is a JSON object");
            require(body.get_object().contains("stream") == stream, "the call decides about stream");
            require_raw_messages_to_be_the_same(*request, stream, spoken, text);
        }
    }
}

}  // namespace dedalus::fuzz
