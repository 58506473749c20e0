#include "codec/encode_chat_request.hpp"
#include "fuzz/fuzz_targets.hpp"
#include "fuzz/invariants.hpp"

namespace dedalus::fuzz {

void fuzz_request(std::string_view input)
{
    const std::optional<chat_completion_request> request = read<chat_completion_request>(input);
    if (!request)
        return;
    require_round_trip(*request);
    if (!written(*request))
        return;
    for (const dialect spoken : {dialect::dedalus, dialect::openai, dialect::mistral}) {
        for (const bool stream : {false, true}) {
            boost::system::error_code ec;
            const boost::json::value body = codec::parse_json(codec::encode_chat_request(*request, stream, spoken), ec);
            require(!ec.failed() && body.is_object(), "the body of a request is a JSON object");
            require(body.get_object().contains("stream") == stream, "the call decides about stream");
        }
    }
}

}  // namespace dedalus::fuzz
