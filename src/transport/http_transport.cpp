#include "transport/http_transport.hpp"

#include <dedalus/error.hpp>
#include <dedalus/proxy_error.hpp>

#include "net/connector.hpp"
#include "protocol/proxy_request.hpp"

#include <charconv>
#include <chrono>
#include <exception>
#include <utility>

namespace asio = boost::asio;

namespace dedalus::transport {

namespace {

using clock = std::chrono::steady_clock;

std::chrono::microseconds since(clock::time_point start)
{
    return std::chrono::duration_cast<std::chrono::microseconds>(clock::now() - start);
}

std::uint16_t port_number(const std::string& port)
{
    std::uint16_t number = 0;
    std::from_chars(port.data(), port.data() + port.size(), number);
    return number;
}

asio::awaitable<void> exchange(
    open_exchange& opened,        // borrowed
    const http_request& request,  // borrowed
    const call_limits& limits     // borrowed
)
{
    timings* const times = limits.times.get();
    opened.connection->begin(limits);
    const clock::time_point start = clock::now();
    co_await opened.connection->send(request.head, *request.body);
    times->write = since(start);
    const clock::time_point sent = clock::now();
    co_await opened.connection->read_header();
    times->header = since(sent);
}

/// The attempt goes on with another connection.
void forget_exchange(timings& times)
{
    times.reused_connection = false;
    times.write = {};
    times.bytes_sent = 0;
}

}  // namespace

http_transport::http_transport(
    asio::any_io_executor executor,
    protocol::base_url origin,
    std::shared_ptr<const net::tls_context> tls,
    const tcp_options& tcp,
    std::optional<protocol::proxy_address> proxy,
    const tls_options& proxy_tls,
    const pool_options& pool,
    const limit_options& limits
)
    : executor_(std::move(executor)), origin_(std::move(origin)), proxy_(std::move(proxy)),
      proxy_tls_(
          proxy_ && proxy_->tls ? std::make_shared<const net::tls_context>(net::without_client_certificate(proxy_tls))
                                : nullptr
      ),
      key_{origin_.scheme, origin_.host, origin_.port, proxy_ ? proxy_->authority() : std::string()},
      max_header_bytes_(limits.max_header_bytes), tls_(origin_.tls() ? std::move(tls) : nullptr), tcp_(tcp),
      pool_(std::make_shared<connection_pool>(executor_, pool))
{}

asio::awaitable<open_exchange> http_transport::send(http_request request, call_limits limits)
{
    if (forwarded())
        request.head = protocol::forwarded_head(request.head, origin_, *proxy_);
    open_exchange opened;
    const clock::time_point start = clock::now();
    // A coroutine less when there is no queue.
    if (std::optional<connection_lease> free = pool_->acquire_at_once(key_, limits))
        opened.connection = std::move(*free);
    else
        opened.connection = co_await pool_->acquire(key_, limits);
    limits.times->queue = since(start);
    if (opened.connection) {
        tell(connection_event::reused);
        limits.times->reused_connection = true;
        bool stale = false;
        try {
            co_await exchange(opened, request, limits);
        }
        catch (const connection_error&) {
            // Most likely the server had closed it, or was just doing so, and has not seen the request.
            stale = !opened.connection->answered() && (request.resend || !opened.connection->sent_whole());
            if (!stale)
                throw;
        }
        if (!stale) {
            check_forwarded(opened);
            co_return opened;
        }
        opened.connection->end_exchange();
        opened.connection.discard_dead();
        forget_exchange(*limits.times);
    }
    co_await connect(opened, limits);
    co_await exchange(opened, request, limits);
    check_forwarded(opened);
    co_return opened;
}

void http_transport::check_forwarded(const open_exchange& opened) const
{
    constexpr int authentication_required = 407;
    if (forwarded() && opened.connection->status() == authentication_required)
        throw proxy_error(proxy_->authority(), authentication_required);
}

asio::awaitable<void> http_transport::connect(open_exchange& opened /* borrowed */, call_limits limits)
{
    net::connect_request request{
        .executor = executor_,
        .host = origin_.host,
        .port = port_number(origin_.port),
        .tls = tls_,
        .tcp = tcp_,
        .proxy = proxy_,
        .proxy_tls = proxy_tls_,
        .limit = limits.timeouts.connect,
        .total = limits.total,
        .guard = limits.guard,
        .times = limits.times,
    };
    net::connected connected = co_await net::connect(std::move(request));
    auto connection = std::make_unique<http_connection>(std::move(connected.stream), max_header_bytes_);
    if (observer_)
        connection->observe_close([told = observer_](close_reason reason) { told(connection_event::closed, reason); });
    opened.connection.open(std::move(connection));
    tell(connection_event::opened);
}

void http_transport::tell(connection_event event) const
{
    if (observer_)
        observer_(event, close_reason::none);
}

void http_transport::release(connection_lease connection)
{
    connection.release();
}

}  // namespace dedalus::transport
