#include <dedalus/api_error.hpp>

#include "support/ascii.hpp"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>

namespace dedalus {

namespace {

constexpr std::size_t max_token_bytes = 64;

// Words of the server appear in what() only in a form that cannot carry a sentence.
bool is_short_token(std::string_view text) noexcept
{
    return !text.empty() && text.size() <= max_token_bytes && std::all_of(text.begin(), text.end(), [](char c) {
        return support::ascii_is_alnum(c) || c == '_' || c == '.' || c == '-';
    });
}

std::string describe(const api_error_details& details)
{
    std::string text = std::to_string(details.status);
    if (is_short_token(details.api_code))
        text += ' ' + details.api_code;
    else if (is_short_token(details.type))
        text += ' ' + details.type;
    if (!details.server.empty())
        text.append(" from ").append(details.server);
    if (is_short_token(details.request_id))
        text += " (request id " + details.request_id + ')';
    return text;
}

}  // namespace

api_error::api_error(errc code, api_error_details details)
    : error(code, describe(details)), details_(std::make_shared<const api_error_details>(std::move(details)))
{}

void throw_api_error(api_error_details details)
{
    switch (details.status) {
    case 400:
        throw bad_request_error(errc::bad_request, std::move(details));
    case 401:
        throw authentication_error(errc::authentication, std::move(details));
    case 402:
        throw payment_required_error(errc::payment_required, std::move(details));
    case 403:
        throw permission_denied_error(errc::permission_denied, std::move(details));
    case 404:
        throw not_found_error(errc::not_found, std::move(details));
    case 408:
        throw api_error(errc::request_timeout, std::move(details));
    case 409:
        throw conflict_error(errc::conflict, std::move(details));
    case 422:
        throw unprocessable_entity_error(errc::unprocessable_entity, std::move(details));
    case 429:
        throw rate_limit_error(errc::rate_limit, std::move(details));
    default:
        if (details.status >= 500)
            throw internal_server_error(errc::internal_server, std::move(details));
        throw api_error(errc::api, std::move(details));
    }
}

}  // namespace dedalus
