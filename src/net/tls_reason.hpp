#pragma once

#include <string>

namespace dedalus::net {

/// Why the last call of OpenSSL in this thread failed, in its own words.
std::string last_reason();

}  // namespace dedalus::net
