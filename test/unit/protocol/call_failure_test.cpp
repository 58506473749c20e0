#include "protocol/call_failure.hpp"

#include <dedalus/api_error.hpp>
#include <dedalus/proxy_error.hpp>

#include "net/certificate_error.hpp"
#include "support/catch.hpp"
#include "support/handoff_answers.hpp"

#include <boost/asio/error.hpp>

#include <chrono>
#include <memory>

namespace call_failure_test {

using dedalus::call_phase;
using dedalus::protocol::failed_attempt;
using dedalus::protocol::never_sent;
using kind = dedalus::protocol::attempt_failure::kind;
using namespace std::chrono_literals;

namespace {

dedalus::connection_error broken(call_phase phase)
{
    return dedalus::connection_error(phase, boost::asio::error::connection_reset, "reset");
}

}  // namespace

TEST_CASE("A connection that failed may be tried again, a certificate that was refused may not")
{
    CHECK(failed_attempt(broken(call_phase::connect)).what == kind::connection);
    CHECK(failed_attempt(broken(call_phase::body)).what == kind::connection);
    CHECK(failed_attempt(dedalus::timeout_error(call_phase::response_header, 1s)).what == kind::timeout);

    const dedalus::connection_error refused(call_phase::tls, dedalus::net::certificate_error(10), "expired");
    CHECK(failed_attempt(refused).what == kind::final);
    CHECK(never_sent(refused));
}

TEST_CASE("A limit that has passed for the next attempt too is final")
{
    const call_phase phase = GENERATE(call_phase::pool, call_phase::deferred);
    CHECK(failed_attempt(dedalus::timeout_error(phase, 1s)).what == kind::final);
}

TEST_CASE("Answers that are refusals are judged by their status, of the server or of a proxy")
{
    const dedalus::api_error busy = test::refusal(503, "busy", "code_1");
    CHECK(failed_attempt(busy).what == kind::status);
    CHECK(failed_attempt(busy).status == 503);
    CHECK(failed_attempt(busy).api_code == "code_1");
    CHECK_FALSE(never_sent(busy));

    const dedalus::proxy_error proxy("proxy:3128", 502);
    CHECK(failed_attempt(proxy).what == kind::status);
    CHECK(failed_attempt(proxy).status == 502);
    CHECK(never_sent(proxy));
}

TEST_CASE("A stream that broke off is a lost connection, and an error in it one of the server")
{
    const dedalus::incomplete_stream_error cut(std::make_shared<const dedalus::chat_completion>());
    CHECK(failed_attempt(cut).what == kind::connection);
    CHECK_FALSE(never_sent(cut));

    dedalus::api_error_details details;
    details.status = 200;
    details.in_stream = true;
    const dedalus::api_error in_stream(dedalus::errc::api, std::move(details));
    CHECK(failed_attempt(in_stream).status == 500);
}

TEST_CASE("What cannot be read, sent or paid for with a key is final")
{
    CHECK(failed_attempt(dedalus::response_format_error("no JSON", 200, "", "")).what == kind::final);
    CHECK_FALSE(never_sent(dedalus::response_format_error("no JSON", 200, "", "")));
    CHECK(failed_attempt(dedalus::credential_error("no key", nullptr)).what == kind::final);
    CHECK(never_sent(dedalus::credential_error("no key", nullptr)));
    CHECK(failed_attempt(dedalus::invalid_request_error("NaN")).what == kind::final);
    CHECK(never_sent(dedalus::invalid_request_error("NaN")));
}

TEST_CASE("Nothing was sent until the connection stands")
{
    for (const call_phase phase :
         {call_phase::pool, call_phase::resolve, call_phase::connect, call_phase::proxy, call_phase::tls})
    {
        CHECK(never_sent(dedalus::timeout_error(phase, 1s)));
        CHECK(never_sent(broken(phase)));
    }
    for (const call_phase phase : {call_phase::write, call_phase::response_header, call_phase::body}) {
        CHECK_FALSE(never_sent(dedalus::timeout_error(phase, 1s)));
        CHECK_FALSE(never_sent(broken(phase)));
    }
}

}  // namespace call_failure_test
