#include <dedalus/handoff/run_phase.hpp>

#include <array>
#include <cstddef>

namespace dedalus {

namespace {

// In the order of the enumeration.
constexpr std::array<std::string_view, 9> names = {
    "ready",
    "sending",
    "executing",
    "suspended",
    "completed",
    "failed",
    "budget_exhausted",
    "cancelled",
    "expired",
};

}  // namespace

std::string_view to_string(run_phase phase) noexcept
{
    const auto index = static_cast<std::size_t>(phase);
    return index < names.size() ? names[index] : "unknown";
}

std::optional<run_phase> to_run_phase(std::string_view name) noexcept
{
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (names[i] == name)
            return static_cast<run_phase>(i);
    }
    return {};
}

}  // namespace dedalus
