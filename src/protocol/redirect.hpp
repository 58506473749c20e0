#pragma once

#include <dedalus/http_headers.hpp>

#include "protocol/base_url.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace dedalus::protocol {

/// Where a redirect leads.
struct redirect
{
    base_url origin;     ///< without path prefix
    std::string target;  ///< path and query
    bool same_origin;    ///< scheme, host and port are those of the request
};

/// Whether a redirect may be followed: a 307 or 308 with a Location that can be understood. The other statuses would
/// make a GET without body of a POST. Never from https to http, and never to a URL with a user name or password.
/// @param from  the origin of the request; its path prefix does not matter. @param target  path and query of the
/// request.
std::optional<redirect>
decide_redirect(int status, const http_headers& headers, const base_url& from, std::string_view target);

/// What of the client's own headers may be sent to another origin. A list of what is allowed: every other header, those
/// that a user has added too, may be a credential.
http_headers headers_for_other_origin(const http_headers& headers);

}  // namespace dedalus::protocol
