#include "client/configuration.hpp"

#include <dedalus/error.hpp>
#include <dedalus/version.hpp>

#include "protocol/log_line.hpp"
#include "protocol/retry_decision.hpp"
#include "support/ascii.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace dedalus {

namespace {

constexpr std::string_view production_url = "https://api.dedaluslabs.ai";
constexpr std::string_view development_url = "http://localhost:4010";
constexpr std::string_view authorization_server_url = "https://as.dedaluslabs.ai";

constexpr std::chrono::hours longest_window(24);

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
// options.
http_headers make_headers(const client_options& options, const environment_lookup& environment)
{
    http_headers headers{
        {"Content-Type", "application/json"},
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
    return headers;
}

void check_credential(const client_options& options, const http_headers& headers)
{
    if (options.credential_provider && options.api_key)
        throw config_error(
            "client_options::api_key and client_options::credential_provider contradict each other: give "
            "one"
        );
    if (options.credential_provider || options.allow_anonymous || headers.contains("Authorization") ||
        headers.contains("x-api-key"))
        return;
    throw config_error("no credential: set DEDALUS_API_KEY or client_options::api_key, or "
                       "client_options::allow_anonymous for a server "
                       "that needs none");
}

void check_budget(const retry_budget_options& budget)
{
    if (!(budget.share >= 0.0 && budget.share <= 1.0))
        throw config_error("retry_budget.share must be between 0 and 1");
    if (budget.minimum < 0)
        throw config_error("retry_budget.minimum must not be negative");
    if (budget.window <= std::chrono::milliseconds::zero() || budget.window > longest_window)
        throw config_error("retry_budget.window must be positive and not above 24 hours");
}

void choose_logger(configuration& resolved, client_options& options, const environment_lookup& environment)
{
    resolved.log_bodies = options.log_bodies;
    resolved.logger = std::move(options.logger);
    if (resolved.logger)
        return;
    std::optional<log_level> level = options.log_level;
    const std::optional<std::string> from_env = from_environment(environment, "DEDALUS_LOG");
    if (!level && from_env) {
        level = protocol::parse_log_level(*from_env);
        if (!level)
            resolved.problems.emplace_back("DEDALUS_LOG is none of off, error, warn, info, debug");
    }
    resolved.logger = stderr_logger(level.value_or(log_level::warn));
}

}  // namespace

configuration resolve_configuration(client_options options, const environment_lookup& environment)
{
    check_timeouts(options.timeouts);
    check_limits(options.limits);
    protocol::check_retry(options.retry);
    check_pool(options.pool);
    check_tcp(options.tcp);
    if (options.retry_budget)
        check_budget(*options.retry_budget);
    configuration resolved;
    resolved.base = protocol::parse_base_url(choose_base_url(options, environment));
    resolved.authorization_server = choose_authorization_server(options, environment);
    resolved.own_headers = make_headers(options, environment);
    resolved.headers = resolved.own_headers;
    for (const http_header& field : options.headers) {
        check_header(field, "client_options::headers");
        resolved.headers.set(field.name, field.value);
    }
    check_credential(options, resolved.headers);
    choose_logger(resolved, options, environment);
    resolved.query = std::move(options.query);
    resolved.credential_provider = std::move(options.credential_provider);
    resolved.hooks = std::move(options.hooks);
    resolved.retry_budget = options.retry_budget;
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
