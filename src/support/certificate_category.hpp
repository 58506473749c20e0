#pragma once

#include <boost/system/error_code.hpp>

#include <string_view>

namespace dedalus::support {

/// Of the codes that say why a certificate was refused, see connection_error::cause().
inline constexpr const char* certificate_category_name = "dedalus.certificate";

/// Whether the code is one of those.
inline bool certificate_refused(const boost::system::error_code& ec) noexcept
{
    return std::string_view(ec.category().name()) == certificate_category_name;
}

}  // namespace dedalus::support
