#pragma once

#include <boost/system/error_code.hpp>

namespace dedalus::net {

/// Why a certificate was refused.
/// @param verify_result  one of OpenSSL's X509_V_ERR_*.
boost::system::error_code certificate_error(long verify_result) noexcept;

}  // namespace dedalus::net
