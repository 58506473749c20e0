#include <dedalus/chat/events.hpp>

#include <variant>

namespace dedalus {

std::string_view type_of(const chat_completion_event& event) noexcept
{
    return std::visit([](const auto& each) { return each.type; }, event);
}

}  // namespace dedalus
