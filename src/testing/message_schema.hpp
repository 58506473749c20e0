#pragma once

#include "testing/json_checks.hpp"

namespace dedalus::testing {

/// An element of `messages`.
checks::checker message_check();

/// The text of a message where media are not possible: string or text parts.
checks::checker text_content_check();

}  // namespace dedalus::testing
