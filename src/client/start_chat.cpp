#include "client/start_chat.hpp"

#include "codec/encode_chat_request.hpp"
#include "crypto/secret.hpp"

#include <boost/json/monotonic_resource.hpp>
#include <boost/uuid/random_generator.hpp>
#include <boost/uuid/uuid_io.hpp>

#include <cstddef>
#include <string>
#include <utility>

namespace dedalus {

namespace json = boost::json;

namespace {

constexpr std::string_view endpoint = "/v1/chat/completions";
constexpr std::size_t first_block_bytes = 1024;

/// Null when there is nothing to encrypt.
std::unique_ptr<unsealed_request> make_unsealed(
    const configuration& config, const chat_completion_request& request, bool stream, const response_format* format
)
{
    if (!config.authorization_server || !(request.credentials || request.extra.contains("credentials")))
        return nullptr;
    crypto::cleansing_resource cleansing;
    json::monotonic_resource memory(first_block_bytes, &cleansing);
    json::object members = codec::chat_request_members(request, stream, config.dialect, format, &memory);
    if (!has_mcp_credentials(members))
        return nullptr;
    std::vector<plain_credential> credentials = take_mcp_credentials(members);
    auto unsealed = std::make_unique<unsealed_request>();
    unsealed->members = members;
    unsealed->deferred_calls_raw = request.deferred_calls_raw;
    unsealed->credentials = std::move(credentials);
    return unsealed;
}

}  // namespace

std::shared_ptr<chat_call> start_chat(
    std::shared_ptr<client::impl> client,
    const chat_completion_request& request,
    bool stream,
    const response_format* format
)
{
    std::unique_ptr<unsealed_request> unsealed = make_unsealed(client->config, request, stream, format);
    // Without its credentials a body can be refused now, rather than when the key for them is there.
    std::string body = unsealed ? codec::chat_request_text(unsealed->members, unsealed->deferred_calls_raw)
                                : codec::encode_chat_request(request, stream, client->config.dialect, format);
    call_target target = api_target(*client, "POST", std::string(endpoint));
    std::shared_ptr<chat_call> call = make_call(std::move(client), std::move(target));
    set_body(*call, std::move(body));
    call->unsealed = std::move(unsealed);
    call->stream = stream;
    call->idempotency_key = "dedalus-cpp-" + boost::uuids::to_string(boost::uuids::random_generator()());
    return call;
}

}  // namespace dedalus
