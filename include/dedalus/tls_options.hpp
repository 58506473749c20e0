#pragma once

#include <functional>
#include <string>

struct ssl_ctx_st;  // OpenSSL's SSL_CTX

namespace dedalus {

/// TLS. Version 1.2 at least; the chain and the host name are always verified: there is no switch for that.
///
/// What cannot be used is a config_error of the constructor of `client` that names the option. Files are read there,
/// once. All is PEM.
struct tls_options
{
    std::string ca_file{};  ///< bundle to trust instead of the system's; empty: the system's, unless `ca_pem` is given
    std::string ca_pem{};   ///< the same, in memory; what `ca_file` names is trusted, too

    /// The client's certificate, for servers that ask for one: the certificate itself first, then the chain that leads
    /// to a root. At most one of the two.
    std::string certificate_file{};
    std::string certificate_pem{};

    /// Its key. At most one of the two; empty: it stands beside the certificate, in `certificate_file` or
    /// `certificate_pem`.
    std::string private_key_file{};
    std::string private_key_pem{};

    /// Of an encrypted key. Nobody is ever asked for one on the terminal.
    std::string private_key_password{};

    /// For what has no option: called once, by the constructor of `client`, with the `SSL_CTX*` after the options above
    /// were applied; for instance to set cipher suites, or 1.3 as the lowest version. It must not keep the pointer.
    /// What it throws leaves the constructor. Afterwards the rules of the client are set again: verification of the
    /// peer is on, and versions below 1.2 are off. The host name is checked by each connection itself. A verify
    /// callback is kept: one that accepts what OpenSSL refuses is the caller's own decision.
    std::function<void(ssl_ctx_st*)> customize{};
};

}  // namespace dedalus
