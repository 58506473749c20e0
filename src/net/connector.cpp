#include "net/connector.hpp"

#include <dedalus/error.hpp>

#include "net/proxy_tunnel.hpp"
#include "net/tcp_stream.hpp"
#include "net/tls_stream.hpp"
#include "net/wake_up.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/system_error.hpp>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace dedalus::net {

namespace asio = boost::asio;
using boost::system::error_code;
using clock = std::chrono::steady_clock;
using tcp = asio::ip::tcp;

namespace {

/// One call of connect(), for the length of it.
class attempt
{
public:
    explicit attempt(connect_request what)
        : request(std::move(what)), step(protocol::phase_deadline(call_phase::resolve, clock::now(), request.limit))
    {
        std::string& host = request.host;
        if (host.size() > 2 && host.front() == '[' && host.back() == ']')
            host = host.substr(1, host.size() - 2);
    }

    ~attempt() { request.guard->disarm(); }

    attempt(const attempt&) = delete;
    attempt& operator=(const attempt&) = delete;

    watchdog& guard() { return *request.guard; }

    void enter(call_phase phase)
    {
        step.phase = phase;
        guard().arm(protocol::earliest(step, request.total));
    }

    /// What TCP connects to.
    const std::string& hop_host() const { return request.proxy ? request.proxy->host : request.host; }

    std::uint16_t hop_port() const { return request.proxy ? request.proxy->port : request.port; }

    /// The same, for people.
    std::string hop() const { return request.proxy ? "the proxy " + request.proxy->authority() : peer(); }

    /// host:port of the server, for people.
    std::string peer() const
    {
        const bool colons = request.host.find(':') != std::string::npos;
        return (colons ? '[' + request.host + ']' : request.host) + ':' + std::to_string(request.port);
    }

    connect_request request;
    protocol::deadline step;  // the connect limit; its phase is the step that is being done
};

std::chrono::microseconds since(clock::time_point start)
{
    return std::chrono::duration_cast<std::chrono::microseconds>(clock::now() - start);
}

/// Shared with the resolver, which may answer after everybody has left.
struct lookup
{
    explicit lookup(const asio::any_io_executor& executor) : answered(executor) {}

    wake_up answered;
    error_code ec;
    std::vector<tcp::endpoint> addresses;
};

void start_lookup(tcp::resolver& resolver, const attempt& job, std::shared_ptr<lookup> result)
{
    resolver.async_resolve(
        job.hop_host(),
        std::to_string(job.hop_port()),
        asio::ip::resolver_base::numeric_service,
        [result](const error_code& ec, const tcp::resolver::results_type& found) {
            result->ec = ec;
            for (const auto& entry : found)
                result->addresses.push_back(entry.endpoint());
            result->answered.notify();
        }
    );
}

asio::awaitable<std::vector<tcp::endpoint>> resolve(attempt& job  // borrowed
)
{
    std::vector<tcp::endpoint> addresses;
    error_code not_an_address;
    const asio::ip::address address = asio::ip::make_address(job.hop_host(), not_an_address);
    if (!not_an_address) {
        addresses.emplace_back(address, job.hop_port());
        co_return addresses;
    }
    const auto result = std::make_shared<lookup>(job.request.executor);
    result->ec = asio::error::host_not_found;
    // An empty name would mean this host to the resolver.
    if (!job.hop_host().empty()) {
        job.enter(call_phase::resolve);
        const watch_scope scope(job.guard(), result->answered);
        tcp::resolver resolver(job.request.executor);  // its destructor drops a lookup that has not begun
        start_lookup(resolver, job, result);
        co_await result->answered.wait();
    }
    if (result->ec || result->addresses.empty())
        throw connection_error(call_phase::resolve, result->ec, "cannot resolve " + job.hop_host());
    co_return std::move(result->addresses);
}

/// The time one address gets: a silent one must leave some for the others.
protocol::deadline share_of_time(const attempt& job, std::size_t addresses_left)
{
    protocol::deadline share = protocol::earliest(job.step, job.request.total);
    if (addresses_left > 1 && !share.unlimited()) {
        const clock::time_point now = clock::now();
        share.at = now + (share.at - now) / static_cast<clock::rep>(addresses_left);
    }
    return share;
}

asio::awaitable<std::unique_ptr<tcp_stream>> connect_to(
    attempt& job,  // borrowed
    tcp::endpoint address,
    error_code& ec  // borrowed
)
{
    auto stream = std::make_unique<tcp_stream>(job.request.executor, job.request.tcp);
    const watch_scope scope(job.guard(), *stream);
    stream->start_connect(address, ec);
    while (ec == asio::error::would_block) {
        co_await stream->wait();
        stream->finish_connect(ec);
    }
    co_return stream;
}

asio::awaitable<std::unique_ptr<tcp_stream>> connect_to_any(
    attempt& job,  // borrowed
    std::vector<tcp::endpoint> addresses
)
{
    job.enter(call_phase::connect);
    error_code ec;
    for (std::size_t left = addresses.size(); left > 0; --left) {
        const protocol::deadline share = share_of_time(job, left);
        job.guard().arm(share);
        auto stream = co_await connect_to(job, addresses[addresses.size() - left], ec);
        if (left > 1 && job.guard().state() == watchdog::verdict::timed_out) {
            job.guard().reset();
            ec = asio::error::timed_out;
        }
        job.guard().throw_if_fired();
        if (!ec)
            co_return stream;
    }
    throw connection_error(call_phase::connect, ec, "cannot connect to " + job.hop());
}

asio::awaitable<void> pass_proxy(
    attempt& job,        // borrowed
    byte_stream& stream  // borrowed
)
{
    job.enter(call_phase::proxy);
    const watch_scope scope(job.guard(), stream);
    co_await open_tunnel(stream, job.request.host, job.request.port, *job.request.proxy, job.request.guard);
}

/// With whom TLS is spoken.
struct tls_peer
{
    call_phase phase;  ///< of errors
    std::shared_ptr<const tls_context> context;
    std::string host;
    std::string name;  ///< for people
};

std::unique_ptr<tls_stream> make_tls_stream(const tls_peer& peer, std::unique_ptr<byte_stream> stream)
{
    try {
        return std::make_unique<tls_stream>(std::move(stream), peer.context, peer.host);
    }
    catch (const boost::system::system_error& e) {
        throw connection_error(peer.phase, e.code(), "cannot begin TLS with " + peer.name);
    }
}

asio::awaitable<std::unique_ptr<byte_stream>> secure(
    attempt& job,  // borrowed
    tls_peer peer,
    std::unique_ptr<byte_stream> connected_stream
)
{
    job.enter(peer.phase);
    auto stream = make_tls_stream(peer, std::move(connected_stream));
    const watch_scope scope(job.guard(), *stream);
    error_code ec;
    stream->try_handshake(ec);
    while (ec == asio::error::would_block) {
        co_await stream->wait();
        stream->try_handshake(ec);
    }
    if (!ec)
        co_return stream;
    job.guard().throw_if_fired();
    throw connection_error(
        peer.phase, ec, "TLS handshake with " + peer.name + " failed: " + stream->handshake_problem()
    );
}

asio::awaitable<connected> connect_in_steps(attempt& job  // borrowed
)
{
    connected result;
    clock::time_point step = clock::now();
    auto addresses = co_await resolve(job);
    job.request.times->dns = since(step);

    step = clock::now();
    std::unique_ptr<byte_stream> stream = co_await connect_to_any(job, std::move(addresses));
    if (job.request.proxy && job.request.proxy->tls) {
        tls_peer proxy{call_phase::proxy, job.request.proxy_tls, job.request.proxy->host, job.hop()};
        stream = co_await secure(job, std::move(proxy), std::move(stream));
    }
    if (job.request.proxy && job.request.tls)
        co_await pass_proxy(job, *stream);
    job.request.times->connect = since(step);

    if (!job.request.tls) {
        result.stream = std::move(stream);
        co_return result;
    }
    step = clock::now();
    tls_peer server{call_phase::tls, job.request.tls, job.request.host, job.peer()};
    result.stream = co_await secure(job, std::move(server), std::move(stream));
    job.request.times->tls = since(step);
    co_return result;
}

}  // namespace

asio::awaitable<connected> connect(connect_request request)
{
    attempt job(std::move(request));
    job.guard().throw_if_fired();
    try {
        connected result = co_await connect_in_steps(job);
        job.guard().disarm();
        // A time limit may have passed, and shut the socket, in the moment between success and this line.
        job.guard().throw_if_fired();
        co_return result;
    }
    catch (const error&) {
        throw;
    }
    catch (const boost::system::system_error& e) {
        if (e.code() != asio::error::operation_aborted)
            throw connection_error(job.step.phase, e.code(), "cannot connect to " + job.hop());
        // An interrupted wait looks the same whoever interrupted it: the guard knows.
        job.guard().throw_if_fired();
        throw;
    }
}

}  // namespace dedalus::net
