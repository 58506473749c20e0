#include "fuzz/cut.hpp"
#include "fuzz/fuzz_targets.hpp"
#include "fuzz/invariants.hpp"
#include "protocol/base_url.hpp"
#include "protocol/redirect.hpp"

namespace dedalus::fuzz {
namespace {

std::optional<protocol::base_url> parsed(std::string_view text)
{
    try {
        return protocol::parse_base_url(text);
    }
    catch (const config_error&) {
        return std::nullopt;
    }
}

void require_usable(const protocol::base_url& url)
{
    require(url.scheme == "http" || url.scheme == "https", "the scheme is one that can be spoken");
    require(!url.host.empty() && fits_a_line(url.host), "there is a host, and it fits into a head");
    require(!url.port.empty() && fits_a_line(url.port), "there is a port");
    require(fits_a_line(url.authority()), "the authority fits into a head");
    require(url.path_prefix.empty() || url.path_prefix.front() == '/', "a prefix begins with a slash");
}

}  // namespace

void fuzz_url(std::string_view input)
{
    const std::string_view first = take_line(input);
    const std::optional<protocol::base_url> base = parsed(first);
    if (!base)
        return;
    require_usable(*base);
    const std::string target = base->target("/v1/chat/completions");
    require(fits_a_line(target) && target.front() == '/', "the target fits into a head");
    const std::string written = base->scheme + "://" + base->authority() + base->path_prefix;
    require(parsed(written) == base, "what is written is read as the same URL");

    const http_headers headers{{"Location", std::string(input)}};
    const auto found = protocol::decide_redirect(307, headers, *base, target);
    if (!found)
        return;
    require_usable(found->origin);
    require(fits_a_line(found->target) && found->target.front() == '/', "the target of a redirect fits into a head");
    require(!base->tls() || found->origin.tls(), "a redirect does not leave TLS");
    const bool same =
        found->origin.scheme == base->scheme && found->origin.host == base->host && found->origin.port == base->port;
    require(found->same_origin == same, "an origin is the same only when scheme, host and port are");
}

}  // namespace dedalus::fuzz
