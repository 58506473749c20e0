#include "client/proxy_choice.hpp"

#include "support/ascii.hpp"

#include <initializer_list>
#include <string>
#include <string_view>

namespace dedalus {

namespace {

/// The first of the variables that is not blank.
std::optional<std::string>
first_of(std::initializer_list<std::string_view> names, const environment_lookup& environment, std::string_view& found)
{
    for (const std::string_view name : names) {
        const std::optional<std::string> value = environment(name);
        if (!value || support::trimmed(*value).empty())
            continue;
        found = name;
        return std::string(support::trimmed(*value));
    }
    return std::nullopt;
}

std::optional<protocol::proxy_address>
from_environment(std::initializer_list<std::string_view> names, const environment_lookup& environment)
{
    std::string_view name;
    const std::optional<std::string> url = first_of(names, environment, name);
    if (!url)
        return std::nullopt;
    return protocol::parse_proxy_url(*url, name);
}

}  // namespace

proxy_choice::proxy_choice(const proxy_options& options, const environment_lookup& environment)
{
    if (options.no_proxy)
        direct_ = protocol::no_proxy_list(*options.no_proxy);
    if (options.url) {
        if (!options.url->empty())
            for_https_ = for_http_ = protocol::parse_proxy_url(*options.url, "proxy.url");
        return;
    }
    for_https_ = from_environment({"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"}, environment);
    for_http_ = from_environment({"http_proxy", "all_proxy", "ALL_PROXY"}, environment);
    loopback_is_direct_ = true;
    std::string_view name;
    if (!options.no_proxy)
        direct_ = protocol::no_proxy_list(first_of({"no_proxy", "NO_PROXY"}, environment, name).value_or(""));
}

std::optional<protocol::proxy_address> proxy_choice::proxy_for(const protocol::base_url& server) const
{
    if (direct_.matches(server.host, server.port) || (loopback_is_direct_ && protocol::is_loopback(server.host)))
        return std::nullopt;
    return server.tls() ? for_https_ : for_http_;
}

}  // namespace dedalus
