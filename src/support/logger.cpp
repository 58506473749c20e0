#include <dedalus/logger.hpp>

namespace dedalus {

// Here, so that the virtual table has one place.
logger::~logger() = default;

std::string_view to_string(log_level level) noexcept
{
    switch (level) {
    case log_level::off:
        return "off";
    case log_level::error:
        return "error";
    case log_level::warn:
        return "warn";
    case log_level::info:
        return "info";
    case log_level::debug:
        return "debug";
    }
    return "unknown";
}

}  // namespace dedalus
