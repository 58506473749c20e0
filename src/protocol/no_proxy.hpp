#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dedalus::protocol {

/// The servers that are reached without proxy, see proxy_options::no_proxy.
class no_proxy_list
{
public:
    /// Matches nothing.
    no_proxy_list() = default;

    /// Entries separated by commas or white space. One that cannot be understood matches nothing.
    explicit no_proxy_list(std::string_view text);

    /// @param host  lower case, an IPv6 address without brackets. @param port  decimal.
    bool matches(std::string_view host, std::string_view port) const;

    bool operator==(const no_proxy_list&) const = default;

private:
    struct entry
    {
        std::string name;                      // "" for everything, or when there are bytes
        std::vector<unsigned char> address{};  // 4 or 16 bytes
        unsigned prefix_bits = 0;              // of the address
        std::string port{};                    // "": any

        bool operator==(const entry&) const = default;
    };

    void add(std::string_view text);
    static bool matches(const entry& each, std::string_view host, const std::vector<unsigned char>& address);

    std::vector<entry> entries_;
};

/// Whether the host is this machine by its name or address: localhost, what is below it, 127.0.0.0/8, ::1.
bool is_loopback(std::string_view host);

}  // namespace dedalus::protocol
