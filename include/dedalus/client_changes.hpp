#pragma once

#include <dedalus/client_options.hpp>
#include <dedalus/http_headers.hpp>

#include <optional>
#include <string>
#include <vector>

namespace dedalus {

/// What a derived client does in another way than its parent, see client::with_options(). Empty members: as the parent.
struct client_changes
{
    std::optional<std::string> api_key{};         ///< ends the parent's credential_provider
    std::optional<std::string> x_api_key{};       ///< `x-api-key`
    std::optional<std::string> provider{};        ///< `X-Provider`
    std::optional<std::string> provider_key{};    ///< `X-Provider-Key`
    std::optional<std::string> provider_model{};  ///< `X-Provider-Model`

    http_headers headers{};        ///< each replaces the header of its name
    bool replace_headers = false;  ///< client_options::headers of the parent are left out, not only those of a name

    std::vector<query_parameter> query{};  ///< replaces those of its names
    bool replace_query = false;            ///< all of the parent's are left out, not only those of a name

    std::optional<timeout_options> timeouts{};
    std::optional<retry_options> retry{};

    /// All but max_header_bytes, which belongs to the shared connections.
    std::optional<limit_options> limits{};
};

}  // namespace dedalus
