#pragma once

#include <dedalus/client_changes.hpp>

#include "client/configuration.hpp"

namespace dedalus {

/// The configuration of a derived client. Throws config_error, which names the option and never its value.
configuration derive_configuration(configuration parent, const client_changes& changes);

}  // namespace dedalus
