#pragma once

#include <dedalus/testing/server.hpp>

#include <string>

namespace dedalus::testing {

/// PEM texts of what a TLS server shows and of the CA its clients should trust.
struct server_certificates
{
    std::string ca;           ///< the CA that clients get
    std::string certificate;  ///< of the server
    std::string private_key;
};

/// Makes fresh P-256 keys and certificates. Throws boost::system::system_error when OpenSSL refuses.
server_certificates make_server_certificates(certificate_kind kind);

}  // namespace dedalus::testing
