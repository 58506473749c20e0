#include "net/tls_context.hpp"

#include <dedalus/error.hpp>

#include "net/tls_credentials.hpp"
#include "net/tls_reason.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <string>

namespace dedalus::net {

namespace {

// The queue of errors belongs to the thread, hence to the whole program: leave it as clean as we need it.
struct clean_error_queue
{
    clean_error_queue() { ERR_clear_error(); }

    ~clean_error_queue() { ERR_clear_error(); }

    clean_error_queue(const clean_error_queue&) = delete;
    clean_error_queue& operator=(const clean_error_queue&) = delete;
};

// What holds whatever the user's hook did.
void set_rules(SSL_CTX* context)
{
    const bool low = SSL_CTX_get_min_proto_version(context) < TLS1_2_VERSION;
    if (low && SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1)
        throw config_error("cannot set TLS up: " + last_reason());
    SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, SSL_CTX_get_verify_callback(context));
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
}

}  // namespace

tls_context::tls_context(const tls_options& options)
{
    const clean_error_queue errors;
    context_.reset(SSL_CTX_new(TLS_client_method()));
    if (!context_)
        throw config_error("cannot set TLS up: " + last_reason());
    load_trusted_certificates(context_.get(), options);
    load_client_certificate(context_.get(), options);
    if (options.customize)
        options.customize(context_.get());
    set_rules(context_.get());
    tls_session_cache::attach(context_.get());
}

tls_options without_client_certificate(tls_options options)
{
    options.certificate_file.clear();
    options.certificate_pem.clear();
    options.private_key_file.clear();
    options.private_key_pem.clear();
    options.private_key_password.clear();
    return options;
}

void tls_context::deleter::operator()(ssl_ctx_st* context) const noexcept
{
    SSL_CTX_free(context);
}

}  // namespace dedalus::net
