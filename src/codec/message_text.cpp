#include "codec/message_text.hpp"

#include <dedalus/chat/chunk.hpp>
#include <dedalus/chat/completion.hpp>
#include <dedalus/chat/message.hpp>

#include <variant>
#include <vector>

namespace dedalus {

namespace codec {

std::string text_of(const message_content& content)
{
    if (const auto* text = std::get_if<std::string>(&content))
        return *text;
    std::string text;
    for (const content_part& part : std::get<std::vector<content_part>>(content)) {
        if (const auto* piece = std::get_if<text_part>(&part))
            text += piece->text;
    }
    return text;
}

}  // namespace codec

std::string assistant_message::text() const
{
    return content ? codec::text_of(*content) : std::string();
}

std::string chat_completion::text() const
{
    const assistant_message* first = first_message();
    return first == nullptr ? std::string() : first->text();
}

const assistant_message* chat_completion::first_message() const
{
    return choices.empty() ? nullptr : &choices.front().message;
}

std::string chat_completion_chunk::text() const
{
    const message_delta* delta = first_delta();
    return delta == nullptr || !delta->content ? std::string() : codec::text_of(*delta->content);
}

const message_delta* chat_completion_chunk::first_delta() const
{
    return choices.empty() ? nullptr : &choices.front().delta;
}

}  // namespace dedalus
