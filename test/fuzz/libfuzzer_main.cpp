#include "fuzz/fuzz_targets.hpp"

#include <cstddef>
#include <cstdint>

// DEDALUS_FUZZ_TARGET is one function of fuzz_targets.hpp; libFuzzer brings main().
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    dedalus::fuzz::DEDALUS_FUZZ_TARGET({reinterpret_cast<const char*>(data), size});
    return 0;
}
