#include <dedalus/error.hpp>

#include "net/tls_context.hpp"
#include "support/catch.hpp"
#include "support/tls_fixture.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <functional>
#include <stdexcept>
#include <string>

namespace net_tls_credentials_test {

namespace net = dedalus::net;
using Catch::Matchers::Contains;
using dedalus::tls_options;

namespace {

const std::string password = "s3cr3t-password";

/// The text of the config_error, which must hold nothing of what the options hold.
std::string refusal(const tls_options& options)
{
    try {
        const net::tls_context context(options);
    }
    catch (const dedalus::config_error& e) {
        const std::string text = e.what();
        CHECK(text.find(password) == std::string::npos);
        CHECK(text.find("dedalus-test-") == std::string::npos);
        CHECK(text.find("-----BEGIN") == std::string::npos);
        CHECK(ERR_peek_error() == 0);
        return text;
    }
    FAIL("no config_error");
    return {};
}

tls_options with_identity(const std::string& certificate, const std::string& key, const std::string& secret = "")
{
    tls_options options;
    options.certificate_pem = certificate;
    options.private_key_pem = key;
    options.private_key_password = secret;
    return options;
}

bool has_key(const tls_options& options)
{
    const net::tls_context context(options);
    return SSL_CTX_get0_privatekey(context.native_handle()) != nullptr;
}

}  // namespace

TEST_CASE("a client certificate and its key come from files or from memory, apart or together")
{
    const test::identity me = test::test_ca().issue();
    const std::string certificate = test::certificate_pem(me);
    const std::string key = test::private_key_pem(me);
    const test::temporary_file certificate_file(certificate);
    const test::temporary_file key_file(key);
    const test::temporary_file both_file(key + certificate);

    CHECK(has_key(with_identity(certificate, key)));
    CHECK(has_key(with_identity(certificate, test::private_key_pem(me, password), password)));
    CHECK(has_key(with_identity(certificate + key, "")));
    tls_options options;
    options.certificate_file = certificate_file.path();
    options.private_key_file = key_file.path();
    CHECK(has_key(options));
    options.private_key_file.clear();
    options.certificate_file = both_file.path();
    CHECK(has_key(options));
    CHECK_FALSE(has_key(tls_options()));
    CHECK(ERR_peek_error() == 0);
}

TEST_CASE("the chain behind a client certificate is sent with it")
{
    const test::test_ca root;
    const test::test_ca intermediate = root.subordinate("intermediate");
    const test::identity me = intermediate.issue();
    const net::tls_context context(
        with_identity(test::certificate_pem(me) + intermediate.pem(), test::private_key_pem(me))
    );
    STACK_OF(X509)* chain = nullptr;
    SSL_CTX_get0_chain_certs(context.native_handle(), &chain);
    REQUIRE(sk_X509_num(chain) == 1);
    CHECK(X509_cmp(sk_X509_value(chain, 0), intermediate.certificate()) == 0);
}

TEST_CASE("a client certificate or key that cannot be used is a configuration error that names the option alone")
{
    const test::test_ca ca;
    const test::identity me = ca.issue();
    const std::string certificate = test::certificate_pem(me);
    const std::string key = test::private_key_pem(me);
    const std::string encrypted = test::private_key_pem(me, password);
    const test::temporary_file garbage(password);

    CHECK_THAT(refusal(with_identity(password, key)), Contains("tls.certificate_pem"));
    CHECK_THAT(refusal(with_identity(certificate, password)), Contains("tls.private_key_pem"));
    CHECK_THAT(refusal(with_identity(certificate, "")), Contains("tls.certificate_pem"));
    CHECK_THAT(refusal(with_identity("", key)), Contains("tls.private_key_pem: there is no certificate"));
    CHECK_THAT(
        refusal(with_identity(certificate, test::private_key_pem(ca.issue()))),
        Contains("tls.private_key_pem: the key is not that of")
    );
    CHECK_THAT(refusal(with_identity(certificate, encrypted)), Contains("tls.private_key_password"));
    CHECK_THAT(refusal(with_identity(certificate, encrypted, "wrong")), Contains("tls.private_key_password"));

    tls_options options = with_identity(certificate, key);
    options.certificate_file = garbage.path();
    CHECK_THAT(refusal(options), Contains("tls.certificate_file and tls.certificate_pem"));
    options.certificate_pem.clear();
    CHECK_THAT(refusal(options), Contains("tls.certificate_file"));
    options = with_identity(certificate, key);
    options.private_key_file = garbage.path();
    CHECK_THAT(refusal(options), Contains("tls.private_key_file and tls.private_key_pem"));
    options.private_key_pem.clear();
    CHECK_THAT(refusal(options), Contains("tls.private_key_file"));
    options.private_key_file = "/nonexistent/dedalus-test-key";
    CHECK_THAT(refusal(options), Contains("tls.private_key_file: cannot read the file"));
}

TEST_CASE("CA certificates in memory that cannot be used are a configuration error")
{
    const std::string pem = test::test_ca().pem();
    tls_options options;
    options.ca_pem = GENERATE_COPY(
        std::string("not a certificate"),
        pem.substr(0, pem.size() / 2),
        pem + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    );
    CHECK_THAT(refusal(options), Contains("tls.ca_pem"));
}

TEST_CASE("the hook of the user changes the context, but cannot leave verification off or allow old versions")
{
    int calls = 0;
    tls_options options;
    options.customize = [&](ssl_ctx_st* context) {
        ++calls;
        SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nullptr);
        SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
        SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
    };
    const net::tls_context context(options);
    CHECK(calls == 1);
    CHECK(SSL_CTX_get_verify_mode(context.native_handle()) == SSL_VERIFY_PEER);
    CHECK(SSL_CTX_get_min_proto_version(context.native_handle()) == TLS1_2_VERSION);
    CHECK(SSL_CTX_get_max_proto_version(context.native_handle()) == TLS1_2_VERSION);

    options.customize = [](ssl_ctx_st* changed) { SSL_CTX_set_min_proto_version(changed, TLS1_3_VERSION); };
    const net::tls_context strict(options);
    CHECK(SSL_CTX_get_min_proto_version(strict.native_handle()) == TLS1_3_VERSION);

    options.customize = [](ssl_ctx_st*) { throw std::out_of_range("mine"); };
    CHECK_THROWS_AS(net::tls_context(options), std::out_of_range);
}

}  // namespace net_tls_credentials_test
