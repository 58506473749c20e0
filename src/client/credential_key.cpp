#include "client/credential_key.hpp"

#include <dedalus/error.hpp>
#include <dedalus/version.hpp>

#include "crypto/jwks.hpp"
#include "net/tls_context.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <exception>
#include <string>
#include <utility>

namespace asio = boost::asio;

namespace dedalus {

namespace {

using clock = std::chrono::steady_clock;

constexpr std::size_t max_key_set_bytes = 256 * 1024;

/// Nothing that the API is told: neither keys nor headers of the user.
const http_headers& key_set_headers()
{
    static const http_headers headers{
        {"Accept-Encoding", "identity"},
        {"User-Agent", "dedalus-cpp/" DEDALUS_VERSION_STRING},
    };
    return headers;
}

transport::http_transport transport_for_key(const client::impl& client)
{
    const protocol::base_url& server = *client.config.authorization_server;
    std::shared_ptr<const net::tls_context> tls = client.tls;
    if (server.tls() && !tls)
        tls = std::make_shared<const net::tls_context>(client.config.tls);
    pool_options unpooled = client.config.pool;
    unpooled.max_idle_connections = 0;
    return {
        client.executor,
        server,
        std::move(tls),
        client.config.tcp,
        client.config.proxies.proxy_for(server),
        client.config.tls,
        unpooled,
        client.config.limits};
}

std::shared_ptr<chat_call> make_key_call(const chat_call& caller, transport::http_transport& transport)
{
    call_target target{
        .transport = &transport,
        .headers = &key_set_headers(),
        .method = "GET",
        .endpoint = "/.well-known/jwks.json",
        .server = "the MCP authorization server",
    };
    std::shared_ptr<chat_call> call = make_call(caller.client, std::move(target));
    call->limits = caller.limits;
    call->limits.times = std::make_shared<timings>();
    call->retry = caller.retry;
    call->total_of_body = caller.limits.total;
    call->max_body_bytes = std::min(call->max_body_bytes, max_key_set_bytes);
    return call;
}

key_cache::key read_key(const chat_answer& answer)
{
    try {
        return std::make_shared<const crypto::credential_sealer>(crypto::encryption_key(answer.body));
    }
    catch (const crypto::key_error& e) {
        throw response_format_error(
            std::string("the key set of the MCP authorization server: ") + e.what(),
            answer.info->status,
            std::string(answer.info->headers.find("Content-Type").value_or("")),
            answer.body
        );
    }
}

asio::awaitable<key_cache::key> fetch(std::shared_ptr<const chat_call> caller)
{
    transport::http_transport transport = transport_for_key(*caller->client);
    std::shared_ptr<chat_call> call = make_key_call(*caller, transport);
    try {
        const chat_answer answer = co_await perform(call);
        key_cache::key key = read_key(answer);
        caller->client->credential_key.store(key, clock::now());
        co_return key;
    }
    catch (const boost::system::system_error&) {
        rethrow_as_error(*call);
    }
}

/// Lets those who wait for a fetch go on, however it ends.
class fetch_turn
{
public:
    explicit fetch_turn(key_cache& cache) : cache_(cache) {}

    ~fetch_turn() { cache_.end_fetch(); }

    fetch_turn(const fetch_turn&) = delete;
    fetch_turn& operator=(const fetch_turn&) = delete;

private:
    key_cache& cache_;
};

asio::awaitable<void> wait_for(std::shared_ptr<net::wake_up> event, transport::call_limits limits)
{
    const net::watch_scope watched(*limits.guard, *event);
    limits.guard->arm(limits.total);
    std::exception_ptr failure;
    try {
        co_await event->wait();
    }
    catch (const boost::system::system_error&) {
        failure = std::current_exception();
    }
    limits.guard->disarm();
    limits.guard->throw_if_fired();
    if (failure)
        std::rethrow_exception(failure);
}

}  // namespace

asio::awaitable<key_cache::key> credential_key(std::shared_ptr<const chat_call> caller)
{
    key_cache& cache = caller->client->credential_key;
    if (key_cache::key known = cache.find(clock::now()))
        co_return known;

    auto turn = std::make_shared<net::wake_up>(caller->client->executor);
    if (cache.begin_fetch(turn)) {
        const fetch_turn ends_with_this_scope(cache);
        key_cache::key fetched = co_await fetch(caller);
        co_return fetched;
    }
    co_await wait_for(turn, caller->limits);
    key_cache::key shared = cache.find(clock::now());
    // The fetch of another call failed, or was cancelled with it. Whoever waited for it fetches for himself: waiting
    // for one turn after another would add up.
    if (!shared)
        shared = co_await fetch(caller);
    co_return shared;
}

}  // namespace dedalus
