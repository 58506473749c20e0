#include "fuzz/cut.hpp"
#include "fuzz/fuzz_targets.hpp"
#include "fuzz/invariants.hpp"
#include "protocol/no_proxy.hpp"
#include "protocol/proxy_address.hpp"
#include "protocol/proxy_request.hpp"

#include <algorithm>

namespace dedalus::fuzz {
namespace {

void check_address(std::string_view url)
{
    std::optional<protocol::proxy_address> proxy;
    try {
        proxy = protocol::parse_proxy_url(url, "proxy");
    }
    catch (const config_error&) {
        return;
    }
    require(!proxy->host.empty() && proxy->port != 0, "a proxy has a host and a port");
    require(fits_a_line(proxy->authority()), "a proxy fits into a line");
    const std::string request = protocol::tunnel_request("api.test", "443", *proxy);
    const auto lines = std::count(request.begin(), request.end(), '\n');
    protocol::proxy_address without_credentials = *proxy;
    without_credentials.authorization.clear();
    const std::string plain = protocol::tunnel_request("api.test", "443", without_credentials);
    const auto plain_lines = std::count(plain.begin(), plain.end(), '\n');
    require(lines == plain_lines + (proxy->authorization.empty() ? 0 : 1), "credentials are one line of a request");
    require(request.ends_with("\r\n\r\n"), "a request has an end");
}

void check_list(std::string_view text)
{
    const protocol::no_proxy_list list(text);
    for (const char* host : {"api.test", "internal.test", "localhost", "127.0.0.1", "2001:db8::1", ""})
        for (const char* port : {"443", "8443", ""})
            require(list.matches(host, port) == protocol::no_proxy_list(text).matches(host, port), "a list is stable");
}

struct tunnel_outcome
{
    int status = 0;
    std::string problem;

    bool operator==(const tunnel_outcome&) const = default;
};

tunnel_outcome tunnel_outcome_of(const std::vector<std::string>& pieces)
{
    protocol::tunnel_answer answer;
    boost::system::error_code ec;
    for (const std::string& piece : pieces)
        if (!ec.failed())
            answer.consume(piece, ec);
    if (!ec.failed())
        answer.finish(ec);
    return {answer.status(), ec.failed() ? ec.message() : ""};
}

}  // namespace

void fuzz_proxy(std::string_view input)
{
    check_address(take_line(input));
    check_list(take_line(input));
    const tunnel_outcome whole = tunnel_outcome_of({std::string(input)});
    require(whole == tunnel_outcome_of(cut(input)), "an answer does not depend on how the bytes were cut");
}

}  // namespace dedalus::fuzz
