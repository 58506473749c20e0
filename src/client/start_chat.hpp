#pragma once

#include <dedalus/chat/request.hpp>
#include <dedalus/chat/response_format.hpp>

#include "client/chat_call.hpp"

#include <memory>

namespace dedalus {

/// The call that posts this request to the API. The body is made at once, unless it has MCP credentials to encrypt.
/// @param options  what is different for this call; null: nothing.
/// @param format  takes the place of `response_format`; null: none does.
/// Throws invalid_request_error, and config_error for the options.
std::shared_ptr<chat_call> start_chat(
    std::shared_ptr<client::impl> client,
    const chat_completion_request& request,
    bool stream,
    const response_format* format = nullptr,
    const call_options* options = nullptr
);

}  // namespace dedalus
