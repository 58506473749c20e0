#include "net/tls_context.hpp"

#include <dedalus/error.hpp>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <string>

namespace dedalus::net {

namespace {

bool holds_certificate(X509_STORE* store)
{
    const auto* objects = X509_STORE_get0_objects(store);
    for (int i = 0; i < sk_X509_OBJECT_num(objects); ++i) {
        if (X509_OBJECT_get0_X509(sk_X509_OBJECT_value(objects, i)) != nullptr)
            return true;
    }
    return false;
}

std::string last_reason()
{
    const char* reason = ERR_reason_error_string(ERR_peek_last_error());
    return reason != nullptr ? reason : "unknown reason";
}

void trust(SSL_CTX* context, const std::string& ca_file)
{
    if (ca_file.empty()) {
        if (SSL_CTX_set_default_verify_paths(context) != 1)
            throw config_error("cannot set the system's CA certificates: " + last_reason());
        return;
    }
    if (SSL_CTX_load_verify_file(context, ca_file.c_str()) != 1)
        throw config_error("cannot load CA certificates from '" + ca_file + "': " + last_reason());
    // A file of revocation lists alone loads without complaint.
    if (!holds_certificate(SSL_CTX_get_cert_store(context)))
        throw config_error("no CA certificate in '" + ca_file + "'");
}

// The queue of errors belongs to the thread, hence to the whole program: leave it as clean as we need it.
struct clean_error_queue
{
    clean_error_queue() { ERR_clear_error(); }

    ~clean_error_queue() { ERR_clear_error(); }

    clean_error_queue(const clean_error_queue&) = delete;
    clean_error_queue& operator=(const clean_error_queue&) = delete;
};

}  // namespace

tls_context::tls_context(const tls_options& options)
{
    const clean_error_queue errors;
    context_.reset(SSL_CTX_new(TLS_client_method()));
    if (!context_ || SSL_CTX_set_min_proto_version(context_.get(), TLS1_2_VERSION) != 1)
        throw config_error("cannot set TLS up: " + last_reason());
    SSL_CTX_set_options(context_.get(), SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
    tls_session_cache::attach(context_.get());
    // One recv() fetches as many records as there are; idle streams hold no record buffers.
    SSL_CTX_set_read_ahead(context_.get(), 1);
    SSL_CTX_set_mode(
        context_.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER
    );
    trust(context_.get(), options.ca_file);
}

void tls_context::deleter::operator()(ssl_ctx_st* context) const noexcept
{
    SSL_CTX_free(context);
}

}  // namespace dedalus::net
