#include "protocol/redirect.hpp"

#include <dedalus/error.hpp>

#include <boost/url/parse.hpp>
#include <boost/url/url.hpp>

namespace dedalus::protocol {

namespace urls = boost::urls;

namespace {

constexpr bool keeps_method_and_body(int status)
{
    return status == 307 || status == 308;
}

std::string_view view_of(boost::core::string_view text)
{
    return {text.data(), text.size()};
}

/// The reference made absolute; nothing when it is none.
std::optional<urls::url> resolved(std::string_view location, const base_url& from, std::string_view target)
{
    const std::string request_url = from.scheme + "://" + from.authority() + std::string(target);
    const auto base = urls::parse_uri({request_url.data(), request_url.size()});
    const auto reference = urls::parse_uri_reference({location.data(), location.size()});
    if (!base || !reference)
        return std::nullopt;
    urls::url whole;
    if (!urls::resolve(*base, *reference, whole) || whole.has_userinfo())
        return std::nullopt;
    return whole;
}

/// Its scheme, host and port; nothing when they are not those of an HTTP server.
std::optional<base_url> origin_of(const urls::url& url)
{
    try {
        const std::string authority(view_of(url.encoded_host_and_port()));
        return parse_base_url(std::string(view_of(url.scheme())) + "://" + authority);
    }
    catch (const config_error&) {
        return std::nullopt;
    }
}

}  // namespace

std::optional<redirect>
decide_redirect(int status, const http_headers& headers, const base_url& from, std::string_view target)
{
    const std::optional<std::string_view> location = headers.find("Location");
    if (!keeps_method_and_body(status) || !location || location->empty())
        return std::nullopt;
    const std::optional<urls::url> url = resolved(*location, from, target);
    if (!url)
        return std::nullopt;
    std::optional<base_url> origin = origin_of(*url);
    if (!origin || (from.tls() && !origin->tls()))
        return std::nullopt;
    const bool same = origin->scheme == from.scheme && origin->host == from.host && origin->port == from.port;
    const std::string_view path = view_of(url->encoded_path());
    // See parse_base_url(): then the host is not the one that is meant.
    if (!path.empty() && !path.starts_with('/'))
        return std::nullopt;
    redirect found{std::move(*origin), path.empty() ? "/" : std::string(path), same};
    if (url->has_query())
        found.target += '?' + std::string(view_of(url->encoded_query()));
    return found;
}

http_headers headers_for_other_origin(const http_headers& headers)
{
    http_headers kept;
    for (const char* name : {"Content-Type", "Accept", "Accept-Encoding", "User-Agent", "X-SDK-Version"})
        if (const auto value = headers.find(name))
            kept.set(name, std::string(*value));
    return kept;
}

}  // namespace dedalus::protocol
