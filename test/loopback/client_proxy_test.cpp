#include <dedalus/dedalus.hpp>
#include <dedalus/testing/server.hpp>

#include "support/background_program.hpp"
#include "support/catch.hpp"
#include "support/client_fixture.hpp"
#include "support/tls_fixture.hpp"
#include "support/tls_relay.hpp"

#include <cstdlib>
#include <memory>
#include <string>

namespace client_proxy_test {

using namespace dedalus;
using namespace dedalus::testing;
using Catch::Matchers::Contains;

namespace {

const std::string password = "s3cr3t-password";
const std::string encoded_credentials = "czNjcjN0LXBhc3N3b3Jk";  // password, as a part of base64

/// tinyproxy on a port of its own, which wants a user and a password.
class tinyproxy
{
public:
    tinyproxy()
        : port_(test::free_port()), program_(
                                        {"tinyproxy",
                                         "-d",
                                         "-c",
                                         folder_.write(
                                             "tinyproxy.conf",
                                             "Port " + std::to_string(port_) +
                                                 "\nListen 127.0.0.1\nTimeout 60\nMaxClients 20\nLogLevel Connect\n"
                                                 "BasicAuth me " +
                                                 password + "\nLogFile \"" + folder_.path("log") + "\"\n"
                                         )},
                                        port_
                                    )
    {}

    std::string url(const std::string& user_and_password) const
    {
        return "http://" + user_and_password + "@127.0.0.1:" + std::to_string(port_);
    }

    std::uint16_t port() const noexcept { return port_; }

    std::string log() const { return folder_.read("log"); }

private:
    test::temporary_folder folder_;
    std::uint16_t port_;
    test::background_program program_;
};

client_options through(const tinyproxy& proxy, const server& target, const std::string& secret = password)
{
    client_options options = test::options_for(target);
    options.proxy.url = proxy.url("me:" + secret);
    options.retry.max_retries = 0;
    return options;
}

/// More than one TLS record and one socket buffer take.
chat_completion_request large_question()
{
    return {.model = "m", .messages = {user_message{std::string(4 * 1024 * 1024, 'x')}}};
}

server_options with_tls(bool tls)
{
    server_options options;
    options.tls = tls;
    return options;
}

/// nginx as a TLS server before a plain one.
class nginx
{
public:
    explicit nginx(std::uint16_t upstream, const test::leaf_options& leaf = test::leaf_options())
        : port_(test::free_port()),
          program_({"/usr/sbin/nginx", "-e", folder_.path("error.log"), "-c", configuration(upstream, leaf)}, port_)
    {}

    client_options options(const std::string& host = "localhost") const
    {
        client_options made{.api_key = "test-key"};
        made.base_url = "https://" + host + ':' + std::to_string(port_);
        made.tls.ca_pem = ca_.pem();
        return made;
    }

private:
    std::string configuration(std::uint16_t upstream, const test::leaf_options& options) const
    {
        const test::identity leaf = ca_.issue(options);
        const std::string certificate = folder_.write("certificate.pem", test::certificate_pem(leaf));
        const std::string key = folder_.write("key.pem", test::private_key_pem(leaf));
        std::string folders;
        for (const char* kind : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"})
            folders += std::string(kind) + "_temp_path " + folder_.path(kind) + ";\n";
        return folder_.write(
            "nginx.conf",
            "daemon off;\nmaster_process off;\npid " + folder_.path("pid") + ";\nevents {}\nhttp {\naccess_log off;\n" +
                folders + "server {\nlisten 127.0.0.1:" + std::to_string(port_) + " ssl;\nssl_certificate " +
                certificate + ";\nssl_certificate_key " + key + ";\nlocation / {\nproxy_pass http://127.0.0.1:" +
                std::to_string(upstream) + ";\nproxy_http_version 1.1;\nproxy_buffering off;\n}\n}\n}\n"
        );
    }

    test::test_ca ca_;
    test::temporary_folder folder_;
    std::uint16_t port_;
    test::background_program program_;
};

/// A variable of this process while it lives. To be made while no other thread runs.
class environment_variable
{
public:
    environment_variable(std::string name, const std::string& value) : name_(std::move(name))
    {
        ::setenv(name_.c_str(), value.c_str(), 1);
    }

    ~environment_variable() { ::unsetenv(name_.c_str()); }

    environment_variable(const environment_variable&) = delete;
    environment_variable& operator=(const environment_variable&) = delete;

private:
    std::string name_;
};

/// This machine, by an address that is no loopback address: those are never reached through a proxy of the environment.
const std::string this_machine = "0.0.0.0";

void check_origin_saw_no_proxy_credentials(const server& target)
{
    for (const received_request& each : target.requests()) {
        CHECK(each.target.starts_with('/'));
        CHECK_FALSE(each.headers.contains("Proxy-Authorization"));
        for (const http_header& field : each.headers)
            CHECK(field.value.find(encoded_credentials) == std::string::npos);
    }
}

}  // namespace

TEST_CASE("proxy: answers and streams come through a real proxy, over a tunnel for https and forwarded for http")
{
    const bool tls = GENERATE(true, false);
    CAPTURE(tls);
    const tinyproxy proxy;
    const server target(with_tls(tls));
    const client_options options = through(proxy, target);
    CHECK_FALSE(test::ask(options).text().empty());
    const test::stream_outcome streamed = test::read_stream(options);
    streamed.rethrow();
    CHECK_FALSE(streamed.text().empty());

    const std::string authority = "localhost:" + std::to_string(target.port());
    CHECK_THAT(proxy.log(), Contains((tls ? "CONNECT " : "POST http://") + authority));
    CHECK(target.requests().size() == 2);
    check_origin_saw_no_proxy_credentials(target);
}

TEST_CASE("proxy: missing or wrong credentials are an error of the proxy phase, not tried again, that shows none")
{
    struct row
    {
        bool tls;
        std::string user;
        int status;
    };

    // tinyproxy answers wrong credentials with 401, which for http cannot be told from an answer of the server.
    const row each = GENERATE(row{true, "", 407}, row{false, "", 407}, row{true, "me:wr0ng-password", 401});
    CAPTURE(each.tls, each.user);
    const tinyproxy proxy;
    const server target(with_tls(each.tls));
    client_options options = test::options_for(target);
    options.proxy.url = proxy.url(each.user);
    options.retry.max_retries = 2;
    try {
        test::ask(options);
        FAIL("was let through");
    }
    catch (const proxy_error& e) {
        CHECK(e.status() == each.status);
        CHECK(e.phase() == call_phase::proxy);
        CHECK(e.code() == errc::connection);
        CHECK(e.retries_taken() == 0);
        CHECK_THAT(e.what(), Contains("authentication"));
        CHECK_THAT(e.what(), !Contains("wr0ng"));
    }
    CHECK(target.requests().empty());
}

TEST_CASE("proxy: a server of the exceptions is reached directly")
{
    const tinyproxy proxy;
    const server target;
    client_options options = through(proxy, target);
    options.proxy.no_proxy = "example.test, localhost:" + std::to_string(target.port());
    CHECK_FALSE(test::ask(options).text().empty());
    CHECK_THAT(proxy.log(), !Contains("localhost"));
}

TEST_CASE("proxy: one that is spoken to over TLS forwards requests and opens tunnels, with TLS inside of TLS")
{
    const bool tls = GENERATE(true, false);
    CAPTURE(tls);
    const tinyproxy proxy;
    const test::test_ca ca;
    const test::tls_relay front(ca.issue(), proxy.port());
    const server target(with_tls(tls));
    client_options options = through(proxy, target);
    options.tls.ca_pem = ca.pem();
    options.proxy.url = "https://me:" + password + "@localhost:" + std::to_string(front.port());
    CHECK(test::ask(options, large_question()).text().size() > 0);
    const test::stream_outcome streamed = test::read_stream(options);
    streamed.rethrow();
    CHECK_FALSE(streamed.text().empty());
    CHECK_THAT(proxy.log(), Contains(tls ? "CONNECT localhost" : "POST http://localhost"));
    CHECK(target.requests().size() == 2);
    check_origin_saw_no_proxy_credentials(target);
}

TEST_CASE("proxy: the certificate of one that is spoken to over TLS is verified, and no credentials are sent before")
{
    const tinyproxy proxy;
    const test::test_ca ca;
    const test::tls_relay front(ca.issue(), proxy.port());
    const server target(with_tls(GENERATE(true, false)));
    client_options options = through(proxy, target);
    options.retry.max_retries = 2;
    options.proxy.url = "https://me:" + password + "@localhost:" + std::to_string(front.port());
    try {
        test::ask(options);
        FAIL("connected");
    }
    catch (const connection_error& e) {
        CHECK(e.phase() == call_phase::proxy);
        CHECK_THAT(e.what(), Contains("certificate refused") && Contains("the proxy localhost"));
        CHECK(e.retries_taken() == 0);
    }
    CHECK(target.requests().empty());
    CHECK_THAT(proxy.log(), !Contains("localhost:"));
}

TEST_CASE("proxy: the environment names one for http, and exceptions from it")
{
    const tinyproxy proxy;
    const environment_variable for_http("http_proxy", proxy.url("me:" + password));
    const bool excepted = GENERATE(true, false);
    const environment_variable direct("NO_PROXY", excepted ? "example.test," + this_machine : "example.test");
    const server target(test::plain_http());
    client_options options = test::options_for(target);
    options.base_url = "http://" + this_machine + ':' + std::to_string(target.port());
    CHECK_FALSE(test::ask(options).text().empty());
    if (excepted)
        CHECK_THAT(proxy.log(), !Contains(this_machine));
    else
        CHECK_THAT(proxy.log(), Contains("POST http://" + this_machine));
    check_origin_saw_no_proxy_credentials(target);

    options.base_url = "http://localhost:" + std::to_string(target.port());
    CHECK_FALSE(test::ask(options).text().empty());
    CHECK_THAT(proxy.log(), !Contains("localhost"));
}

TEST_CASE("proxy: the environment names one for https, and options win over it")
{
    const tinyproxy proxy;
    const environment_variable for_https("HTTPS_PROXY", proxy.url("me:" + password));
    const server upstream(test::plain_http());
    test::leaf_options leaf;
    leaf.subject_alternative_names = "IP:" + this_machine;
    const nginx front(upstream.port(), leaf);
    client_options options = front.options(this_machine);
    CHECK_FALSE(test::ask(options).text().empty());
    const std::string once = proxy.log();
    CHECK_THAT(once, Contains("CONNECT " + this_machine));
    options.proxy.url = "";
    CHECK_FALSE(test::ask(options).text().empty());
    CHECK(proxy.log() == once);
    CHECK(upstream.requests().size() == 2);
}

TEST_CASE("proxy: one that is not there, and one that cannot reach the server, are errors that say so")
{
    const server target;
    client_options options = test::options_for(target);
    options.retry.max_retries = 0;
    const std::string port = std::to_string(test::free_port());
    options.proxy.url = "http://me:" + password + "@127.0.0.1:" + port;
    try {
        test::ask(options);
        FAIL("connected");
    }
    catch (const connection_error& e) {
        CHECK(e.phase() == call_phase::connect);
        CHECK_THAT(e.what(), Contains("the proxy 127.0.0.1:" + port));
        CHECK_THAT(e.what(), !Contains(password));
    }

    const tinyproxy proxy;
    options.proxy.url = proxy.url("me:" + password);
    options.base_url = "https://localhost:" + std::to_string(test::free_port());
    try {
        test::ask(options);
        FAIL("connected");
    }
    catch (const proxy_error& e) {
        CHECK(e.status() >= 500);
        CHECK(e.phase() == call_phase::proxy);
        CHECK_THAT(e.what(), Contains(std::to_string(e.status())));
    }
}

TEST_CASE("proxy: the certificate behind a tunnel is verified as any other")
{
    const tinyproxy proxy;
    server_options with;
    with.certificate = certificate_kind::wrong_host;
    const server target(with);
    try {
        test::ask(through(proxy, target));
        FAIL("connected");
    }
    catch (const connection_error& e) {
        CHECK(e.phase() == call_phase::tls);
    }
    CHECK(target.requests().empty());
}

TEST_CASE("proxy: nginx as the TLS server before the API gives answers and streams")
{
    const server upstream(test::plain_http());
    const nginx front(upstream.port());
    CHECK_FALSE(test::ask(front.options()).text().empty());
    const test::stream_outcome streamed = test::read_stream(front.options());
    streamed.rethrow();
    CHECK_FALSE(streamed.text().empty());
    CHECK(upstream.requests().size() == 2);
}

TEST_CASE("proxy: a proxy that cannot be used is refused at construction, and its URL is not shown")
{
    boost::asio::io_context context;
    client_options options{.api_key = "k"};
    options.proxy.url = "socks5://me:" + password + "@127.0.0.1:1080";
    try {
        const client refused(context.get_executor(), options);
        FAIL("constructed");
    }
    catch (const config_error& e) {
        CHECK_THAT(e.what(), Contains("proxy.url"));
        CHECK_THAT(e.what(), !Contains(password));
    }
}

}  // namespace client_proxy_test
