#pragma once

#include <dedalus/chat/content.hpp>

#include <string>

namespace dedalus::codec {

/// The text of a content; text parts are joined, other parts have none.
std::string text_of(const message_content& content);

}  // namespace dedalus::codec
