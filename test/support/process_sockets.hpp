#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace test {

/// The descriptors of this process that are TCP sockets connected to, or connecting to, this port of this machine: the
/// clients' ends, and not those of a server in this process.
std::vector<int> sockets_to(std::uint16_t port);

/// The most descriptors this process may have from now on: the limit is raised to `n` if need be. Throws runtime_error
/// that says so when the system does not allow it.
void require_descriptors(std::size_t n);

/// Bytes of this process in memory, without what was freed.
std::int64_t resident_bytes();

}  // namespace test
