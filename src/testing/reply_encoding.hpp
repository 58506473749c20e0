#pragma once

#include <dedalus/testing/server.hpp>

#include <string>
#include <vector>

namespace dedalus::testing {

/// Bytes that are written in one go.
struct reply_piece
{
    std::string bytes;
    bool pause_before = false;  ///< reply::piece_delay comes first
};

/// What the header of a reply depends on besides the reply.
struct reply_context
{
    std::string request_id;
    bool announce_close = false;  ///< `Connection: close`
    bool without_body = false;    ///< answer to HEAD
};

/// The bytes of a reply up to where its `end` happens, in the pieces the reply asks for.
std::vector<reply_piece> encode_reply(const reply& r, const reply_context& context);

}  // namespace dedalus::testing
