#pragma once

#include <dedalus/chat/completion.hpp>

#include <string>

namespace dedalus::codec {

/// The body of a unary answer that decode_chat_completion() reads as this one, without `info`: what is kept as received
/// (`deferred_raw`, `server_results_raw`, `arguments_raw`) goes in byte for byte.
std::string encode_chat_completion(const chat_completion& completion);

}  // namespace dedalus::codec
