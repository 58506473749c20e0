#pragma once

#include <dedalus/config.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dedalus {

/// One HTTP header field (RFC 9110, section 5).
struct http_header
{
    std::string name{};   ///< as received or as given; compared without regard to case
    std::string value{};  ///< without surrounding white space

    bool operator==(const http_header&) const = default;
};

/// HTTP header fields in the order of the message; names compare without regard to ASCII case and may repeat.
class DEDALUS_EXPORT http_headers
{
public:
    using const_iterator = std::vector<http_header>::const_iterator;

    http_headers() = default;

    http_headers(std::initializer_list<http_header> fields) : fields_(fields) {}

    /// Adds a field, keeping those of the same name.
    void add(std::string name, std::string value);

    /// Replaces all fields of this name by one.
    void set(std::string name, std::string value);

    /// Removes all fields of this name; returns how many there were.
    std::size_t erase(std::string_view name);

    /// The value of the first field of this name. The view lives as long as the field.
    std::optional<std::string_view> find(std::string_view name) const;

    /// Whether a field of this name is there.
    bool contains(std::string_view name) const { return find(name).has_value(); }

    const_iterator begin() const { return fields_.begin(); }

    const_iterator end() const { return fields_.end(); }

    std::size_t size() const { return fields_.size(); }

    bool empty() const { return fields_.empty(); }

    bool operator==(const http_headers&) const = default;

private:
    std::vector<http_header> fields_{};
};

}  // namespace dedalus
