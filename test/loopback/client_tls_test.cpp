#include <dedalus/dedalus.hpp>
#include <dedalus/testing/server.hpp>

#include "support/catch.hpp"
#include "support/client_fixture.hpp"

#include <string>

namespace client_tls_test {

using namespace dedalus;
using namespace dedalus::testing;

TEST_CASE("tls: a server whose certificate is not right gets no request, and is not asked again")
{
    struct row
    {
        certificate_kind kind;
        std::string_view problem;
    };

    const row each = GENERATE(
        row{certificate_kind::wrong_host, "localhost"},
        row{certificate_kind::expired, "expired"},
        row{certificate_kind::unknown_issuer, "issuer"},
        row{certificate_kind::self_signed, "self"}
    );
    server_options with;
    with.certificate = each.kind;
    server target(with);
    client_options options = test::options_for(target);
    options.retry.max_retries = 2;
    try {
        test::ask(options);
        FAIL("connected");
    }
    catch (const connection_error& e) {
        CHECK(e.phase() == call_phase::tls);
        INFO(e.what());
        CHECK(std::string(e.what()).find(each.problem) != std::string::npos);
        CHECK(e.retries_taken() == 0);
    }
    CHECK(target.requests().empty());
    CHECK(target.connections_accepted() == 1);
}

TEST_CASE("tls: without the CA of the server nothing is trusted")
{
    server target;
    client_options options = test::options_for(target);
    options.tls.ca_file.clear();
    options.retry.max_retries = 0;
    CHECK_THROWS_AS(test::ask(options), connection_error);
    CHECK(target.requests().empty());
}

TEST_CASE("tls: an address is verified as an address")
{
    server target;
    client_options options = test::options_for(target);
    options.base_url = "https://127.0.0.1:" + std::to_string(target.port());
    CHECK_FALSE(test::ask(options).text().empty());
}

TEST_CASE("tls: a CA file that cannot be used is refused at construction")
{
    boost::asio::io_context context;
    for (const char* path : {"/nonexistent/ca.pem", "/dev/null"})
        CHECK_THROWS_AS(client(context.get_executor(), {.api_key = "k", .tls = {.ca_file = path}}), config_error);
}

TEST_CASE("tls: HTTPS to a server that speaks HTTP, and HTTP to one that speaks HTTPS, are clear errors")
{
    server plain(test::plain_http());
    client_options options = test::options_for(plain);
    options.base_url = "https://localhost:" + std::to_string(plain.port());
    options.retry.max_retries = 0;
    try {
        test::ask(options);
        FAIL("connected");
    }
    catch (const connection_error& e) {
        CHECK(e.phase() == call_phase::tls);
    }

    server secure;
    options = test::options_for(secure);
    options.base_url = "http://localhost:" + std::to_string(secure.port());
    options.retry.max_retries = 0;
    CHECK_THROWS_AS(test::ask(options), error);
}

}  // namespace client_tls_test
