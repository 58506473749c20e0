#include <dedalus/handoff/run_event.hpp>

#include <variant>

namespace dedalus {

std::string_view type_of(const run_event& event) noexcept
{
    return std::visit([](const auto& each) { return each.type; }, event);
}

}  // namespace dedalus
