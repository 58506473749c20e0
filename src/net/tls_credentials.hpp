#pragma once

#include <dedalus/client_options.hpp>

struct ssl_ctx_st;

namespace dedalus::net {

/// Makes the context trust what `options` names: the files and texts, or the system's certificates.
/// Throws config_error, which names the option.
void load_trusted_certificates(ssl_ctx_st* context, const tls_options& options);

/// Gives the context the client's certificate and key, if `options` has some.
/// Throws config_error, which names the option and holds nothing of its value.
void load_client_certificate(ssl_ctx_st* context, const tls_options& options);

}  // namespace dedalus::net
