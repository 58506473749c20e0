#include "client/start_chat.hpp"

#include "client/idempotency_key.hpp"
#include "client/prepare_request.hpp"
#include "codec/encode_chat_request.hpp"
#include "codec/merge_members.hpp"
#include "crypto/secret.hpp"

#include <boost/json/monotonic_resource.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace dedalus {

namespace json = boost::json;

namespace {

constexpr std::string_view endpoint = "/v1/chat/completions";
constexpr std::size_t first_block_bytes = 1024;

/// Members that call_options::body sets win over the raw ones as well.
codec::raw_parts raw_parts(const chat_completion_request& request, const json::object& more)
{
    codec::raw_parts raw = codec::raw_parts_of(request);
    if (more.contains("deferred_calls"))
        raw.deferred_calls = {};
    if (more.contains("messages"))
        raw.messages = {};
    return raw;
}

std::string make_body(
    const configuration& config,
    const chat_completion_request& request,
    bool stream,
    const response_format* format,
    const json::object& more
)
{
    if (more.empty())
        return codec::encode_chat_request(request, stream, config.dialect, format);
    json::monotonic_resource memory;
    json::object members = codec::chat_request_members(request, stream, config.dialect, format, &memory);
    codec::merge_members(members, more, stream);
    return codec::chat_request_text(members, raw_parts(request, more));
}

/// Null when there is nothing to encrypt.
std::unique_ptr<unsealed_request> make_unsealed(
    const configuration& config,
    const chat_completion_request& request,
    bool stream,
    const response_format* format,
    const json::object& more
)
{
    const bool may_have = request.credentials || request.extra.contains("credentials") || more.contains("credentials");
    if (!config.authorization_server || !may_have)
        return nullptr;
    crypto::cleansing_resource cleansing;
    json::monotonic_resource memory(first_block_bytes, &cleansing);
    json::object members = codec::chat_request_members(request, stream, config.dialect, format, &memory);
    codec::merge_members(members, more, stream);
    if (!has_mcp_credentials(members))
        return nullptr;
    std::vector<plain_credential> credentials = take_mcp_credentials(members);
    auto unsealed = std::make_unique<unsealed_request>();
    unsealed->members = members;
    const codec::raw_parts raw = raw_parts(request, more);
    unsealed->deferred_calls_raw = raw.deferred_calls;
    unsealed->messages_raw = raw.messages;
    unsealed->credentials = std::move(credentials);
    return unsealed;
}

}  // namespace

std::shared_ptr<chat_call> start_chat(
    std::shared_ptr<client::impl> client,
    const chat_completion_request& request,
    bool stream,
    const response_format* format,
    const call_options* options
)
{
    static const json::object nothing;
    if (options != nullptr)
        check_call_options(*options);
    const json::object& more = options != nullptr ? options->body : nothing;
    std::unique_ptr<unsealed_request> unsealed = make_unsealed(client->config, request, stream, format, more);
    // Without its credentials a body can be refused now, rather than when the key for them is there.
    std::string body = unsealed ? text_of(*unsealed) : make_body(client->config, request, stream, format, more);
    std::span<const query_parameter> query;
    if (options != nullptr)
        query = options->query;
    call_target target = api_target(*client, "POST", std::string(endpoint), query);
    std::shared_ptr<chat_call> call = make_call(std::move(client), std::move(target));
    set_body(*call, std::move(body));
    call->unsealed = std::move(unsealed);
    call->stream = stream;
    call->idempotency_key = new_idempotency_key();
    if (options != nullptr)
        apply_call_options(*call, *options);
    return call;
}

}  // namespace dedalus
