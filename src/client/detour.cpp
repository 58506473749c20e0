#include "client/detour.hpp"

#include <utility>

namespace dedalus {

namespace {

std::unique_ptr<transport::http_transport> make_transport(const client::impl& client, const protocol::base_url& origin)
{
    const configuration& config = client.config;
    std::shared_ptr<const net::tls_context> tls;
    if (origin.tls())
        tls = std::make_shared<const net::tls_context>(net::without_client_certificate(config.tls));
    pool_options unpooled = config.pool;
    unpooled.max_idle_connections = 0;
    return std::make_unique<transport::http_transport>(
        client.executor,
        origin,
        std::move(tls),
        config.tcp,
        config.proxies.proxy_for(origin),
        config.tls,
        unpooled,
        config.limits
    );
}

}  // namespace

std::optional<protocol::redirect>
next_redirect(const chat_call& call, int status, const http_headers& headers, int followed)
{
    const configuration& config = call.client->config;
    if (followed >= config.max_redirects)
        return std::nullopt;
    const call_target& target = call.target;
    const protocol::base_url& origin = target.transport->origin();
    const std::string asked = target.redirected ? target.endpoint : origin.target(target.endpoint);
    auto found = protocol::decide_redirect(status, headers, origin, asked);
    // The body may hold MCP credentials in plaintext.
    if (found && !found->same_origin && !config.authorization_server)
        return std::nullopt;
    return found;
}

void take_detour(chat_call& call, protocol::redirect where)
{
    if (!call.direct)
        call.direct = std::make_unique<call_target>(call.target);
    call.target.endpoint = std::move(where.target);
    call.target.redirected = true;
    if (where.same_origin)
        return;
    auto elsewhere = std::make_unique<detour>();
    elsewhere->headers = protocol::headers_for_other_origin(*call.target.headers);
    elsewhere->transport = make_transport(*call.client, where.origin);
    call.target.transport = elsewhere->transport.get();
    call.target.headers = &elsewhere->headers;
    call.elsewhere = std::move(elsewhere);
}

void end_detour(chat_call& call)
{
    if (!call.direct)
        return;
    call.target = *call.direct;
    call.elsewhere.reset();
}

}  // namespace dedalus
