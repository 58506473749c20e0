#include <dedalus/dedalus.hpp>

#include "support/catch.hpp"
#include "support/client_fixture.hpp"
#include "support/loopback_peer.hpp"
#include "support/tls_fixture.hpp"

#include <array>
#include <functional>
#include <string>
#include <string_view>

namespace client_certificate_test {

using namespace dedalus;
using Catch::Matchers::Contains;

namespace {

constexpr std::string_view answer_body =
    R"({"id":"1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"finish_reason":"stop",)"
    R"("message":{"role":"assistant","content":"Hello"}}]})";

std::string answer(const std::string& framing)
{
    return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" + framing + "\r\n" + std::string(answer_body);
}

std::string with_length(std::size_t length)
{
    return answer("Content-Length: " + std::to_string(length) + "\r\n");
}

/// An HTTPS server that answers every request with the same bytes, and then ends as it is told.
struct https_server
{
    using ending = std::function<void(test::peer_connection&)>;

    https_server(int max_version, std::string what, ending how)
        : context(test::server_context(ca.issue(), max_version)), bytes(std::move(what)), end(std::move(how))
    {}

    client_options options() const
    {
        client_options made;
        made.api_key = "test-key";
        made.base_url = "https://localhost:" + std::to_string(server.port());
        made.tls.ca_pem = ca.pem();
        made.retry.max_retries = 0;
        return made;
    }

    test::test_ca ca;
    test::openssl_ptr<SSL_CTX> context;
    std::string bytes;
    ending end;
    test::loopback_peer server{[this](test::peer_connection& peer) {
        std::array<char, 16384> request;
        if (peer.start_tls(context.get()) && peer.read(request) > 0) {
            peer.write(bytes);
            end(peer);
        }
        peer.wait_for_end();
    }};
};

void finish(test::peer_connection& peer)
{
    peer.finish();
}

void cut(test::peer_connection& peer)
{
    peer.cut();
}

}  // namespace

TEST_CASE("tls: a server that asks for a client certificate gets the one of the options")
{
    const int version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
    https_server server(version, with_length(answer_body.size()), finish);
    const test::test_ca clients("authority of the clients");
    test::require_client_certificate(server.context.get(), clients);
    const test::identity me = clients.issue();
    client_options options = server.options();
    options.tls.certificate_pem = test::certificate_pem(me);
    options.tls.private_key_pem = test::private_key_pem(me, "password");
    options.tls.private_key_password = "password";
    CHECK(test::ask(options).text() == "Hello");
}

TEST_CASE("tls: without a client certificate, or with a wrong one, the error is one of the TLS phase")
{
    const int version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
    const bool wrong = GENERATE(false, true);
    CAPTURE(version, wrong);
    https_server server(version, with_length(answer_body.size()), finish);
    test::require_client_certificate(server.context.get(), test::test_ca("authority of the clients"));
    client_options options = server.options();
    if (wrong) {
        const test::identity stranger = test::test_ca("another authority").issue();
        options.tls.certificate_pem = test::certificate_pem(stranger);
        options.tls.private_key_pem = test::private_key_pem(stranger);
    }
    try {
        test::ask(options);
        FAIL("was let in");
    }
    catch (const connection_error& e) {
        INFO(e.what());
        CHECK(e.phase() == call_phase::tls);
        const char* expected = wrong                       ? "unknown ca"
                               : version == TLS1_3_VERSION ? "certificate required"
                                                           : "handshake failure";
        CHECK_THAT(e.cause().message(), Contains(expected));
    }
}

TEST_CASE("tls: a client certificate that cannot be used is refused at construction")
{
    boost::asio::io_context context;
    client_options options{.api_key = "k"};
    options.tls.certificate_pem = "nothing";
    CHECK_THROWS_AS(client(context.get_executor(), options), config_error);
}

TEST_CASE("tls: an end without close_notify is an error only where the answer may not be whole")
{
    struct row
    {
        std::string what;
        std::string bytes;
        https_server::ending end;
        bool whole;
    };

    const std::size_t size = answer_body.size();
    const row rows[] = {
        {"complete, cut", with_length(size), cut, true},
        {"complete, closed properly", with_length(size), finish, true},
        {"too short, cut", with_length(size + 1), cut, false},
        {"too short, closed properly", with_length(size + 1), finish, false},
        {"until the end, cut", answer(""), cut, false},
        {"until the end, closed properly", answer(""), finish, true},
    };
    for (const row& each : rows) {
        CAPTURE(each.what);
        const https_server server(TLS1_3_VERSION, each.bytes, each.end);
        if (each.whole) {
            CHECK(test::ask(server.options()).text() == "Hello");
            continue;
        }
        try {
            test::ask(server.options());
            FAIL_CHECK("a part was taken for the whole");
        }
        catch (const connection_error& e) {
            CHECK(e.phase() == call_phase::body);
        }
    }
}

}  // namespace client_certificate_test
