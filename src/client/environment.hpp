#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace dedalus {

/// Looks up an environment variable; an argument wherever configuration is decided, so that tests need no process
/// environment.
using environment_lookup = std::function<std::optional<std::string>(std::string_view name)>;

/// The variable of this process. Nothing when it is unset.
std::optional<std::string> process_environment(std::string_view name);

}  // namespace dedalus
