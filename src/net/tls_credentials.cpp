#include "net/tls_credentials.hpp"

#include <dedalus/error.hpp>

#include "net/tls_reason.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <limits>
#include <memory>
#include <string>
#include <string_view>

namespace dedalus::net {

namespace {

struct openssl_deleter
{
    void operator()(BIO* bio) const noexcept { BIO_free(bio); }

    void operator()(X509* certificate) const noexcept { X509_free(certificate); }

    void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
};

template <class T>
using owned = std::unique_ptr<T, openssl_deleter>;

[[noreturn]] void refuse(std::string_view option, const std::string& what)
{
    throw config_error("tls." + std::string(option) + ": " + what);
}

/// A password, and whether it was asked for.
struct password_source
{
    const std::string& password;
    bool asked = false;

    // Without a callback of ours OpenSSL asks on the terminal.
    static int answer(char* buffer, int size, int, void* self)
    {
        auto& source = *static_cast<password_source*>(self);
        source.asked = true;
        const std::string& password = source.password;
        if (password.empty() || password.size() > static_cast<std::size_t>(size))
            return -1;
        std::memcpy(buffer, password.data(), password.size());
        return static_cast<int>(password.size());
    }
};

/// PEM from one of two options.
struct pem_source
{
    std::string_view option;
    owned<BIO> bio;
};

pem_source open_file(std::string_view option, const std::string& path)
{
    owned<BIO> bio(BIO_new_file(path.c_str(), "r"));
    if (!bio)
        refuse(option, "cannot read the file: " + last_reason());
    return {option, std::move(bio)};
}

pem_source open_text(std::string_view option, const std::string& pem)
{
    if (pem.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()))
        refuse(option, "it is too large");
    owned<BIO> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    if (!bio)
        refuse(option, last_reason());
    return {option, std::move(bio)};
}

pem_source open_certificate(const tls_options& options)
{
    if (!options.certificate_file.empty() && !options.certificate_pem.empty())
        throw config_error("tls.certificate_file and tls.certificate_pem contradict each other: give one");
    if (!options.certificate_file.empty())
        return open_file("certificate_file", options.certificate_file);
    return open_text("certificate_pem", options.certificate_pem);
}

pem_source open_private_key(const tls_options& options)
{
    if (!options.private_key_file.empty() && !options.private_key_pem.empty())
        throw config_error("tls.private_key_file and tls.private_key_pem contradict each other: give one");
    if (!options.private_key_file.empty())
        return open_file("private_key_file", options.private_key_file);
    if (!options.private_key_pem.empty())
        return open_text("private_key_pem", options.private_key_pem);
    return open_certificate(options);
}

/// The next certificate; null at the end.
owned<X509> next_certificate(const pem_source& source)
{
    const std::string none;
    password_source nobody{none};
    owned<X509> certificate(PEM_read_bio_X509(source.bio.get(), nullptr, &password_source::answer, &nobody));
    if (certificate)
        return certificate;
    const unsigned long queued = ERR_peek_last_error();
    if (ERR_GET_LIB(queued) != ERR_LIB_PEM || ERR_GET_REASON(queued) != PEM_R_NO_START_LINE)
        refuse(source.option, "cannot read a certificate: " + last_reason());
    ERR_clear_error();
    return nullptr;
}

bool holds_certificate(X509_STORE* store)
{
    const auto* objects = X509_STORE_get0_objects(store);
    for (int i = 0; i < sk_X509_OBJECT_num(objects); ++i) {
        if (X509_OBJECT_get0_X509(sk_X509_OBJECT_value(objects, i)) != nullptr)
            return true;
    }
    return false;
}

void trust_file(SSL_CTX* context, const std::string& path)
{
    if (SSL_CTX_load_verify_file(context, path.c_str()) != 1)
        refuse("ca_file", "cannot load CA certificates from '" + path + "': " + last_reason());
    // A file of revocation lists alone loads without complaint.
    if (!holds_certificate(SSL_CTX_get_cert_store(context)))
        refuse("ca_file", "no CA certificate in '" + path + "'");
}

void trust_text(SSL_CTX* context, const std::string& pem)
{
    const pem_source source = open_text("ca_pem", pem);
    bool some = false;
    while (const owned<X509> certificate = next_certificate(source)) {
        some = true;
        if (X509_STORE_add_cert(SSL_CTX_get_cert_store(context), certificate.get()) != 1)
            refuse("ca_pem", last_reason());
    }
    if (!some)
        refuse("ca_pem", "it holds no certificate");
}

void use_certificates(SSL_CTX* context, const pem_source& source)
{
    const owned<X509> leaf = next_certificate(source);
    if (!leaf)
        refuse(source.option, "it holds no certificate");
    if (SSL_CTX_use_certificate(context, leaf.get()) != 1)
        refuse(source.option, last_reason());
    while (owned<X509> issuer = next_certificate(source)) {
        if (SSL_CTX_add0_chain_cert(context, issuer.get()) != 1)
            refuse(source.option, last_reason());
        static_cast<void>(issuer.release());
    }
}

void use_private_key(SSL_CTX* context, const pem_source& source, const std::string& password)
{
    password_source given{password};
    const owned<EVP_PKEY> key(PEM_read_bio_PrivateKey(source.bio.get(), nullptr, &password_source::answer, &given));
    if (!key && given.asked) {
        const char* problem = password.empty() ? "the key in tls." : "it does not decrypt the key in tls.";
        refuse(
            "private_key_password",
            problem + std::string(source.option) + (password.empty() ? " is encrypted, and there is no password" : "")
        );
    }
    if (!key)
        refuse(source.option, "cannot read a private key: " + last_reason());
    if (SSL_CTX_use_PrivateKey(context, key.get()) != 1 || SSL_CTX_check_private_key(context) != 1)
        refuse(source.option, "the key is not that of the client's certificate");
}

}  // namespace

void load_trusted_certificates(SSL_CTX* context, const tls_options& options)
{
    if (!options.ca_file.empty())
        trust_file(context, options.ca_file);
    if (!options.ca_pem.empty())
        trust_text(context, options.ca_pem);
    if (options.ca_file.empty() && options.ca_pem.empty() && SSL_CTX_set_default_verify_paths(context) != 1)
        throw config_error("cannot set the system's CA certificates: " + last_reason());
}

void load_client_certificate(SSL_CTX* context, const tls_options& options)
{
    if (options.certificate_file.empty() && options.certificate_pem.empty()) {
        if (!options.private_key_file.empty())
            refuse("private_key_file", "there is no certificate to this key");
        if (!options.private_key_pem.empty())
            refuse("private_key_pem", "there is no certificate to this key");
        return;
    }
    use_certificates(context, open_certificate(options));
    use_private_key(context, open_private_key(options), options.private_key_password);
}

}  // namespace dedalus::net
