#pragma once

#include <dedalus/client_hooks.hpp>
#include <dedalus/config.hpp>
#include <dedalus/credential_provider.hpp>
#include <dedalus/dialect.hpp>
#include <dedalus/http_headers.hpp>
#include <dedalus/logger.hpp>
#include <dedalus/proxy_options.hpp>
#include <dedalus/query_parameter.hpp>
#include <dedalus/tls_options.hpp>

#include <chrono>
#include <cstddef>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace dedalus {

/// "No limit" for any duration of timeout_options.
inline constexpr std::chrono::milliseconds no_limit = std::chrono::milliseconds::max();

/// "As many as the system allows" for the numbers of connections in pool_options.
inline constexpr std::size_t unlimited_connections = std::numeric_limits<std::size_t>::max();

/// Time limits. Each must be positive or `no_limit`; zero and negative values are a config_error.
/// A limit that passes throws timeout_error, whose phase() names it.
struct timeout_options
{
    /// For a connection, when as many as pool_options allows are in use. Not tried again: the queue is the client's
    /// own.
    std::chrono::milliseconds pool = std::chrono::seconds(60);

    /// Resolve, TCP connect, tunnel through the proxy and TLS handshake together.
    std::chrono::milliseconds connect = std::chrono::seconds(5);

    /// Without progress while sending.
    std::chrono::milliseconds write = std::chrono::seconds(60);

    /// From the end of the request to the complete response header.
    std::chrono::milliseconds response_header = std::chrono::seconds(60);

    /// From the response header of a stream to the first event for the caller, whatever bytes come before it: a model
    /// may read a long prompt meanwhile. The time before the first next() does not count. Default: response_header.
    std::optional<std::chrono::milliseconds> first_event{};

    /// Between two reads of a body, or of a stream whose first event has come. The time between two next() does not
    /// count.
    std::chrono::milliseconds stream_idle = std::chrono::seconds(60);

    /// In a stream, stream_idle is the time between two events for the caller: comments and other bytes that keep the
    /// connection alive do not extend it.
    bool idle_counts_events = false;

    /// The whole call: all attempts, the waits between them, and the body of a stream.
    std::chrono::milliseconds total = no_limit;
};

/// When a failed attempt is repeated. A stream whose 2xx header has come never is.
struct retry_options
{
    int max_retries = 2;  ///< attempts after the first; 0 switches retries off

    /// The first wait; not negative.
    std::chrono::milliseconds initial_backoff = std::chrono::milliseconds(500);

    double factor = 2.0;  ///< each wait is this many times the one before; at least 1

    /// The longest wait; not below initial_backoff, and at most 24 hours.
    std::chrono::milliseconds max_backoff = std::chrono::seconds(8);

    double jitter = 0.25;  ///< up to this share of a wait is taken off, at random; 0 to 1

    /// A server's hint (`retry-after-ms`, `Retry-After`) up to this takes the place of the computed wait. One above it
    /// is not waited for: the error is thrown at once, with retry_after(). At most 24 hours.
    std::chrono::milliseconds retry_after_cap = std::chrono::seconds(60);
};

/// A bound on the retries of a client and of those derived from it, against storms of them: within any `window`, at
/// most `share` of the number of calls, but always `minimum`. A retry over it is not made, and the failure is thrown.
struct retry_budget_options
{
    double share = 0.1;                                           ///< 0 to 1
    int minimum = 3;                                              ///< not negative
    std::chrono::milliseconds window = std::chrono::seconds(10);  ///< positive, at most 24 hours
};

/// Bounds on what is sent, and on what a server may make the client hold. Zero is a config_error.
/// JSON is also bounded in depth, read and written: 128 levels.
struct limit_options
{
    std::size_t max_request_bytes = 64 * 1024 * 1024;     ///< body of a request; a larger one is invalid_request_error
    std::size_t max_header_bytes = 64 * 1024;             ///< response header
    std::size_t max_body_bytes = 64 * 1024 * 1024;        ///< body of a unary answer, inflated
    std::size_t max_error_body_bytes = 1024 * 1024;       ///< body of an error answer, inflated; the rest is dropped
    std::size_t max_event_bytes = 64 * 1024 * 1024;       ///< one event of a stream
    std::size_t max_completion_bytes = 64 * 1024 * 1024;  ///< accumulated text of one stream
};

/// The pool of connections. Connections are per scheme, host and port. It is looked after when the client is used: idle
/// connections of a client that is not used stay open until the server closes them, the client is destroyed, or
/// client::close_idle_connections() is called. No number but max_idle_connections may be zero.
struct pool_options
{
    /// Connections to one host, idle ones included. A call for which there is none waits, first come, first served, for
    /// at most timeout_options::pool. An event stream has its connection until it ends or is dropped.
    std::size_t max_connections_per_host = unlimited_connections;

    /// Connections to all hosts. Before a call waits for this limit, an idle connection to another host is closed.
    std::size_t max_connections = unlimited_connections;

    std::size_t max_idle_connections = 100;  ///< idle connections kept; 0 switches reuse off

    /// A connection idle for this long is not used again; positive or `no_limit`.
    std::chrono::milliseconds idle_timeout = std::chrono::seconds(45);

    /// A connection this old is not used for another call, so that changes of DNS and of load balancers are followed;
    /// positive or `no_limit`.
    std::chrono::milliseconds max_age = std::chrono::minutes(15);
};

/// TCP of every connection. TCP_NODELAY is always set. What the system refuses is left at its default.
struct tcp_options
{
    /// Probe quiet connections, so that boxes on the way do not forget them, and a vanished peer is found out.
    bool keep_alive = true;

    std::chrono::seconds keep_alive_idle = std::chrono::seconds(60);  ///< quiet before the first probe; 1 to 32767 s
    std::chrono::seconds keep_alive_interval = std::chrono::seconds(15);  ///< between probes; 1 to 32767 s
    int keep_alive_count = 4;  ///< unanswered probes after which the connection is dead; 1 to 127

    /// Linux (TCP_USER_TIMEOUT): a connection is dead when what was sent, or a probe, is not acknowledged for this
    /// long; 1 ms to 24 days, or `no_limit` for the system's default.
    std::chrono::milliseconds user_timeout = std::chrono::minutes(2);
};

/// Options of a client. Precedence: a value given here, then the environment variable, then the default.
/// Environment values are trimmed, and a blank one counts as unset; they are read once, by the constructor of `client`.
struct client_options
{
    /// `Authorization: Bearer`; DEDALUS_API_KEY.
    std::optional<std::string> api_key{};

    /// Scheme, host, port and path prefix; DEDALUS_BASE_URL; default https://api.dedaluslabs.ai.
    /// The endpoint path carries `/v1`; a base that ends in `/v1` is understood and not doubled.
    std::optional<std::string> base_url{};

    /// "production" or "development" (http://localhost:4010) in place of a URL. Given together with a base URL, from
    /// here or from DEDALUS_BASE_URL, it is a config_error.
    std::optional<std::string> environment{};

    /// Gives the API key of each attempt in place of api_key; given together with it, it is a config_error. It wins
    /// over DEDALUS_API_KEY. What it throws, and an empty key, is a credential_error of the call.
    dedalus::credential_provider credential_provider{};

    std::optional<std::string> x_api_key{};       ///< `x-api-key`; DEDALUS_X_API_KEY
    std::optional<std::string> provider{};        ///< `X-Provider`; DEDALUS_PROVIDER
    std::optional<std::string> provider_key{};    ///< `X-Provider-Key`, a secret; DEDALUS_PROVIDER_KEY
    std::optional<std::string> provider_model{};  ///< `X-Provider-Model`; DEDALUS_PROVIDER_MODEL

    /// The API that the server at `base_url` speaks.
    dedalus::dialect dialect = dedalus::dialect::dedalus;

    /// Neither api_key nor x_api_key nor an `Authorization` header is needed: for local servers.
    bool allow_anonymous = false;

    /// The server whose public key encrypts the `credentials` of a request with `mcp_servers`: DEDALUS_AS_URL, default
    /// https://as.dedaluslabs.ai, whatever base_url is. So the API, and whatever base_url names instead, sees
    /// ciphertext alone. The key is fetched from `/.well-known/jwks.json` below this URL when the first such request is
    /// made, under the limits of that call and with retries like its own, without API key and without `headers`; it is
    /// used for ten minutes. With http:// whoever sits between can put a key of his own in its place: for tests.
    std::optional<std::string> mcp_authorization_server{};

    /// Send `credentials` as they are, for a server that has no authorization server. Whoever runs base_url, and
    /// whatever logs there, can read them. Given together with mcp_authorization_server it is a config_error; it wins
    /// over DEDALUS_AS_URL.
    bool plaintext_mcp_credentials = false;

    /// Sent with every request to the API; replaces the client's own header of the same name. DEDALUS_CUSTOM_HEADERS
    /// holds lines of `Name: value` with lower precedence.
    http_headers headers{};

    /// Of the URL of every request to the API, in this order; call_options::query replaces those of its names.
    std::vector<query_parameter> query{};

    tls_options tls{};
    tcp_options tcp{};
    proxy_options proxy{};
    timeout_options timeouts{};
    retry_options retry{};
    std::optional<retry_budget_options> retry_budget{};  ///< default: none
    limit_options limits{};
    pool_options pool{};

    /// How many redirects an attempt follows; 0: none, a 3xx is an api_error. Only 307 and 308 are followed, which keep
    /// method and body; the others stay an api_error, as does one from https to http, and the one that is too many.
    /// To another origin (scheme, host or port) no credential goes, neither then nor in the redirects after it: of the
    /// headers only Content-Type, Accept, Accept-Encoding, User-Agent, X-SDK-Version, Idempotency-Key and
    /// X-Stainless-Retry-Count, and no client certificate of `tls` (unless tls.customize gives one). The body goes
    /// there; with plaintext_mcp_credentials such a redirect is not followed.
    int max_redirects = 0;

    /// Treat a stream that ends without `[DONE]` and without a finish reason as complete.
    bool tolerate_missing_done = false;

    client_hooks hooks{};

    /// Where log lines go. Default: standard error, at log_level.
    std::shared_ptr<dedalus::logger> logger{};

    /// Of the default logger: DEDALUS_LOG (off, error, warn, info, debug; anything else warns and counts as unset);
    /// default warn.
    std::optional<dedalus::log_level> log_level{};

    /// Log the bodies of requests and unary answers at level debug, each cut at 2 KiB: prompts, answers, and MCP
    /// credentials that are sent in plaintext.
    bool log_bodies = false;
};

}  // namespace dedalus
