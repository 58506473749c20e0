#include <dedalus/error.hpp>

#include "net/tls_context.hpp"
#include "support/catch.hpp"
#include "support/tls_fixture.hpp"

#include <openssl/err.h>

#include <string>

namespace net_tls_context_test {

namespace net = dedalus::net;
using Catch::Matchers::Contains;

namespace {

dedalus::tls_options with_ca_file(const std::string& path)
{
    dedalus::tls_options options;
    options.ca_file = path;
    return options;
}

void check_refused(const std::string& path)
{
    CAPTURE(path);
    CHECK_THROWS_AS(net::tls_context(with_ca_file(path)), dedalus::config_error);
    CHECK_THROWS_WITH(net::tls_context(with_ca_file(path)), Contains("'" + path + "'"));
    CHECK(ERR_peek_error() == 0);
}

}  // namespace

TEST_CASE("a CA file without a usable certificate is a configuration error that names the file")
{
    const std::string pem = test::test_ca().pem();
    const std::string content = GENERATE_COPY(
        std::string(),
        std::string("not a certificate\n"),
        std::string("-----BEGIN CERTIFICATE-----\n???\n-----END CERTIFICATE-----\n"),
        pem.substr(0, pem.size() / 2),
        pem + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    );
    const test::temporary_file file(content);
    check_refused(file.path());
}

TEST_CASE("a CA file that is missing or a folder is a configuration error")
{
    check_refused("/nonexistent/ca.pem");
    check_refused("/");
}

TEST_CASE("a bundle of several certificates, with text around them, is accepted")
{
    const test::temporary_file file(
        "# first\n" + test::test_ca("one").pem() + "# second\n" + test::test_ca("two").pem()
    );
    CHECK(net::tls_context(with_ca_file(file.path())).native_handle() != nullptr);
}

TEST_CASE("without a CA file the certificates of the system are used")
{
    CHECK(net::tls_context(dedalus::tls_options()).native_handle() != nullptr);
    CHECK(ERR_peek_error() == 0);
}

}  // namespace net_tls_context_test
