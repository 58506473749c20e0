#pragma once

#include <cstdint>
#include <fstream>
#include <malloc.h>
#include <stdexcept>
#include <string>

namespace test {

// Sanitizers keep what was freed and need memory of their own: sizes mean nothing then.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool sanitized = true;
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
inline constexpr bool sanitized = true;
#else
inline constexpr bool sanitized = false;
#endif
#else
inline constexpr bool sanitized = false;
#endif

/// The most memory that this process has had at once since the object was made, above what it had then.
class peak_memory
{
public:
    peak_memory()
    {
        ::malloc_trim(0);
        std::ofstream reset("/proc/self/clear_refs");
        reset << "5";  // proc(5): VmHWM begins anew
        if (!reset.flush())
            throw std::runtime_error("the peak of the memory cannot be reset");
        start_ = peak();
    }

    std::int64_t bytes() const { return peak() - start_; }

private:
    static std::int64_t peak()
    {
        constexpr std::int64_t kib = 1024;
        std::ifstream status("/proc/self/status");
        std::string word;
        while (status >> word) {
            std::int64_t value = 0;
            if (word == "VmHWM:" && status >> value)
                return value * kib;
        }
        throw std::runtime_error("the peak of the memory is not told");
    }

    std::int64_t start_ = 0;
};

}  // namespace test
