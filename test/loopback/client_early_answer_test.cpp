#include <dedalus/dedalus.hpp>

#include "support/catch.hpp"
#include "support/client_fixture.hpp"
#include "support/loopback_peer.hpp"
#include "support/tls_fixture.hpp"

#include <atomic>
#include <optional>
#include <string>

namespace client_early_answer_test {

using namespace dedalus;
using namespace std::chrono_literals;

namespace {

std::string refusal(std::string_view status)
{
    const std::string body = R"({"error":{"message":"too much","code":"refused"}})";
    return "HTTP/1.1 " + std::string(status) +
           "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

chat_completion_request large_request()
{
    return {.model = "m", .messages = {user_message{std::string(16 * 1024 * 1024, 'x')}}};
}

}  // namespace

TEST_CASE("early answer: a server that refuses a large request by its head is heard, over HTTP and HTTPS")
{
    const bool tls = GENERATE(false, true);
    const bool closes = GENERATE(false, true);
    const test::test_ca ca;
    const test::identity leaf = ca.issue();
    const test::openssl_ptr<SSL_CTX> context = test::server_context(leaf);
    const test::temporary_file ca_file(ca.pem());

    std::atomic<int> requests = 0;
    test::loopback_peer peer([&](test::peer_connection& connection) {
        if (tls && !connection.start_tls(context.get()))
            return;
        std::string head(1024, '\0');
        if (connection.read(head) == 0)
            return;
        ++requests;
        connection.write(refusal("413 Content Too Large"));
        if (closes)
            connection.finish();
        connection.wait_for_end_deaf();
    });

    client_options options{.api_key = "k"};
    options.base_url = std::string(tls ? "https" : "http") + "://localhost:" + std::to_string(peer.port());
    options.tls.ca_file = ca_file.path();
    options.timeouts.write = 5s;
    try {
        test::ask(options, large_request());
        FAIL("no error");
    }
    catch (const api_error& e) {
        CHECK(e.status() == 413);
        CHECK(e.api_code() == "refused");
        CHECK(e.retries_taken() == 0);
    }
    CHECK(requests == 1);
}

}  // namespace client_early_answer_test
