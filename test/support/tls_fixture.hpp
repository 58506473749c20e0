#pragma once

#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <utility>

namespace test {

struct openssl_deleter
{
    void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }

    void operator()(X509* certificate) const noexcept { X509_free(certificate); }

    void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }

    void operator()(SSL* session) const noexcept { SSL_free(session); }
};

template <class T>
using openssl_ptr = std::unique_ptr<T, openssl_deleter>;

/// A certificate and its key.
struct identity
{
    openssl_ptr<X509> certificate;
    openssl_ptr<EVP_PKEY> key;
};

struct leaf_options
{
    std::string subject_alternative_names = "DNS:localhost,IP:127.0.0.1";  // in OpenSSL's notation; "" for none
    bool expired = false;
    bool not_yet_valid = false;
    bool self_signed = false;
};

/// A certificate authority that exists for one test.
class test_ca
{
public:
    explicit test_ca(const std::string& name = "test CA");

    identity issue(const leaf_options& options = leaf_options()) const;

    /// An authority whose certificate this one has signed.
    test_ca subordinate(const std::string& name) const;

    /// The certificate of the authority.
    std::string pem() const;

    X509* certificate() const noexcept { return authority_.certificate.get(); }

private:
    explicit test_ca(identity authority) : authority_(std::move(authority)) {}

    identity authority_;
};

/// A server's side of TLS that presents `leaf`.
openssl_ptr<SSL_CTX> server_context(const identity& leaf, int max_version = TLS1_3_VERSION);

/// Makes the server ask for a certificate of this authority, and refuse clients that have none.
void require_client_certificate(SSL_CTX* server, const test_ca& authority);

std::string certificate_pem(const identity& who);

/// Encrypted when there is a password.
std::string private_key_pem(const identity& who, const std::string& password = "");

/// A file with a text, gone with the object.
class temporary_file
{
public:
    explicit temporary_file(const std::string& content);
    ~temporary_file();

    temporary_file(const temporary_file&) = delete;
    temporary_file& operator=(const temporary_file&) = delete;

    const std::string& path() const noexcept { return path_; }

private:
    std::string path_;
};

}  // namespace test
