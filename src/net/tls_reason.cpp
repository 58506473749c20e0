#include "net/tls_reason.hpp"

#include <boost/system/error_code.hpp>
#include <openssl/err.h>

namespace dedalus::net {

std::string last_reason()
{
    const unsigned long queued = ERR_peek_last_error();
    if (ERR_SYSTEM_ERROR(queued))
        return boost::system::error_code(ERR_GET_REASON(queued), boost::system::system_category()).message();
    const char* reason = ERR_reason_error_string(queued);
    return reason != nullptr ? reason : "unknown reason";
}

}  // namespace dedalus::net
