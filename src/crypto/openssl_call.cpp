#include "crypto/openssl_call.hpp"

#include <dedalus/error.hpp>

#include <openssl/err.h>

#include <string>

namespace dedalus::crypto {

clean_error_queue::clean_error_queue()
{
    ERR_clear_error();
}

clean_error_queue::~clean_error_queue()
{
    ERR_clear_error();
}

void require(bool done)
{
    if (done)
        return;
    const char* reason = ERR_reason_error_string(ERR_peek_last_error());
    throw config_error(std::string("OpenSSL cannot encrypt: ") + (reason != nullptr ? reason : "unknown reason"));
}

}  // namespace dedalus::crypto
