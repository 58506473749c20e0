#pragma once

#include <random>

namespace dedalus::support {

/// In [0, 1). Only a failed attempt needs it, so the system's source is fast enough.
inline double random_share()
{
    std::random_device source;
    return std::generate_canonical<double, 32>(source);
}

}  // namespace dedalus::support
