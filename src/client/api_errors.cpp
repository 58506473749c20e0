#include "client/api_errors.hpp"

#include "codec/decode_api_error.hpp"
#include "protocol/retry_decision.hpp"

#include <chrono>
#include <utility>

namespace dedalus {

api_error_details error_details(const response_info& info)
{
    api_error_details details;
    details.status = info.status;
    details.request_id = info.request_id;
    details.headers = info.headers;
    details.retry_after = protocol::parse_retry_after(info.headers, std::chrono::system_clock::now());
    return details;
}

void throw_api_error(
    const response_info& info, std::string_view body, std::size_t max_bytes, bool cut, std::string_view server
)
{
    api_error_details details = error_details(info);
    details.server = server;
    codec::decode_api_error(body, details);
    details.body = body.substr(0, max_bytes);
    details.body_truncated = cut || details.body.size() < body.size();
    throw_api_error(std::move(details));
}

}  // namespace dedalus
