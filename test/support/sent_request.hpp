#pragma once

#include <dedalus/chat/request.hpp>
#include <dedalus/dialect.hpp>

#include "codec/encode_chat_request.hpp"
#include "crypto/sha256.hpp"
#include "handoff/decision.hpp"
#include "handoff/run_machine.hpp"

#include <boost/json/parse.hpp>

#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace test {

/// A request of a run with its messages as values. Throws when the body that these make is another one than the body
/// that their text makes.
inline dedalus::chat_completion_request
with_messages(const dedalus::chat_completion_request& request, bool streamed, dedalus::dialect to)
{
    dedalus::chat_completion_request typed = request;
    if (!request.messages_raw.empty())
        typed.messages = dedalus::handoff_core::read_messages(boost::json::parse(request.messages_raw).as_array());
    typed.messages_raw.clear();
    if (dedalus::codec::encode_chat_request(typed, streamed, to) !=
        dedalus::codec::encode_chat_request(request, streamed, to))
        throw std::logic_error("the text of the messages is not theirs");
    return typed;
}

/// Throws when the key is not that of the body, which is hashed without credentials.
inline void
check_key(dedalus::chat_completion_request request, bool streamed, dedalus::dialect to, std::string_view key)
{
    constexpr std::size_t digits = 16;
    request.credentials.reset();
    const std::string body = dedalus::codec::encode_chat_request(request, streamed, to);
    if (key.find(dedalus::crypto::sha256_hex(body).substr(0, digits)) == std::string_view::npos)
        throw std::logic_error("the key of a request is not of its body");
}

/// The next request of a run, if there is one, with its messages as values. Throws as with_messages(), and when its
/// digest is not that of its body.
inline std::optional<dedalus::chat_completion_request> next_request(dedalus::handoff_core::run_machine& machine)
{
    constexpr auto to = dedalus::dialect::dedalus;
    if (!machine.begin_request())
        return {};
    const dedalus::chat_completion_request request = machine.request(to);
    for (const bool streamed : {false, true}) {
        const std::string body = dedalus::codec::encode_chat_request(request, streamed, to);
        if (machine.body_sha256(request, streamed, to) != dedalus::crypto::sha256_hex(body))
            throw std::logic_error("the digest of a request is not that of its body");
    }
    return with_messages(request, false, to);
}

}  // namespace test
