#include "client/derive_configuration.hpp"

#include <dedalus/error.hpp>

#include "protocol/query.hpp"
#include "protocol/retry_decision.hpp"
#include "support/ascii.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace dedalus {

namespace {

struct changed_header
{
    std::string_view header;
    std::string_view prefix;  // before the value
    std::string_view option;
    std::optional<std::string> client_changes::*value;
};

constexpr changed_header changed_headers[] = {
    {"Authorization", "Bearer ", "client_changes::api_key", &client_changes::api_key},
    {"x-api-key", "", "client_changes::x_api_key", &client_changes::x_api_key},
    {"X-Provider", "", "client_changes::provider", &client_changes::provider},
    {"X-Provider-Key", "", "client_changes::provider_key", &client_changes::provider_key},
    {"X-Provider-Model", "", "client_changes::provider_model", &client_changes::provider_model},
};

void set(http_headers& headers, const http_header& field, std::string_view origin)
{
    check_header(field, origin);
    headers.set(field.name, field.value);
}

void change_headers(configuration& config, const client_changes& changes)
{
    if (changes.replace_headers)
        config.headers = config.own_headers;
    for (const changed_header& each : changed_headers) {
        const std::optional<std::string>& value = changes.*each.value;
        if (!value)
            continue;
        if (support::trimmed(*value).empty())
            throw config_error(std::string(each.option) + " is blank");
        const http_header field{std::string(each.header), std::string(each.prefix) + *value};
        set(config.own_headers, field, each.option);
        set(config.headers, field, each.option);
    }
    for (const http_header& field : changes.headers)
        set(config.headers, field, "client_changes::headers");
}

}  // namespace

configuration derive_configuration(configuration parent, const client_changes& changes)
{
    change_headers(parent, changes);
    if (changes.api_key)
        parent.credential_provider = nullptr;
    if (changes.replace_query)
        parent.query.clear();
    parent.query = protocol::merged_query(std::move(parent.query), changes.query);
    if (changes.timeouts) {
        check_timeouts(*changes.timeouts);
        parent.timeouts = *changes.timeouts;
    }
    if (changes.retry) {
        protocol::check_retry(*changes.retry);
        parent.retry = *changes.retry;
    }
    if (changes.limits) {
        check_limits(*changes.limits);
        parent.limits = *changes.limits;
    }
    return parent;
}

}  // namespace dedalus
