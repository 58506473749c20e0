#pragma once

#include <dedalus/chat/content.hpp>

#include "protocol/text_budget.hpp"

#include <cstddef>
#include <optional>
#include <string_view>

namespace dedalus::protocol {

/// Adds a piece of content: text is appended to text; parts are appended to parts. Neighbouring parts are joined when
/// both are text, both are refusals, or both are of type "thinking" with a list of that name inside. Text and parts may
/// alternate; the whole is a list then. An empty list says nothing.
void append_content(std::optional<message_content>& whole, const message_content& piece, text_budget& budget);

/// Bytes of a text, or number of parts.
std::size_t content_extent(const std::optional<message_content>& content) noexcept;

/// What the text was when content_extent() was `extent`; "" for parts.
std::string_view first_text(const std::optional<message_content>& content, std::size_t extent) noexcept;

/// Drops what the content had when content_extent() was `extent`. A text that became a list since is dropped whole,
/// as is what was joined to a part.
void drop_first_content(std::optional<message_content>& content, std::size_t extent);

}  // namespace dedalus::protocol
