#include "testing/certificates.hpp"

#include <boost/asio/ssl/error.hpp>
#include <boost/system/system_error.hpp>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <optional>

namespace dedalus::testing {
namespace {

template <auto Free>
struct releaser
{
    template <class T>
    void operator()(T* object) const
    {
        Free(object);
    }
};

using key_ptr = std::unique_ptr<EVP_PKEY, releaser<&EVP_PKEY_free>>;
using certificate_ptr = std::unique_ptr<X509, releaser<&X509_free>>;
using extension_ptr = std::unique_ptr<X509_EXTENSION, releaser<&X509_EXTENSION_free>>;
using bio_ptr = std::unique_ptr<BIO, releaser<&BIO_free_all>>;

[[noreturn]] void throw_openssl_error(const char* step)
{
    const boost::system::error_code code(static_cast<int>(::ERR_get_error()), boost::asio::error::get_ssl_category());
    throw boost::system::system_error(code, step);
}

void require(bool ok, const char* step)
{
    if (!ok)
        throw_openssl_error(step);
}

/// Validity in seconds from now.
struct validity
{
    long from;
    long until;
};

constexpr long day = 24L * 60 * 60;
// Begins a day in the past, so that clocks which disagree a little do not matter.
constexpr validity current{-day, 30 * day};
constexpr validity ended_yesterday{-30 * day, -day};

constexpr const char* loopback_names = "DNS:localhost,IP:127.0.0.1,IP:::1";
constexpr const char* other_names = "DNS:other-host.invalid";

struct identity
{
    key_ptr key;
    certificate_ptr certificate;
};

struct certificate_request
{
    const char* common_name = "";
    validity valid = current;
    const char* alternative_names = nullptr;  ///< null: a CA certificate
};

void add_extension(X509* certificate, X509* issuer, int nid, const char* value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    const extension_ptr extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value));
    require(extension != nullptr, "certificate extension");
    require(X509_add_ext(certificate, extension.get(), -1) == 1, "certificate extension");
}

void set_random_serial(X509* certificate)
{
    unsigned char bytes[8];
    require(RAND_bytes(bytes, sizeof bytes) == 1, "random serial number");
    std::uint64_t serial = 0;
    for (const unsigned char byte : bytes)
        serial = (serial << 8U) | byte;
    // A serial number is positive.
    require(ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), (serial >> 1U) | 1U) == 1, "serial number");
}

/// Makes a key and a certificate for it, signed by `issuer` or, without one, by itself.
identity make_identity(const certificate_request& request, const identity* issuer)
{
    identity made{key_ptr(EVP_EC_gen("P-256")), certificate_ptr(X509_new())};
    require(made.key != nullptr && made.certificate != nullptr, "key generation");
    X509* certificate = made.certificate.get();
    X509* issuer_certificate = issuer != nullptr ? issuer->certificate.get() : certificate;
    EVP_PKEY* issuer_key = issuer != nullptr ? issuer->key.get() : made.key.get();

    require(X509_set_version(certificate, X509_VERSION_3) == 1, "certificate version");
    set_random_serial(certificate);
    require(X509_gmtime_adj(X509_getm_notBefore(certificate), request.valid.from) != nullptr, "not before");
    require(X509_gmtime_adj(X509_getm_notAfter(certificate), request.valid.until) != nullptr, "not after");
    require(X509_set_pubkey(certificate, made.key.get()) == 1, "public key");

    const auto* name = reinterpret_cast<const unsigned char*>(request.common_name);
    require(
        X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8, name, -1, -1, 0) == 1,
        "subject"
    );
    require(X509_set_issuer_name(certificate, X509_get_subject_name(issuer_certificate)) == 1, "issuer");

    const bool is_ca = request.alternative_names == nullptr;
    add_extension(
        certificate, issuer_certificate, NID_basic_constraints, is_ca ? "critical,CA:TRUE" : "critical,CA:FALSE"
    );
    add_extension(
        certificate,
        issuer_certificate,
        NID_key_usage,
        is_ca ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature"
    );
    add_extension(certificate, issuer_certificate, NID_subject_key_identifier, "hash");
    if (issuer != nullptr)
        add_extension(certificate, issuer_certificate, NID_authority_key_identifier, "keyid:always");
    if (!is_ca) {
        add_extension(certificate, issuer_certificate, NID_ext_key_usage, "serverAuth");
        add_extension(certificate, issuer_certificate, NID_subject_alt_name, request.alternative_names);
    }
    require(X509_sign(certificate, issuer_key, EVP_sha256()) > 0, "signature");
    return made;
}

std::string text_of(BIO* bio)
{
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    return std::string(data, static_cast<std::size_t>(size));
}

std::string pem(X509* certificate)
{
    const bio_ptr bio(BIO_new(BIO_s_mem()));
    require(bio != nullptr && PEM_write_bio_X509(bio.get(), certificate) == 1, "PEM certificate");
    return text_of(bio.get());
}

std::string pem(EVP_PKEY* key)
{
    const bio_ptr bio(BIO_new(BIO_s_mem()));
    require(
        bio != nullptr && PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1,
        "PEM key"
    );
    return text_of(bio.get());
}

identity make_leaf(certificate_kind kind, const identity& ca)
{
    certificate_request request{.common_name = "dedalus test server", .alternative_names = loopback_names};
    if (kind == certificate_kind::wrong_host)
        request.alternative_names = other_names;
    if (kind == certificate_kind::expired)
        request.valid = ended_yesterday;
    if (kind == certificate_kind::self_signed)
        return make_identity(request, nullptr);
    if (kind == certificate_kind::unknown_issuer) {
        const identity stranger = make_identity({.common_name = "dedalus test CA nobody knows"}, nullptr);
        return make_identity(request, &stranger);
    }
    return make_identity(request, &ca);
}

}  // namespace

server_certificates make_server_certificates(certificate_kind kind)
{
    const identity ca = make_identity({.common_name = "dedalus test CA"}, nullptr);
    const identity leaf = make_leaf(kind, ca);
    return {pem(ca.certificate.get()), pem(leaf.certificate.get()), pem(leaf.key.get())};
}

}  // namespace dedalus::testing
