#include <dedalus/testing/server.hpp>

#include "support/catch.hpp"
#include "support/raw_http_client.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <chrono>
#include <filesystem>
#include <string>

namespace testserver_tls_test {

using namespace std::chrono_literals;
using dedalus::testing::certificate_kind;
using dedalus::testing::server;
using test::handshake_error;
using test::raw_http_client;

TEST_CASE("a client that trusts the CA of the server gets its answers")
{
    server tested;
    CHECK(tested.url() == "https://localhost:" + std::to_string(tested.port()));
    raw_http_client client(tested);
    CHECK(client.post(std::string_view(R"({"model":"m"})")).status == 200);
}

TEST_CASE("both versions of TLS in use are spoken")
{
    const int version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
    server tested;
    raw_http_client client(tested, {.only_version = version});
    CHECK(client.tls_version() == (version == TLS1_2_VERSION ? "TLSv1.2" : "TLSv1.3"));
    CHECK(client.request("GET", "/health").status == 200);
}

TEST_CASE("older versions of TLS are refused")
{
    server tested;
    int reason = 0;
    try {
        raw_http_client client(tested, {.only_version = TLS1_1_VERSION});
    }
    catch (const handshake_error& e) {
        reason = ERR_GET_REASON(static_cast<unsigned long>(e.code().value()));
    }
    CHECK(reason == SSL_R_TLSV1_ALERT_PROTOCOL_VERSION);
}

TEST_CASE("every other kind of certificate fails verification for its reason")
{
    struct expectation
    {
        certificate_kind kind;
        long verify_result;
    };

    const expectation expected = GENERATE(
        expectation{certificate_kind::wrong_host, X509_V_ERR_HOSTNAME_MISMATCH},
        expectation{certificate_kind::expired, X509_V_ERR_CERT_HAS_EXPIRED},
        expectation{certificate_kind::unknown_issuer, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY},
        expectation{certificate_kind::self_signed, X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT}
    );
    server tested({.certificate = expected.kind});
    long verify_result = X509_V_OK;
    try {
        raw_http_client client(tested);
    }
    catch (const handshake_error& e) {
        verify_result = e.verify_result;
    }
    CHECK(verify_result == expected.verify_result);
    CHECK(tested.wait_for_connections_open(0, 5s));
    CHECK(tested.connections_accepted() == 1);
}

TEST_CASE("the CA file goes with the server")
{
    std::string file;
    {
        server tested;
        file = tested.ca_file();
        CHECK(std::filesystem::is_regular_file(file));
    }
    CHECK_FALSE(std::filesystem::exists(std::filesystem::path(file).parent_path()));
}

TEST_CASE("a server without TLS has no CA file")
{
    server tested({.tls = false});
    CHECK(tested.ca_file().empty());
    CHECK(tested.url() == "http://localhost:" + std::to_string(tested.port()));
}

}  // namespace testserver_tls_test
