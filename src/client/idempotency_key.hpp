#pragma once

#include <string>

namespace dedalus {

/// A key that no other call has, on any machine: 122 random bits. Any thread. Throws system_error when the system has
/// no random bytes.
std::string new_idempotency_key();

}  // namespace dedalus
