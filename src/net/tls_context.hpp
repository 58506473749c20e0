#pragma once

#include <dedalus/client_options.hpp>

#include "net/tls_session_cache.hpp"

#include <memory>

struct ssl_ctx_st;

namespace dedalus::net {

/// What all TLS connections of a client share: the trusted certificates and the rules. TLS 1.2 at least, the peer's
/// chain is always verified, no compression, no renegotiation. The rules are not changed after construction, so any
/// thread may use it.
class tls_context
{
public:
    /// Throws config_error when a file or text of `options` cannot be used, and what `options.customize` throws.
    explicit tls_context(const tls_options& options);

    ssl_ctx_st* native_handle() const noexcept { return context_.get(); }

    tls_session_cache& sessions() const noexcept { return *sessions_; }

private:
    struct deleter
    {
        void operator()(ssl_ctx_st* context) const noexcept;
    };

    std::unique_ptr<tls_session_cache> sessions_ = std::make_unique<tls_session_cache>();
    std::unique_ptr<ssl_ctx_st, deleter> context_;
};

/// For a peer that is not the API: a client certificate says who one is, as a key does.
tls_options without_client_certificate(tls_options options);

}  // namespace dedalus::net
