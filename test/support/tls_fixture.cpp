#include "support/tls_fixture.hpp"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <unistd.h>

namespace test {

namespace {

void require(bool done)
{
    if (!done)
        throw std::runtime_error("OpenSSL cannot make what the test needs");
}

void extend(X509* certificate, X509* issuer, int nid, const std::string& value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
    require(extension != nullptr);
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
}

/// A key and a certificate that is not signed yet.
identity draft(const std::string& name, long begin_seconds, long end_seconds)
{
    static long serial = 1;
    identity made;
    made.key.reset(EVP_EC_gen("P-256"));
    made.certificate.reset(X509_new());
    require(made.key && made.certificate);
    X509* certificate = made.certificate.get();
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial++);
    X509_gmtime_adj(X509_getm_notBefore(certificate), begin_seconds);
    X509_gmtime_adj(X509_getm_notAfter(certificate), end_seconds);
    X509_set_pubkey(certificate, made.key.get());
    X509_NAME* subject = X509_get_subject_name(certificate);
    const auto* text = reinterpret_cast<const unsigned char*>(name.c_str());
    require(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, text, -1, -1, 0) == 1);
    return made;
}

void sign(const identity& made, const identity& issuer)
{
    X509_set_issuer_name(made.certificate.get(), X509_get_subject_name(issuer.certificate.get()));
    require(X509_sign(made.certificate.get(), issuer.key.get(), EVP_sha256()) > 0);
}

constexpr long day = 24 * 60 * 60;

identity draft_authority(const std::string& name)
{
    identity made = draft(name, -day, day);
    X509* certificate = made.certificate.get();
    extend(certificate, certificate, NID_basic_constraints, "critical,CA:TRUE");
    extend(certificate, certificate, NID_key_usage, "critical,keyCertSign,cRLSign");
    return made;
}

template <class Write>
std::string pem_text(Write write)
{
    BIO* memory = BIO_new(BIO_s_mem());
    require(memory != nullptr && write(memory) == 1);
    std::string text(BIO_ctrl_pending(memory), '\0');
    BIO_read(memory, text.data(), static_cast<int>(text.size()));
    BIO_free(memory);
    return text;
}

}  // namespace

test_ca::test_ca(const std::string& name) : authority_(draft_authority(name))
{
    sign(authority_, authority_);
}

test_ca test_ca::subordinate(const std::string& name) const
{
    identity authority = draft_authority(name);
    sign(authority, authority_);
    return test_ca(std::move(authority));
}

identity test_ca::issue(const leaf_options& options) const
{
    const long begin = options.not_yet_valid ? day : -2 * day;
    identity leaf = draft("test server", begin, options.expired ? -day : 2 * day);
    const identity& issuer = options.self_signed ? leaf : authority_;
    extend(leaf.certificate.get(), issuer.certificate.get(), NID_basic_constraints, "critical,CA:FALSE");
    const std::string& alternative_names = options.subject_alternative_names;
    if (!alternative_names.empty())
        extend(leaf.certificate.get(), issuer.certificate.get(), NID_subject_alt_name, alternative_names);
    sign(leaf, issuer);
    return leaf;
}

std::string test_ca::pem() const
{
    return certificate_pem(authority_);
}

std::string certificate_pem(const identity& who)
{
    return pem_text([&](BIO* out) { return PEM_write_bio_X509(out, who.certificate.get()); });
}

std::string private_key_pem(const identity& who, const std::string& password)
{
    return pem_text([&](BIO* out) {
        const auto size = static_cast<int>(password.size());
        const EVP_CIPHER* cipher = password.empty() ? nullptr : EVP_aes_256_cbc();
        return PEM_write_bio_PKCS8PrivateKey(out, who.key.get(), cipher, password.data(), size, nullptr, nullptr);
    });
}

void require_client_certificate(SSL_CTX* server, const test_ca& authority)
{
    SSL_CTX_set_verify(server, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    require(X509_STORE_add_cert(SSL_CTX_get_cert_store(server), authority.certificate()) == 1);
}

openssl_ptr<SSL_CTX> server_context(const identity& leaf, int max_version)
{
    openssl_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()));
    require(context != nullptr);
    // The old versions and their signatures are below the usual level.
    SSL_CTX_set_security_level(context.get(), max_version < TLS1_2_VERSION ? 0 : 1);
    require(SSL_CTX_set_min_proto_version(context.get(), TLS1_VERSION) == 1);
    require(SSL_CTX_set_max_proto_version(context.get(), max_version) == 1);
    require(SSL_CTX_use_certificate(context.get(), leaf.certificate.get()) == 1);
    require(SSL_CTX_use_PrivateKey(context.get(), leaf.key.get()) == 1);
    return context;
}

temporary_file::temporary_file(const std::string& content)
{
    const char* folder = std::getenv("TMPDIR");
    path_ = std::string(folder != nullptr ? folder : "/tmp") + "/dedalus-test-XXXXXX";
    const int file = ::mkstemp(path_.data());
    if (file < 0)
        throw std::runtime_error("cannot make a temporary file");
    const auto written = ::write(file, content.data(), content.size());
    ::close(file);
    if (written != static_cast<ssize_t>(content.size()))
        throw std::runtime_error("cannot write a temporary file");
}

temporary_file::~temporary_file()
{
    std::remove(path_.c_str());
}

}  // namespace test
