#include "client/configuration.hpp"

#include <dedalus/error.hpp>
#include <dedalus/version.hpp>

#include "protocol/http_request_head.hpp"
#include "support/ascii.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace dedalus {

namespace {

constexpr std::string_view production_url = "https://api.dedaluslabs.ai";
constexpr std::string_view development_url = "http://localhost:4010";
constexpr std::string_view authorization_server_url = "https://as.dedaluslabs.ai";

// Far above every sensible wait, and far below what overflows.
constexpr std::chrono::hours longest_wait(24);

std::optional<std::string> from_environment(const environment_lookup& environment, std::string_view name)
{
    std::optional<std::string> value = environment(name);
    if (!value || support::trimmed(*value).empty())
        return std::nullopt;
    return std::string(support::trimmed(*value));
}

std::string choose_base_url(const client_options& options, const environment_lookup& environment)
{
    const std::optional<std::string> from_env = from_environment(environment, "DEDALUS_BASE_URL");
    if (!options.environment)
        return options.base_url ? *options.base_url : from_env.value_or(std::string(production_url));
    if (options.base_url)
        throw config_error("client_options::environment and client_options::base_url contradict each other: give one");
    if (from_env)
        throw config_error("client_options::environment and DEDALUS_BASE_URL contradict each other: unset one");
    if (*options.environment == "production")
        return std::string(production_url);
    if (*options.environment == "development")
        return std::string(development_url);
    throw config_error("client_options::environment must be \"production\" or \"development\"");
}

/// The one that encrypts MCP credentials, whatever the base URL: forgetting an option must not send keys in plaintext
/// to somebody's server.
std::optional<protocol::base_url>
choose_authorization_server(const client_options& options, const environment_lookup& environment)
{
    const std::optional<std::string>& given = options.mcp_authorization_server;
    if (given && options.plaintext_mcp_credentials)
        throw config_error("client_options::mcp_authorization_server and client_options::plaintext_mcp_credentials "
                           "contradict each other: give one");
    if (options.plaintext_mcp_credentials)
        return std::nullopt;
    if (given)
        return protocol::parse_base_url(*given, "client_options::mcp_authorization_server");
    const std::string fallback(authorization_server_url);
    return protocol::parse_base_url(
        from_environment(environment, "DEDALUS_AS_URL").value_or(fallback), "DEDALUS_AS_URL"
    );
}

void check_header(const http_header& field, std::string_view origin)
{
    const std::string where = std::string(origin) + ": ";
    if (!protocol::valid_header_name(field.name))
        throw config_error(where + "a header name is empty or has characters that are not allowed");
    if (protocol::reserved_header_name(field.name))
        throw config_error(where + "the header " + field.name + " is the client's own and cannot be set");
    if (!protocol::valid_header_value(field.value))
        throw config_error(where + "the value of the header " + field.name + " holds CR, LF or NUL");
}

http_headers parse_custom_headers(std::string_view lines)
{
    constexpr std::string_view origin = "DEDALUS_CUSTOM_HEADERS";
    http_headers headers;
    while (!lines.empty()) {
        const std::size_t end = lines.find('\n');
        const std::string_view line = support::trimmed(lines.substr(0, end));
        lines = end == std::string_view::npos ? std::string_view() : lines.substr(end + 1);
        if (line.empty())
            continue;
        const std::size_t colon = line.find(':');
        if (colon == std::string_view::npos)
            throw config_error("DEDALUS_CUSTOM_HEADERS: a line is not of the form `Name: value`");
        http_header field{
            std::string(support::trimmed(line.substr(0, colon))),
            std::string(support::trimmed(line.substr(colon + 1)))};
        check_header(field, origin);
        headers.set(std::move(field.name), std::move(field.value));
    }
    return headers;
}

/// A header whose value is an option with an environment variable behind it.
struct configured_header
{
    std::string_view header;
    std::string_view prefix;  // before the value
    std::string_view option;
    std::string_view variable;
    std::optional<std::string> client_options::*value;
};

constexpr configured_header configured_headers[] = {
    {"Authorization", "Bearer ", "client_options::api_key", "DEDALUS_API_KEY", &client_options::api_key},
    {"x-api-key", "", "client_options::x_api_key", "DEDALUS_X_API_KEY", &client_options::x_api_key},
    {"X-Provider", "", "client_options::provider", "DEDALUS_PROVIDER", &client_options::provider},
    {"X-Provider-Key", "", "client_options::provider_key", "DEDALUS_PROVIDER_KEY", &client_options::provider_key},
    {"X-Provider-Model",
     "",
     "client_options::provider_model",
     "DEDALUS_PROVIDER_MODEL",
     &client_options::provider_model},
};

// Weight, from low to high: what is fixed and what comes from variables of its own, DEDALUS_CUSTOM_HEADERS, explicit
// options, client_options::headers.
http_headers make_headers(const client_options& options, const environment_lookup& environment)
{
    http_headers headers{
        {"Content-Type", "application/json"},
        {"Accept-Encoding", "identity"},
        {"User-Agent", "dedalus-cpp/" DEDALUS_VERSION_STRING},
        {"X-SDK-Version", DEDALUS_VERSION_STRING},
    };
    const auto set = [&headers](http_header field, std::string_view origin) {
        check_header(field, origin);
        headers.set(std::move(field.name), std::move(field.value));
    };
    for (const configured_header& each : configured_headers)
        if (const auto value = from_environment(environment, each.variable))
            set({std::string(each.header), std::string(each.prefix) + *value}, each.variable);
    if (const auto lines = from_environment(environment, "DEDALUS_CUSTOM_HEADERS"))
        for (http_header field : parse_custom_headers(*lines))
            set(std::move(field), "DEDALUS_CUSTOM_HEADERS");
    for (const configured_header& each : configured_headers) {
        const std::optional<std::string>& value = options.*each.value;
        if (!value)
            continue;
        if (support::trimmed(*value).empty())
            throw config_error(std::string(each.option) + " is blank");
        set({std::string(each.header), std::string(each.prefix) + *value}, each.option);
    }
    for (http_header field : options.headers)
        set(std::move(field), "client_options::headers");
    return headers;
}

void check_credential(const client_options& options, const http_headers& headers)
{
    if (options.allow_anonymous || headers.contains("Authorization") || headers.contains("x-api-key"))
        return;
    throw config_error("no credential: set DEDALUS_API_KEY or client_options::api_key, or "
                       "client_options::allow_anonymous for a server "
                       "that needs none");
}

void check_positive(std::chrono::milliseconds limit, std::string_view option)
{
    if (limit <= std::chrono::milliseconds::zero())
        throw config_error(std::string(option) + " must be positive; dedalus::no_limit switches it off");
}

void check_positive(std::size_t limit, std::string_view option)
{
    if (limit == 0)
        throw config_error(std::string(option) + " must not be zero");
}

void check_limits(const client_options& options)
{
    check_positive(options.timeouts.connect, "timeouts.connect");
    check_positive(options.timeouts.write, "timeouts.write");
    check_positive(options.timeouts.response_header, "timeouts.response_header");
    check_positive(options.timeouts.stream_idle, "timeouts.stream_idle");
    check_positive(options.timeouts.total, "timeouts.total");
    check_positive(options.limits.max_request_bytes, "limits.max_request_bytes");
    check_positive(options.limits.max_header_bytes, "limits.max_header_bytes");
    check_positive(options.limits.max_body_bytes, "limits.max_body_bytes");
    check_positive(options.limits.max_error_body_bytes, "limits.max_error_body_bytes");
    check_positive(options.limits.max_event_bytes, "limits.max_event_bytes");
    check_positive(options.limits.max_completion_bytes, "limits.max_completion_bytes");
}

void check_pool(const client_options& options)
{
    check_positive(options.timeouts.pool, "timeouts.pool");
    check_positive(options.pool.max_connections_per_host, "pool.max_connections_per_host");
    check_positive(options.pool.max_connections, "pool.max_connections");
    check_positive(options.pool.idle_timeout, "pool.idle_timeout");
    check_positive(options.pool.max_age, "pool.max_age");
}

// What the system takes; anything else it would refuse silently.
void check_tcp(const tcp_options& tcp)
{
    constexpr std::chrono::seconds longest(32767);
    const auto refuse = [](std::string_view what) { throw config_error("tcp." + std::string(what)); };
    if (tcp.keep_alive_idle < std::chrono::seconds(1) || tcp.keep_alive_idle > longest)
        refuse("keep_alive_idle must be 1 to 32767 seconds");
    if (tcp.keep_alive_interval < std::chrono::seconds(1) || tcp.keep_alive_interval > longest)
        refuse("keep_alive_interval must be 1 to 32767 seconds");
    if (tcp.keep_alive_count < 1 || tcp.keep_alive_count > 127)
        refuse("keep_alive_count must be 1 to 127");
    check_positive(tcp.user_timeout, "tcp.user_timeout");
    if (tcp.user_timeout != no_limit && tcp.user_timeout > std::chrono::hours(24 * 24))
        refuse("user_timeout must be at most 24 days, or dedalus::no_limit");
}

void check_retry(const retry_options& retry)
{
    const auto refuse = [](std::string_view what) { throw config_error("retry." + std::string(what)); };
    if (retry.max_retries < 0)
        refuse("max_retries must not be negative");
    if (retry.initial_backoff < std::chrono::milliseconds::zero())
        refuse("initial_backoff must not be negative");
    if (retry.max_backoff < retry.initial_backoff)
        refuse("max_backoff must not be below initial_backoff");
    if (!(retry.factor >= 1.0))
        refuse("factor must be at least 1");
    if (!(retry.jitter >= 0.0 && retry.jitter <= 1.0))
        refuse("jitter must be between 0 and 1");
    if (retry.retry_after_cap < std::chrono::milliseconds::zero())
        refuse("retry_after_cap must not be negative");
    if (retry.max_backoff > longest_wait || retry.retry_after_cap > longest_wait)
        refuse("max_backoff and retry_after_cap must not be above 24 hours");
}

}  // namespace

configuration resolve_configuration(client_options options, const environment_lookup& environment)
{
    check_limits(options);
    check_retry(options.retry);
    check_pool(options);
    check_tcp(options.tcp);
    configuration resolved;
    resolved.base = protocol::parse_base_url(choose_base_url(options, environment));
    resolved.authorization_server = choose_authorization_server(options, environment);
    resolved.headers = make_headers(options, environment);
    check_credential(options, resolved.headers);
    resolved.tls = std::move(options.tls);
    resolved.tcp = options.tcp;
    resolved.proxies = proxy_choice(options.proxy, environment);
    resolved.timeouts = options.timeouts;
    resolved.retry = options.retry;
    resolved.limits = options.limits;
    resolved.pool = options.pool;
    resolved.dialect = options.dialect;
    if (options.max_redirects < 0)
        throw config_error("max_redirects must not be negative");
    resolved.max_redirects = options.max_redirects;
    resolved.tolerate_missing_done = options.tolerate_missing_done;
    return resolved;
}

}  // namespace dedalus
