#include <dedalus/error.hpp>

#include "net/connector.hpp"
#include "support/catch.hpp"
#include "support/loopback_peer.hpp"
#include "support/net_client.hpp"
#include "support/run_coro.hpp"

#include <openssl/x509_vfy.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace net_tls_refusals_test {

namespace net = dedalus::net;
using Catch::Matchers::Contains;
using dedalus::call_phase;

namespace {

/// Serves TLS with this certificate and waits.
test::loopback_peer::handler serving(const test::identity& who)
{
    const std::shared_ptr<SSL_CTX> context(test::server_context(who).release(), SSL_CTX_free);
    return [context](test::peer_connection& peer) {
        peer.start_tls(context.get());
        peer.wait_for_end();
    };
}

/// How connecting to a server with this certificate was refused.
std::optional<dedalus::connection_error> refusal(
    const test::identity& server, std::shared_ptr<const net::tls_context> trusted, const std::string& host = "localhost"
)
{
    const test::loopback_peer peer(serving(server));
    boost::asio::io_context context;
    net::connect_request request = test::connect_to(context.get_executor(), peer.port(), std::move(trusted));
    request.host = host;
    try {
        const net::connected made = test::run_coro_on(context, net::connect(std::move(request)));
    }
    catch (const dedalus::connection_error& e) {
        return e;
    }
    return std::nullopt;
}

void check(const std::optional<dedalus::connection_error>& refused, int verify_result, const std::string& text)
{
    REQUIRE(refused);
    CHECK(refused->phase() == call_phase::tls);
    CHECK(refused->code() == dedalus::errc::connection);
    CHECK(std::string(refused->cause().category().name()) == "dedalus.certificate");
    CHECK(refused->cause().value() == verify_result);
    CHECK_THAT(refused->cause().message(), Contains(text));
    CHECK_THAT(refused->what(), Contains(text));
}

test::leaf_options leaf_with(const std::function<void(test::leaf_options&)>& change)
{
    test::leaf_options options;
    change(options);
    return options;
}

}  // namespace

TEST_CASE("the cause of a refused certificate is the verdict of OpenSSL, in words")
{
    const test::test_ca ca;
    const auto trusted = test::trust(ca);
    const auto issued = [&](const std::function<void(test::leaf_options&)>& change) {
        return ca.issue(leaf_with(change));
    };
    const auto names = [](const char* text) {
        return [text](test::leaf_options& options) { options.subject_alternative_names = text; };
    };

    CHECK_FALSE(refusal(ca.issue(), trusted));
    check(
        refusal(issued(names("DNS:example.test")), trusted),
        X509_V_ERR_HOSTNAME_MISMATCH,
        "not valid for this host name"
    );
    check(
        refusal(issued(names("DNS:localhost")), trusted, "127.0.0.1"),
        X509_V_ERR_IP_ADDRESS_MISMATCH,
        "not valid for this IP address"
    );
    // An address as a name, and as the common name alone, do not count.
    check(
        refusal(issued(names("DNS:127.0.0.1")), trusted, "127.0.0.1"),
        X509_V_ERR_IP_ADDRESS_MISMATCH,
        "not valid for this IP address"
    );
    check(refusal(issued(names("")), trusted, "127.0.0.1"), X509_V_ERR_IP_ADDRESS_MISMATCH, "this IP address");
    check(
        refusal(issued([](test::leaf_options& options) { options.expired = true; }), trusted),
        X509_V_ERR_CERT_HAS_EXPIRED,
        "certificate has expired"
    );
    check(
        refusal(issued([](test::leaf_options& options) { options.not_yet_valid = true; }), trusted),
        X509_V_ERR_CERT_NOT_YET_VALID,
        "certificate is not yet valid"
    );
    check(
        refusal(issued([](test::leaf_options& options) { options.self_signed = true; }), trusted),
        X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,
        "self-signed certificate"
    );
    check(
        refusal(ca.issue(), test::trust(test::test_ca("another CA"))),
        X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
        "unable to get local issuer certificate"
    );
}

TEST_CASE("a server that does not send its intermediate certificate is refused, and one that does is not")
{
    const test::test_ca root;
    const test::test_ca intermediate = root.subordinate("intermediate");
    const test::identity leaf = intermediate.issue();
    check(
        refusal(leaf, test::trust(root)),
        X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
        "unable to get local issuer certificate"
    );

    const test::openssl_ptr<SSL_CTX> whole = test::server_context(leaf);
    REQUIRE(SSL_CTX_add1_chain_cert(whole.get(), intermediate.certificate()) == 1);
    const test::loopback_peer peer([&](test::peer_connection& connection) {
        connection.start_tls(whole.get());
        connection.wait_for_end();
    });
    boost::asio::io_context context;
    auto request = test::connect_to(context.get_executor(), peer.port(), test::trust(root));
    const net::connected made = test::run_coro_on(context, net::connect(std::move(request)));
    CHECK(made.stream);
}

TEST_CASE("certificates in memory are trusted as those in a file, and both together")
{
    const test::test_ca first("first");
    const test::test_ca second("second");
    const test::temporary_file file(first.pem());
    dedalus::tls_options options;
    options.ca_pem = second.pem();
    const auto memory_alone = std::make_shared<const net::tls_context>(options);
    options.ca_file = file.path();
    const auto both = std::make_shared<const net::tls_context>(options);

    CHECK_FALSE(refusal(second.issue(), memory_alone));
    CHECK(refusal(first.issue(), memory_alone));
    CHECK_FALSE(refusal(first.issue(), both));
    CHECK_FALSE(refusal(second.issue(), both));
}

}  // namespace net_tls_refusals_test
