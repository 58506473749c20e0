#include "client/environment.hpp"

#include <cstdlib>

namespace dedalus {

std::optional<std::string> process_environment(std::string_view name)
{
    const char* const value = std::getenv(std::string(name).c_str());
    if (value == nullptr)
        return std::nullopt;
    return std::string(value);
}

}  // namespace dedalus
