#include "client/read_completion.hpp"

#include <dedalus/api_error.hpp>
#include <dedalus/error.hpp>

#include "client/api_errors.hpp"
#include "codec/decode_api_error.hpp"
#include "codec/decode_chat.hpp"

#include <string>

namespace dedalus {

chat_completion read_completion(std::string_view body, const response_info& info, const limit_options& limits)
{
    const std::string content_type(info.headers.find("Content-Type").value_or(""));
    if (body.empty())
        throw response_format_error("the body is empty", info.status, content_type, {});
    chat_completion completion = codec::decode_chat_completion(body, info.status, content_type);
    if (completion.choices.empty() && codec::is_error_object(completion.extra))
        throw_api_error(info, body, limits.max_error_body_bytes, false);
    return completion;
}

}  // namespace dedalus
