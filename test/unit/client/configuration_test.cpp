#include "client/configuration.hpp"

#include <dedalus/error.hpp>

#include "support/catch.hpp"

#include <functional>
#include <map>
#include <string>

namespace configuration_test {

using namespace dedalus;
using namespace std::chrono_literals;

namespace {

environment_lookup environment(std::map<std::string, std::string, std::less<>> variables)
{
    return [variables](std::string_view name) -> std::optional<std::string> {
        const auto found = variables.find(name);
        if (found == variables.end())
            return std::nullopt;
        return found->second;
    };
}

const environment_lookup nothing = environment({});

std::string header(const configuration& config, std::string_view name)
{
    return std::string(config.headers.find(name).value_or("(absent)"));
}

/// The text of the config_error, which must not hold `secret`.
std::string refusal(client_options options, const environment_lookup& variables, const std::string& secret = "s3cr3t")
{
    try {
        resolve_configuration(std::move(options), variables);
    }
    catch (const config_error& e) {
        const std::string text = e.what();
        CHECK(text.find(secret) == std::string::npos);
        CHECK(e.code() == errc::config);
        return text;
    }
    FAIL("no config_error");
    return {};
}

bool contains(const std::string& text, std::string_view part)
{
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("configuration: an explicit option wins over the environment, the environment over the default")
{
    const auto variables = environment(
        {{"DEDALUS_API_KEY", "env-key"},
         {"DEDALUS_BASE_URL", "http://env.example/gateway"},
         {"DEDALUS_PROVIDER", "env-provider"}}
    );

    SECTION("default")
    {
        const configuration config = resolve_configuration({.api_key = "k"}, nothing);
        CHECK(config.base.scheme == "https");
        CHECK(config.base.host == "api.dedaluslabs.ai");
        CHECK(config.base.target("/v1/chat/completions") == "/v1/chat/completions");
        CHECK(header(config, "Authorization") == "Bearer k");
        CHECK(header(config, "X-Provider") == "(absent)");
        CHECK(config.timeouts.connect == 5s);
        CHECK(config.timeouts.response_header == 60s);
        CHECK_FALSE(config.timeouts.first_event);
        CHECK(config.timeouts.stream_idle == 60s);
        CHECK_FALSE(config.timeouts.idle_counts_events);
        CHECK(config.timeouts.total == no_limit);
        CHECK(config.retry.max_retries == 2);
    }
    SECTION("environment")
    {
        const configuration config = resolve_configuration({}, variables);
        CHECK(config.base.host == "env.example");
        CHECK(config.base.target("/v1/chat/completions") == "/gateway/v1/chat/completions");
        CHECK(header(config, "Authorization") == "Bearer env-key");
        CHECK(header(config, "X-Provider") == "env-provider");
    }
    SECTION("explicit")
    {
        const configuration config = resolve_configuration(
            {.api_key = "mine", .base_url = "https://mine.example", .provider = "my-provider"}, variables
        );
        CHECK(config.base.host == "mine.example");
        CHECK(header(config, "Authorization") == "Bearer mine");
        CHECK(header(config, "X-Provider") == "my-provider");
    }
}

TEST_CASE("configuration: environment values are trimmed and blank ones are unset")
{
    const configuration config = resolve_configuration(
        {.allow_anonymous = true},
        environment({{"DEDALUS_API_KEY", " \t\n"}, {"DEDALUS_X_API_KEY", "  xk \n"}, {"DEDALUS_BASE_URL", ""}})
    );
    CHECK(header(config, "Authorization") == "(absent)");
    CHECK(header(config, "x-api-key") == "xk");
    CHECK(config.base.host == "api.dedaluslabs.ai");
}

TEST_CASE("configuration: every credential and routing header has its variable")
{
    const configuration config = resolve_configuration(
        {},
        environment(
            {{"DEDALUS_API_KEY", "a"},
             {"DEDALUS_X_API_KEY", "b"},
             {"DEDALUS_PROVIDER", "c"},
             {"DEDALUS_PROVIDER_KEY", "d"},
             {"DEDALUS_PROVIDER_MODEL", "e"}}
        )
    );
    CHECK(header(config, "Authorization") == "Bearer a");
    CHECK(header(config, "x-api-key") == "b");
    CHECK(header(config, "X-Provider") == "c");
    CHECK(header(config, "X-Provider-Key") == "d");
    CHECK(header(config, "X-Provider-Model") == "e");
    CHECK(header(config, "Content-Type") == "application/json");
    CHECK(contains(header(config, "User-Agent"), "dedalus-cpp/"));
}

TEST_CASE("configuration: without a credential the error names the variable and the way out")
{
    const std::string text = refusal({}, nothing);
    CHECK(contains(text, "DEDALUS_API_KEY"));
    CHECK(contains(text, "allow_anonymous"));

    CHECK_NOTHROW(resolve_configuration({.allow_anonymous = true}, nothing));
    CHECK_NOTHROW(resolve_configuration({.headers = {{"authorization", "Basic abc"}}}, nothing));
    CHECK_NOTHROW(resolve_configuration({.x_api_key = "k"}, nothing));
    CHECK(contains(refusal({.api_key = "  "}, nothing), "api_key"));
}

TEST_CASE("configuration: an environment name stands for a URL and contradicts one")
{
    client_options development{.api_key = "k", .environment = "development"};
    const configuration config = resolve_configuration(development, nothing);
    CHECK(config.base.scheme == "http");
    CHECK(config.base.authority() == "localhost:4010");

    CHECK(contains(refusal({.api_key = "k", .environment = "staging"}, nothing), "environment"));
    CHECK(
        contains(refusal({.api_key = "k", .base_url = "http://h", .environment = "production"}, nothing), "contradict")
    );
    CHECK(contains(refusal(development, environment({{"DEDALUS_BASE_URL", "http://h"}})), "DEDALUS_BASE_URL"));
}

TEST_CASE("configuration: headers that could inject others are refused without being shown")
{
    const std::string secret = "s3cr3t";
    for (const std::string& bad : {secret + "\r\nX: y", secret + "\n", std::string("s3cr3t\0x", 8)}) {
        CHECK(contains(refusal({.api_key = bad}, nothing), "api_key"));
        CHECK(contains(refusal({.api_key = "k", .provider_key = bad}, nothing), "provider_key"));
        CHECK(contains(refusal({.api_key = "k", .headers = {{"X-Mine", bad}}}, nothing), "X-Mine"));
    }
    CHECK(contains(refusal({.api_key = "k", .headers = {{"X Mine", "v"}}}, nothing), "header name"));
    CHECK(contains(refusal({.api_key = "k", .headers = {{"", "v"}}}, nothing), "header name"));
    for (const char* own : {"Host", "content-length", "Transfer-Encoding", "Connection"})
        CHECK(contains(refusal({.api_key = "k", .headers = {{own, "v"}}}, nothing), own));
}

TEST_CASE("configuration: custom headers of the environment weigh less than options and more than defaults")
{
    const auto variables = environment(
        {{"DEDALUS_CUSTOM_HEADERS", "X-One: 1\r\n\n  X-Two :two : 2 \nUser-Agent: mine\nX-Provider: from-lines"}}
    );
    const configuration config =
        resolve_configuration({.api_key = "k", .provider = "from-option", .headers = {{"x-one", "option"}}}, variables);
    CHECK(header(config, "X-One") == "option");
    CHECK(header(config, "X-Two") == "two : 2");
    CHECK(header(config, "User-Agent") == "mine");
    CHECK(header(config, "X-Provider") == "from-option");

    const auto malformed = environment({{"DEDALUS_CUSTOM_HEADERS", "no colon s3cr3t"}});
    CHECK(contains(refusal({.api_key = "k"}, malformed), "DEDALUS_CUSTOM_HEADERS"));
}

TEST_CASE("configuration: limits that cannot work are refused by name")
{
    struct row
    {
        std::function<void(client_options&)> spoil;
        std::string_view names;
    };

    const row rows[] = {
        {[](client_options& o) { o.timeouts.connect = 0ms; }, "timeouts.connect"},
        {[](client_options& o) { o.timeouts.write = -1ms; }, "timeouts.write"},
        {[](client_options& o) { o.timeouts.response_header = 0ms; }, "timeouts.response_header"},
        {[](client_options& o) { o.timeouts.first_event = 0s; }, "timeouts.first_event"},
        {[](client_options& o) { o.timeouts.stream_idle = -1s; }, "timeouts.stream_idle"},
        {[](client_options& o) { o.timeouts.total = 0ms; }, "timeouts.total"},
        {[](client_options& o) { o.retry.max_retries = -1; }, "retry.max_retries"},
        {[](client_options& o) { o.retry.initial_backoff = -1ms; }, "retry.initial_backoff"},
        {[](client_options& o) { o.retry.max_backoff = 1ms; }, "retry.max_backoff"},
        {[](client_options& o) { o.retry.factor = 0.5; }, "retry.factor"},
        {[](client_options& o) { o.retry.factor = std::numeric_limits<double>::quiet_NaN(); }, "retry.factor"},
        {[](client_options& o) { o.retry.jitter = 1.5; }, "retry.jitter"},
        {[](client_options& o) { o.retry.retry_after_cap = -1ms; }, "retry.retry_after_cap"},
        {[](client_options& o) { o.retry.retry_after_cap = no_limit; }, "retry_after_cap"},
        {[](client_options& o) { o.retry.max_backoff = no_limit; }, "max_backoff"},
        {[](client_options& o) { o.limits.max_request_bytes = 0; }, "limits.max_request_bytes"},
        {[](client_options& o) { o.limits.max_header_bytes = 0; }, "limits.max_header_bytes"},
        {[](client_options& o) { o.limits.max_body_bytes = 0; }, "limits.max_body_bytes"},
        {[](client_options& o) { o.limits.max_error_body_bytes = 0; }, "limits.max_error_body_bytes"},
        {[](client_options& o) { o.limits.max_event_bytes = 0; }, "limits.max_event_bytes"},
        {[](client_options& o) { o.limits.max_completion_bytes = 0; }, "limits.max_completion_bytes"},
        {[](client_options& o) { o.pool.idle_timeout = 0ms; }, "pool.idle_timeout"},
        {[](client_options& o) { o.pool.max_age = 0ms; }, "pool.max_age"},
        {[](client_options& o) { o.pool.max_connections = 0; }, "pool.max_connections"},
        {[](client_options& o) { o.pool.max_connections_per_host = 0; }, "pool.max_connections_per_host"},
        {[](client_options& o) { o.timeouts.pool = 0ms; }, "timeouts.pool"},
        {[](client_options& o) { o.tcp.keep_alive_idle = 0s; }, "tcp.keep_alive_idle"},
        {[](client_options& o) { o.tcp.keep_alive_interval = 32768s; }, "tcp.keep_alive_interval"},
        {[](client_options& o) { o.tcp.keep_alive_count = 128; }, "tcp.keep_alive_count"},
        {[](client_options& o) { o.tcp.user_timeout = -1ms; }, "tcp.user_timeout"},
        {[](client_options& o) { o.tcp.user_timeout = std::chrono::hours(600); }, "tcp.user_timeout"},
    };
    for (const row& each : rows) {
        client_options options{.api_key = "k"};
        each.spoil(options);
        CHECK(contains(refusal(options, nothing), each.names));
    }
    client_options unlimited{.api_key = "k"};
    unlimited.timeouts = {no_limit, no_limit, no_limit, no_limit, no_limit};
    CHECK_NOTHROW(resolve_configuration(unlimited, nothing));
}

TEST_CASE("configuration: a bad base URL is refused at construction")
{
    for (const char* bad :
         {"",
          "api.example.com",
          "ftp://h",
          "https://",
          "http://user:s3cr3t@h",
          "http://h?x=1",
          "http://h#f",
          "http://h:0",
          "http://h:99999",
          "http://h /x"})
        CHECK(contains(refusal({.api_key = "k", .base_url = bad}, nothing), "base"));
}

TEST_CASE("configuration: credentials are encrypted for the default server unless something else is said")
{
    const auto server_of = [](client_options options, const environment_lookup& variables) {
        options.api_key = "k";
        return resolve_configuration(std::move(options), variables).authorization_server;
    };
    const auto given = environment({{"DEDALUS_AS_URL", " http://as.example/x/ "}});
    const auto blank = environment({{"DEDALUS_AS_URL", " "}});
    CHECK(server_of({}, nothing) == protocol::parse_base_url("https://as.dedaluslabs.ai"));
    CHECK(server_of({}, blank) == protocol::parse_base_url("https://as.dedaluslabs.ai"));
    CHECK(server_of({.base_url = "http://localhost:1"}, nothing)->host == "as.dedaluslabs.ai");
    CHECK(server_of({.environment = "development"}, nothing)->host == "as.dedaluslabs.ai");
    CHECK(server_of({}, given) == protocol::parse_base_url("http://as.example/x"));
    CHECK(server_of({.mcp_authorization_server = "https://mine"}, given)->host == "mine");
    CHECK_FALSE(server_of({.plaintext_mcp_credentials = true}, nothing).has_value());
    CHECK_FALSE(server_of({.plaintext_mcp_credentials = true}, given).has_value());
}

TEST_CASE("configuration: an authorization server that cannot be is refused by name")
{
    const auto wrong = environment({{"DEDALUS_API_KEY", "k"}, {"DEDALUS_AS_URL", "ftp://s3cr3t"}});
    CHECK(contains(refusal({}, wrong), "DEDALUS_AS_URL: it must begin with http:// or https://"));
    for (const char* url : {"", "as.example", "https://user:s3cr3t@as.example", "https://as.example?s3cr3t"})
        CHECK(contains(
            refusal({.api_key = "k", .mcp_authorization_server = url}, nothing),
            "client_options::mcp_authorization_server: "
        ));
    CHECK(contains(
        refusal(
            {.api_key = "k", .mcp_authorization_server = "https://as.example", .plaintext_mcp_credentials = true},
            nothing
        ),
        "contradict each other"
    ));
}

TEST_CASE("configuration: the level of the log is the option, then DEDALUS_LOG, then warn")
{
    const auto level_of = [](const configuration& config) {
        for (const log_level level : {log_level::debug, log_level::info, log_level::warn, log_level::error})
            if (config.logger->enabled(level))
                return level;
        return log_level::off;
    };
    const client_options by_option{.api_key = "k", .log_level = log_level::error};
    CHECK(level_of(resolve_configuration({.api_key = "k"}, nothing)) == log_level::warn);
    CHECK(
        level_of(resolve_configuration({.api_key = "k"}, environment({{"DEDALUS_LOG", " Debug "}}))) == log_level::debug
    );
    CHECK(level_of(resolve_configuration({.api_key = "k"}, environment({{"DEDALUS_LOG", "off"}}))) == log_level::off);
    CHECK(level_of(resolve_configuration(by_option, environment({{"DEDALUS_LOG", "debug"}}))) == log_level::error);
}

TEST_CASE("configuration: an unknown DEDALUS_LOG is a problem to be logged, and counts as unset")
{
    const auto variables = environment({{"DEDALUS_LOG", "s3cr3t"}});
    const configuration config = resolve_configuration({.api_key = "k"}, variables);
    REQUIRE(config.problems.size() == 1);
    CHECK(contains(config.problems.at(0), "off, error, warn, info, debug"));
    CHECK_FALSE(contains(config.problems.at(0), "s3cr3t"));
    CHECK(config.logger->enabled(log_level::warn));
    CHECK_FALSE(config.logger->enabled(log_level::info));
    CHECK(resolve_configuration({.api_key = "k", .log_level = log_level::info}, variables).problems.empty());
}

TEST_CASE("configuration: a credential provider stands in for a key, and a retry budget is checked")
{
    client_options options;
    options.credential_provider = [] { return boost::asio::awaitable<std::string>(); };
    CHECK_NOTHROW(resolve_configuration(options, nothing));
    options.api_key = "s3cr3t";
    CHECK(contains(refusal(options, nothing), "credential_provider"));
    CHECK(contains(
        refusal({.api_key = "k", .retry_budget = retry_budget_options{.share = 1.5}}, nothing), "retry_budget.share"
    ));
    CHECK(contains(
        refusal({.api_key = "k", .retry_budget = retry_budget_options{.minimum = -1}}, nothing), "retry_budget.minimum"
    ));
    CHECK(contains(
        refusal({.api_key = "k", .retry_budget = retry_budget_options{.window = 0s}}, nothing), "retry_budget.window"
    ));
}

}  // namespace configuration_test
