#pragma once

#include <boost/json/memory_resource.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace dedalus::crypto {

/// Overwrites memory in a way that no optimizer takes away.
void cleanse(void* memory, std::size_t bytes) noexcept;

/// Whether the bytes are the same. Takes a time that depends on their number alone.
bool same_secret(std::string_view a, std::string_view b) noexcept;

/// A text that leaves no copy of itself behind in memory. It can only be moved; what was moved from is empty.
class secret_text
{
public:
    secret_text() = default;
    ~secret_text();

    secret_text(secret_text&& other) noexcept;
    secret_text& operator=(secret_text&& other) noexcept;

    void append(std::string_view more);

    std::string_view view() const noexcept { return text_; }

private:
    void wipe() noexcept;

    std::string text_;
};

/// Memory that is cleansed before it is given back: for JSON that holds secrets.
class cleansing_resource final : public boost::json::memory_resource
{
private:
    void* do_allocate(std::size_t bytes, std::size_t alignment) override;
    void do_deallocate(void* memory, std::size_t bytes, std::size_t alignment) override;

    bool do_is_equal(const boost::json::memory_resource& other) const noexcept override { return this == &other; }
};

}  // namespace dedalus::crypto
