#pragma once

#include "testing/json_checks.hpp"

namespace dedalus::testing {

/// `model`: a name, a model with settings, or a list of both.
checks::checker model_check();

}  // namespace dedalus::testing
