#include "client/read_completion.hpp"

#include <dedalus/error.hpp>

#include "codec/decode_api_error.hpp"
#include "codec/decode_chat.hpp"

#include <string>
#include <utility>

namespace dedalus {

chat_completion read_completion(std::string_view body, const response_info& info)
{
    const std::string content_type(info.headers.find("Content-Type").value_or(""));
    if (body.empty())
        throw response_format_error("the body is empty", info.status, content_type, {});
    chat_completion completion = codec::decode_chat_completion(body, info.status, content_type);
    if (!completion.choices.empty() || !codec::is_error_object(completion.extra))
        return completion;
    api_error_details details;
    details.status = info.status;
    details.request_id = info.request_id;
    details.headers = info.headers;
    codec::decode_api_error(body, details);
    details.body = body;
    throw_api_error(std::move(details));
}

}  // namespace dedalus
