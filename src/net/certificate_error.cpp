#include "net/certificate_error.hpp"

#include "support/certificate_category.hpp"

#include <boost/system/error_category.hpp>
#include <openssl/x509_vfy.h>

#include <string>

namespace dedalus::net {

namespace {

// Boost leaves the destructor of error_category public and not virtual, so that categories live until the very end.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"

class certificate_category final : public boost::system::error_category
{
public:
    const char* name() const noexcept override { return support::certificate_category_name; }

    std::string message(int verify_result) const override
    {
        // OpenSSL's words for these say "hostname mismatch" without whose.
        if (verify_result == X509_V_ERR_HOSTNAME_MISMATCH)
            return "it is not valid for this host name";
        if (verify_result == X509_V_ERR_IP_ADDRESS_MISMATCH)
            return "it is not valid for this IP address";
        return X509_verify_cert_error_string(verify_result);
    }
};

#pragma GCC diagnostic pop

}  // namespace

boost::system::error_code certificate_error(long verify_result) noexcept
{
    static constexpr certificate_category instance;
    return {static_cast<int>(verify_result), instance};
}

}  // namespace dedalus::net
