#include "net/tls_reason.hpp"

#include <openssl/err.h>

#include <cstring>

namespace dedalus::net {

std::string last_reason()
{
    const unsigned long queued = ERR_peek_last_error();
    if (ERR_SYSTEM_ERROR(queued))
        return std::strerror(ERR_GET_REASON(queued));
    const char* reason = ERR_reason_error_string(queued);
    return reason != nullptr ? reason : "unknown reason";
}

}  // namespace dedalus::net
