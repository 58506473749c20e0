#pragma once

#include <dedalus/open_enum.hpp>

#include <string_view>

namespace dedalus {

/// `service_tier`: how fast, and at what price, a request is served.
struct service_tier : open_enum<service_tier>
{
    using open_enum::open_enum;
    static constexpr std::string_view auto_ = "auto";  ///< the default of requests
    static constexpr std::string_view default_ = "default";
    static constexpr std::string_view flex = "flex";
    static constexpr std::string_view scale = "scale";
    static constexpr std::string_view priority = "priority";
    static constexpr std::string_view fast = "fast";
};

}  // namespace dedalus
