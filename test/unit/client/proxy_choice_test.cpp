#include "client/proxy_choice.hpp"

#include <dedalus/error.hpp>

#include "support/catch.hpp"

#include <functional>
#include <map>
#include <string>

namespace proxy_choice_test {

using namespace dedalus;
using Catch::Matchers::Contains;

namespace {

using variables = std::map<std::string, std::string, std::less<>>;

environment_lookup environment(variables set)
{
    return [set](std::string_view name) -> std::optional<std::string> {
        const auto found = set.find(name);
        if (found == set.end())
            return std::nullopt;
        return found->second;
    };
}

/// host:port of the proxy for the server, "" for none.
std::string proxy_for(const std::string& server, const proxy_options& options, const variables& set)
{
    const proxy_choice choice(options, environment(set));
    const auto proxy = choice.proxy_for(protocol::parse_base_url(server));
    return proxy ? proxy->authority() : "";
}

}  // namespace

TEST_CASE("proxy choice: the environment has a proxy for each scheme, and lower case wins")
{
    const std::string https = "https://api.test";
    const std::string http = "http://api.test";
    CHECK(proxy_for(https, {}, {}).empty());
    CHECK(proxy_for(https, {}, {{"HTTPS_PROXY", "http://p:1"}}) == "p:1");
    CHECK(proxy_for(https, {}, {{"HTTPS_PROXY", "https://p"}}) == "p:443");
    CHECK(proxy_for(https, {}, {{"HTTPS_PROXY", "p:1"}, {"https_proxy", "p:2"}}) == "p:2");
    CHECK(proxy_for(https, {}, {{"HTTPS_PROXY", "p:1"}, {"https_proxy", " "}}) == "p:1");
    CHECK(proxy_for(https, {}, {{"ALL_PROXY", "p:3"}}) == "p:3");
    CHECK(proxy_for(https, {}, {{"ALL_PROXY", "p:3"}, {"all_proxy", "p:4"}, {"HTTPS_PROXY", "p:1"}}) == "p:1");
    CHECK(proxy_for(https, {}, {{"http_proxy", "p:5"}}).empty());
    CHECK(proxy_for(http, {}, {{"http_proxy", "p:5"}}) == "p:5");
    CHECK(proxy_for(http, {}, {{"HTTPS_PROXY", "p:1"}}).empty());
    CHECK(proxy_for(http, {}, {{"all_proxy", "p:4"}}) == "p:4");
    // Whoever sends a CGI program a header `Proxy` sets this one.
    CHECK(proxy_for(http, {}, {{"HTTP_PROXY", "p:6"}}).empty());
}

TEST_CASE("proxy choice: the exceptions of the environment, and this machine, are reached directly")
{
    const variables set{{"https_proxy", "p:1"}, {"http_proxy", "p:1"}, {"NO_PROXY", "api.test:8443,10.0.0.0/8"}};
    CHECK(proxy_for("https://api.test", {}, set) == "p:1");
    CHECK(proxy_for("https://api.test:8443", {}, set).empty());
    CHECK(proxy_for("https://10.1.2.3", {}, set).empty());
    CHECK(proxy_for("http://localhost:4010", {}, set).empty());
    CHECK(proxy_for("https://[::1]", {}, set).empty());
    CHECK(proxy_for("https://api.test", {.no_proxy = "api.test"}, set).empty());
    CHECK(proxy_for("https://10.1.2.3", {.no_proxy = "api.test"}, set) == "p:1");
}

TEST_CASE("proxy choice: an option takes the place of the whole environment")
{
    const variables set{{"https_proxy", "p:1"}, {"no_proxy", "*"}};
    CHECK(proxy_for("https://api.test", {.url = "q:2"}, set) == "q:2");
    CHECK(proxy_for("http://localhost", {.url = "q:2"}, set) == "q:2");
    CHECK(proxy_for("https://api.test", {.url = "q:2", .no_proxy = ".test"}, set).empty());
    CHECK(proxy_for("https://api.test", {.url = ""}, {{"https_proxy", "p:1"}}).empty());
}

TEST_CASE("proxy choice: a proxy that cannot be used is refused by the name of where it stands")
{
    const auto refusal = [](const proxy_options& options, const variables& set) -> std::string {
        try {
            const proxy_choice choice(options, environment(set));
        }
        catch (const config_error& e) {
            CHECK(std::string(e.what()).find("s3cr3t") == std::string::npos);
            return e.what();
        }
        return "accepted";
    };
    CHECK_THAT(refusal({.url = "socks5://s3cr3t@p"}, {}), Contains("proxy.url"));
    CHECK_THAT(refusal({}, {{"ALL_PROXY", "socks5://s3cr3t@p"}}), Contains("ALL_PROXY"));
    CHECK_THAT(refusal({}, {{"https_proxy", "ftp://s3cr3t@p"}}), Contains("https_proxy"));
    CHECK(refusal({.url = ""}, {{"https_proxy", "ftp://s3cr3t@p"}}) == "accepted");
}

}  // namespace proxy_choice_test
