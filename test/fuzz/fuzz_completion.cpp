#include "codec/decode_chat.hpp"
#include "codec/encode_chat_request.hpp"
#include "fuzz/fuzz_targets.hpp"
#include "fuzz/invariants.hpp"

#include <utility>

namespace dedalus::fuzz {
namespace {

std::optional<chat_completion> decoded_completion(std::string_view text)
{
    try {
        return codec::decode_chat_completion(text);
    }
    catch (const response_format_error&) {
        return std::nullopt;
    }
}

void require_deferred_goes_back(const chat_completion& completion)
{
    require(completion.deferred.empty() == completion.deferred_raw.empty(), "deferred calls have their bytes");
    if (completion.deferred.empty())
        return;
    chat_completion_request request{.model = "m"};
    request.deferred_calls_raw = completion.deferred_raw;
    const std::string body = codec::encode_chat_request(request, false, dialect::dedalus);
    require(body.find(completion.deferred_raw) != std::string::npos, "deferred calls go back byte for byte");
}

}  // namespace

void fuzz_completion(std::string_view input)
{
    std::optional<chat_completion> completion = decoded_completion(input);
    if (!completion)
        return;
    require_deferred_goes_back(*completion);
    require(completion->text().size() <= input.size(), "a text is not longer than its JSON");
    for (const choice& each : completion->choices)
        require_round_trip(each.message.for_request());
    require_round_trip(*completion);

    completion->deferred_raw.clear();
    completion->server_results_raw.clear();
    for (pending_call& call : completion->pending_tools)
        call.arguments_raw.clear();
    require(read<chat_completion>(input) == completion, "text and JSON are read alike");
}

}  // namespace dedalus::fuzz
