#pragma once

/// @file
/// The test program replaces getaddrinfo() for names below "test" (RFC 6761), so that no test asks a name server:
/// "two.test" has the addresses 127.0.0.2 and 127.0.0.1, in this order; every other one has 127.0.0.1. A final dot
/// makes no difference.

namespace test {

/// While one of these lives, looking up "slow.test" blocks, as it does behind a silent name server.
class slow_lookup
{
public:
    slow_lookup();

    /// Lets the lookups go on.
    ~slow_lookup();

    slow_lookup(const slow_lookup&) = delete;
    slow_lookup& operator=(const slow_lookup&) = delete;

    /// Returns when a lookup has begun.
    static void wait_until_asked();

    /// Whether a lookup has begun.
    static bool is_asked();
};

}  // namespace test
