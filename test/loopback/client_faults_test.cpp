#include <dedalus/dedalus.hpp>

#include "faults/fault.hpp"
#include "support/catch.hpp"
#include "support/client_fixture.hpp"
#include "support/spawned_call.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/core/demangle.hpp>

#include <memory>
#include <optional>
#include <string>
#include <typeinfo>
#include <utility>

namespace client_faults_test {

namespace asio = boost::asio;
using namespace dedalus;

namespace {

/// More than the buffers of a loopback connection take.
chat_completion_request make_request(bool large)
{
    chat_completion_request request = test::hello();
    if (large)
        request.messages = {user_message{std::string(32 * 1024 * 1024, 'x')}};
    return request;
}

asio::awaitable<void> ask(client c, bool large)
{
    const chat_completion_request request = make_request(large);
    const chat_completion answer = co_await c.chat_completions(request);
    CHECK(answer.text() == "whole");
}

asio::awaitable<void> pull(client c, bool large)
{
    const chat_completion_request request = make_request(large);
    chat_completion_stream stream = co_await c.chat_completions_stream(request);
    while (const auto chunk = co_await stream.next()) {
    }
    CHECK(stream.completion().text() == "whole");
}

std::string class_of(const error& e)
{
    const std::string name = boost::core::demangle(typeid(e).name());
    return name.substr(name.rfind(':') + 1);
}

std::string code_of(const error& e)
{
    const std::pair<errc, const char*> names[] = {
        {errc::connection, "connection"},
        {errc::timeout, "timeout"},
        {errc::invalid_response, "invalid_response"},
        {errc::limit_exceeded, "limit_exceeded"},
        {errc::incomplete_stream, "incomplete_stream"},
        {errc::bad_request, "bad_request"},
        {errc::authentication, "authentication"},
        {errc::payment_required, "payment_required"},
        {errc::permission_denied, "permission_denied"},
        {errc::request_timeout, "request_timeout"},
        {errc::not_found, "not_found"},
        {errc::conflict, "conflict"},
        {errc::unprocessable_entity, "unprocessable_entity"},
        {errc::rate_limit, "rate_limit"},
        {errc::internal_server, "internal_server"},
        {errc::api, "api"},
    };
    for (const auto& [code, name] : names)
        if (e.code() == code)
            return name;
    return e.code().message();
}

std::string phase_of(const error& e)
{
    if (const auto* connection = dynamic_cast<const connection_error*>(&e))
        return ' ' + std::string(to_string(connection->phase()));
    if (const auto* timeout = dynamic_cast<const timeout_error*>(&e))
        return ' ' + std::string(to_string(timeout->phase()));
    return "";
}

/// How the call ended, in the words of fault_end.
std::string end_of(const test::spawned_call& call)
{
    try {
        call.rethrow();
        return "answer";
    }
    catch (const error& e) {
        const std::string text = class_of(e) + ' ' + code_of(e) + phase_of(e);
        return e.retries_taken() > 0 ? text + ", again" : text;
    }
}

void check_fault(const test::fault& fault, bool tls, bool stream)
{
    const test::fault_end& expected = fault.expected.of(tls, stream);
    if (expected == test::no_such_call)
        return;
    INFO(fault.what);
    test::fault_scene scene = fault.make(tls, stream);
    asio::io_context context;
    std::optional<client> c(std::in_place, context.get_executor(), scene.options);
    test::spawned_call call(context, stream ? pull(*c, scene.large_request) : ask(*c, scene.large_request));
    test::run_until(context, [&] { return call.ended(); });
    CHECK(end_of(call) == std::string(expected.error) + (expected.again ? ", again" : ""));
    CHECK(c->pool_stats().active == 0);
    c.reset();
    scene.peer.reset();
    context.restart();
    context.run_for(test::coro_deadline);
    CHECK(context.stopped());
}

void check_faults(bool tls, bool stream)
{
    for (const test::fault_group& group : test::fault_matrix()) {
        INFO(group.phase);
        for (const test::fault& each : group.faults)
            check_fault(each, tls, stream);
    }
}

}  // namespace

TEST_CASE("faults: each ends an answer over HTTP as docs/faults.md says")
{
    check_faults(false, false);
}

TEST_CASE("faults: each ends an answer over HTTPS as docs/faults.md says")
{
    check_faults(true, false);
}

TEST_CASE("faults: each ends a stream over HTTP as docs/faults.md says")
{
    check_faults(false, true);
}

TEST_CASE("faults: each ends a stream over HTTPS as docs/faults.md says")
{
    check_faults(true, true);
}

}  // namespace client_faults_test
