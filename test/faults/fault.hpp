#pragma once

#include <dedalus/client_options.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace test {

/// A peer with a fault, and the options of a client that meets it.
struct fault_scene
{
    dedalus::client_options options;
    std::shared_ptr<void> peer;  ///< as long as the call takes
    bool large_request = false;
};

/// How a call over a faulty connection ends.
struct fault_end
{
    std::string_view error;  ///< class, code and phase; "answer" for none; "" when there is no such call
    bool again = false;      ///< another attempt was made

    bool operator==(const fault_end&) const = default;
};

/// The same for every kind of call.
struct fault_ends
{
    fault_end http_unary;
    fault_end https_unary;
    fault_end http_stream;
    fault_end https_stream;

    const fault_end& of(bool tls, bool stream) const
    {
        if (stream)
            return tls ? https_stream : http_stream;
        return tls ? https_unary : http_unary;
    }
};

/// One row of the fault matrix.
struct fault
{
    std::string_view what;
    std::function<fault_scene(bool tls, bool stream)> make;
    fault_ends expected;
};

/// Faults of one phase of a call.
struct fault_group
{
    std::string_view phase;
    std::vector<fault> faults;
};

/// All there are.
std::vector<fault_group> fault_matrix();

// The groups: connection_faults.cpp, header_faults.cpp, body_faults.cpp, content_faults.cpp.
fault_group resolve_faults();
fault_group connect_faults();
fault_group proxy_faults();
fault_group tls_faults();
fault_group write_faults();
fault_group header_faults();
fault_group status_faults();
fault_group body_faults();
fault_group content_faults();

constexpr fault_end once(std::string_view error)
{
    return {error, false};
}

constexpr fault_end again(std::string_view error)
{
    return {error, true};
}

inline constexpr fault_end well = {"answer", false};
inline constexpr fault_end no_such_call = {};
inline constexpr fault_end unreadable = once("response_format_error invalid_response");
inline constexpr fault_end too_large = once("response_format_error limit_exceeded");

constexpr fault_ends everywhere(fault_end end)
{
    return {end, end, end, end};
}

constexpr fault_ends unary_and_stream(fault_end unary, fault_end stream)
{
    return {unary, unary, stream, stream};
}

constexpr fault_ends only_https(fault_end end)
{
    return {no_such_call, end, no_such_call, end};
}

/// What calls over TLS end with in a fault that TCP alone does not know.
constexpr fault_ends only_https_of(fault_ends ends)
{
    return {no_such_call, ends.https_unary, no_such_call, ends.https_stream};
}

/// docs/faults.md.
std::string fault_page(const std::vector<fault_group>& matrix);

}  // namespace test
