#include <dedalus/handoff/handoff_loop.hpp>
#include <dedalus/stores/memory.hpp>
#include <dedalus/testing/server.hpp>

#include "codec/raw_json.hpp"
#include "crypto/sha256.hpp"
#include "support/cancel_when.hpp"
#include "support/catch.hpp"
#include "support/client_fixture.hpp"
#include "support/handoff_answers.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/parse.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace handoff_loop_test {

namespace asio = boost::asio;
namespace json = boost::json;
using namespace std::chrono_literals;
using dedalus::run_phase;
using dedalus::tool_outcome;
using dedalus::testing::received_request;
using dedalus::testing::reply;
using dedalus::testing::server;
using test::outline;
using names = std::vector<std::string>;

namespace {

dedalus::function_definition named(std::string name)
{
    dedalus::function_definition definition;
    definition.name = std::move(name);
    return definition;
}

asio::awaitable<json::value> answer_with(std::string text)
{
    co_return json::string(text);
}

// Two tools; `log` gets their names as they run.
dedalus::tool_registry two_tools(names& log, std::function<void()> in_second = {})
{
    dedalus::tool_registry tools;
    tools.add(named("read_calendar"), [&log](json::object, dedalus::tool_context&) {
        log.emplace_back("read_calendar");
        return answer_with("free on Monday");
    });
    tools.add(named("confirm_booking"), [&log, in_second](json::object, dedalus::tool_context&) {
        log.emplace_back("confirm_booking");
        if (in_second)
            in_second();
        return answer_with("B-9");
    });
    return tools;
}

dedalus::chat_completion_request booking()
{
    dedalus::chat_completion_request request;
    request.model = "openai/gpt-5-nano";
    request.messages.emplace_back(dedalus::user_message{"Book a flight and send me the invoice."});
    return request;
}

asio::awaitable<dedalus::run_result> run_once(
    dedalus::client_options options,
    dedalus::tool_registry tools,
    dedalus::handoff_options handoff,
    dedalus::chat_completion_request request
)
{
    const dedalus::client client(co_await asio::this_coro::executor, std::move(options));
    const dedalus::handoff_loop loop(client, std::move(tools), handoff);
    co_return co_await loop.run(request);
}

dedalus::run_result
run(const server& s,
    dedalus::tool_registry tools,
    dedalus::handoff_options handoff = {},
    dedalus::chat_completion_request request = booking())
{
    return test::run_coro(run_once(test::options_for(s), std::move(tools), handoff, std::move(request)));
}

json::object body(const received_request& request)
{
    return json::parse(request.body).as_object();
}

// The server refuses what has this member.
void refuse_with_member(server& s, std::vector<std::string> members, int status, std::string code)
{
    s.on_request([members, status, code](const received_request&, const json::object& b) -> std::optional<reply> {
        for (const std::string& member : members) {
            if (b.contains(member))
                return dedalus::testing::error_reply(status, member + " is not known", "invalid_request_error", code);
        }
        return {};
    });
}

}  // namespace

TEST_CASE("a handoff runs to its end over TLS, and the deferred calls go back byte for byte")
{
    server s;
    names log;
    const dedalus::run_result r = run(s, two_tools(log));

    CHECK(log == names{"read_calendar", "confirm_booking"});
    CHECK(r.phase == run_phase::completed);
    CHECK(r.final_text.find("free on Monday") != std::string::npos);
    CHECK(r.final_text.find("B-9") != std::string::npos);
    CHECK(r.turns_used == 2);
    CHECK(r.llm_turns.reported == 2);
    CHECK(r.correlation_ids.size() == 1);
    CHECK(r.request_ids.size() == 2);
    REQUIRE(r.tool_results.size() == 2);
    CHECK(r.tool_results[1].dependencies == names{r.tool_results[0].call_id});
    CHECK(r.tool_results[0].queued <= r.tool_results[0].started);
    CHECK(r.tool_results[0].finished <= r.tool_results[1].started);
    CHECK(r.usage.has_value());
    CHECK(r.diagnostics.empty());
    CHECK(r.last_completion.info.status == 200);

    const std::vector<received_request> requests = s.requests();
    REQUIRE(requests.size() == 2);
    const json::object first = body(requests[0]);
    CHECK(first.at("handoff_mode") == json::value(true));
    CHECK(first.at("max_turns") == json::value(3));
    CHECK(first.at("tools").as_array().size() == 2);
    CHECK_FALSE(first.contains("correlation_id"));
    CHECK_FALSE(first.contains("deferred_calls"));
    const json::object second = body(requests[1]);
    CHECK(second.at("max_turns") == json::value(3));
    CHECK(second.at("correlation_id") == json::value(r.correlation_ids[0]));
    // The server compares the bytes itself; that they are odd is what makes this a test.
    const auto deferred = dedalus::codec::raw_member(requests[1].body, "deferred_calls");
    REQUIRE(deferred);
    CHECK(deferred->find("1e2") != std::string_view::npos);
    CHECK(deferred->find("\\/") != std::string_view::npos);
}

TEST_CASE("an expired session is resumed from the deferred calls")
{
    server s;
    names log;
    const dedalus::run_result r = run(s, two_tools(log, [&s] { s.expire_sessions(); }));
    CHECK(r.phase == run_phase::completed);
    CHECK(r.final_text.find("B-9") != std::string::npos);
    CHECK(s.requests().size() == 2);
    CHECK(log.size() == 2);
}

TEST_CASE("a server that does not know the session gets the calls without it")
{
    const int status = GENERATE(400, 404, 410);
    server s(test::plain_http());
    names log;
    refuse_with_member(s, {"correlation_id"}, status, "session_not_found");
    const dedalus::run_result r = run(s, two_tools(log));
    CHECK(r.phase == run_phase::completed);
    CHECK(test::has_code(r.diagnostics, "session_lost"));
    CHECK(log.size() == 2);
    const std::vector<received_request> requests = s.requests();
    REQUIRE(requests.size() == 3);
    CHECK_FALSE(body(requests[2]).contains("correlation_id"));
    const std::optional<std::string_view> sent = dedalus::codec::raw_member(requests[1].body, "deferred_calls");
    REQUIRE(sent);
    CHECK(dedalus::codec::raw_member(requests[2].body, "deferred_calls") == sent);
}

TEST_CASE("a server that cannot resume at all plans again over the history")
{
    server s(test::plain_http());
    names log;
    refuse_with_member(s, {"correlation_id", "deferred_calls"}, 422, "");
    const dedalus::run_result r = run(s, two_tools(log));
    CHECK(r.phase == run_phase::completed);
    CHECK(r.final_text.find("B-9") != std::string::npos);
    CHECK(log.size() == 2);
    const std::vector<received_request> requests = s.requests();
    REQUIRE(requests.size() == 4);
    CHECK_FALSE(body(requests[3]).contains("deferred_calls"));
    CHECK(body(requests[3]).at("handoff_mode") == json::value(false));
}

TEST_CASE("a server that has lost the session for good is an error")
{
    server s(test::plain_http());
    names log;
    s.on_request([](const received_request&, const json::object& b) -> std::optional<reply> {
        if (b.at("messages").as_array().size() > 1)
            return dedalus::testing::error_reply(404, "the session is lost", "", "session_not_found");
        return {};
    });
    CHECK_THROWS_AS(run(s, two_tools(log)), dedalus::not_found_error);
    CHECK(s.requests().size() == 4);
    CHECK(log.size() == 2);
}

TEST_CASE("a plain server is followed without the Dedalus members")
{
    server s;
    names log;
    dedalus::handoff_options options;
    options.dedalus_extensions = false;
    dedalus::chat_completion_request request = booking();
    request.tool_choice = dedalus::tool_choice_mode(dedalus::tool_choice_mode::required);
    const dedalus::run_result r = run(s, two_tools(log), options, request);
    CHECK(log == names{"read_calendar"});
    CHECK(r.phase == run_phase::completed);
    CHECK(r.final_text.find("free on Monday") != std::string::npos);
    CHECK(outline(r.messages).starts_with("user assistant(" + r.tool_results[0].call_id + ") tool:"));
    const std::vector<received_request> requests = s.requests();
    REQUIRE(requests.size() == 2);
    for (const received_request& received : requests) {
        for (const char* member : {"handoff_mode", "correlation_id", "deferred_calls", "max_turns"})
            CHECK_FALSE(body(received).contains(member));
    }
    CHECK(body(requests[0]).contains("tool_choice"));
    CHECK_FALSE(body(requests[1]).contains("tool_choice"));
}

TEST_CASE("a client of another dialect sends no Dedalus members, unless the loop is told to")
{
    const bool told = GENERATE(false, true);
    server s(test::plain_http());
    names log;
    dedalus::client_options options = test::options_for(s);
    options.dialect = dedalus::dialect::openai;
    dedalus::handoff_options handoff;
    if (told)
        handoff.dedalus_extensions = true;
    dedalus::chat_completion_request request = booking();
    request.tool_choice = dedalus::tool_choice_mode(dedalus::tool_choice_mode::required);
    test::run_coro(run_once(std::move(options), two_tools(log), handoff, request));
    const received_request first = s.requests().at(0);
    CHECK(body(first).contains("handoff_mode") == told);
    CHECK(body(first).contains("max_turns") == told);
    // The key is of the bytes that were sent.
    const std::string key(first.headers.find("idempotency-key").value_or(""));
    CHECK(key.substr(key.rfind('/') + 1) == dedalus::crypto::sha256_hex(first.body).substr(0, 16));
}

TEST_CASE("the history of a run starts another one")
{
    server s(test::plain_http());
    names log;
    const dedalus::run_result first = run(s, two_tools(log));
    dedalus::chat_completion_request request = booking();
    request.messages = first.messages;
    request.messages.emplace_back(dedalus::user_message{"And another one."});
    const dedalus::run_result second = run(s, two_tools(log), {}, request);
    CHECK(second.phase == run_phase::completed);
    CHECK(log.size() == 4);
    CHECK(second.run_id != first.run_id);
    CHECK(first.run_id.starts_with("run_"));
}

TEST_CASE("a tool of the request that is also registered is offered once")
{
    server s(test::plain_http());
    names log;
    dedalus::chat_completion_request request = booking();
    dedalus::function_tool own;
    own.function = named("confirm_booking");
    own.function.description = "of the request";
    request.tools.emplace_back(own);
    run(s, two_tools(log), {}, request);
    const json::array tools = body(s.requests()[0]).at("tools").as_array();
    REQUIRE(tools.size() == 2);
    CHECK(tools[0].at("function").at("description") == json::value("of the request"));
    CHECK(tools[1].at("function").at("name") == json::value("read_calendar"));
}

TEST_CASE("errors of the client are thrown")
{
    server s(test::plain_http());
    names log;
    s.enqueue(dedalus::testing::error_reply(401, "no", "authentication_error"));
    CHECK_THROWS_AS(run(s, two_tools(log)), dedalus::authentication_error);

    reply cut = dedalus::testing::text_reply("never arrives whole");
    cut.stop_after = 5;
    cut.end = dedalus::testing::reply_end::reset;
    s.enqueue(cut);
    dedalus::handoff_options options;
    options.retry.max_retries = 0;
    CHECK_THROWS_AS(run(s, two_tools(log), options), dedalus::connection_error);
    CHECK(log.empty());
    CHECK(s.requests().size() == 2);
}

TEST_CASE("a run in memory repeats a request itself, under the same key and charged, until it was refused")
{
    server s(test::plain_http());
    names log;
    s.enqueue(dedalus::testing::error_reply(503, "busy"));
    s.enqueue(dedalus::testing::error_reply(429, "too many"));
    dedalus::handoff_options options;
    options.max_turns_per_request = 2;
    options.retry.initial_backoff = 1ms;
    const dedalus::run_result r = run(s, two_tools(log), options);
    CHECK(r.phase == run_phase::completed);
    CHECK(r.usage_incomplete);
    CHECK(r.llm_turns.charged_unknown == 2);
    CHECK(r.unknown_outcomes.size() == 1);
    const std::vector<received_request> requests = s.requests();
    REQUIRE(requests.size() == 4);
    const std::string key(requests[0].headers.find("idempotency-key").value_or(""));
    CHECK(key.starts_with(r.run_id + "/1/"));
    CHECK(requests[1].headers.find("idempotency-key") == key);
    CHECK(requests[2].headers.find("idempotency-key") == key + "/e1");
    CHECK(requests[0].body == requests[1].body);
}

namespace {

// Asks for a tool; the second request goes over the connection of the first, and is the last there.
void die_at_second_request(server& s)
{
    s.enqueue(dedalus::testing::json_reply(
        json::parse(R"({"choices":[],"pending_tools":[{"id":"a","name":"read_calendar","arguments":{}}]})")
    ));
    reply dies;
    dies.without_header = true;
    dies.end = GENERATE(
        dedalus::testing::reply_end::close, dedalus::testing::reply_end::cut, dedalus::testing::reply_end::reset
    );
    s.enqueue(dies);
    s.enqueue(dedalus::testing::text_reply("Done."));
}

}  // namespace

TEST_CASE("a request that a kept connection has swallowed is charged before it is sent again")
{
    dedalus::testing::server_options with;
    with.tls = GENERATE(true, false);
    server s(with);
    names log;
    die_at_second_request(s);
    dedalus::handoff_options options;
    options.max_turns_per_request = 2;
    options.retry.initial_backoff = 1ms;
    const dedalus::run_result r = run(s, two_tools(log), options);
    CHECK(r.phase == run_phase::completed);
    CHECK(r.final_text == "Done.");
    CHECK(log == names{"read_calendar"});
    CHECK(r.llm_turns.charged_unknown == 2);
    CHECK(r.usage_incomplete);
    const std::vector<received_request> requests = s.requests();
    REQUIRE(requests.size() == 3);
    CHECK(requests[1].connection == requests[0].connection);
    CHECK(requests[2].headers.find("idempotency-key") == requests[1].headers.find("idempotency-key"));
}

TEST_CASE("a request that a kept connection has swallowed is not sent again without a question, where one is wanted")
{
    server s(test::plain_http());
    names log;
    die_at_second_request(s);
    dedalus::handoff_options options;
    options.store = std::make_shared<dedalus::memory_run_store>();
    options.on_unknown_send = dedalus::unknown_send_policy::suspend;
    const dedalus::run_result r = run(s, two_tools(log), options);
    CHECK(r.phase == run_phase::suspended);
    CHECK(r.stop_reason == dedalus::stop_reason::unknown_send_outcome);
    const std::vector<received_request> requests = s.requests();
    REQUIRE(requests.size() == 2);
    CHECK(requests[1].connection == requests[0].connection);
}

TEST_CASE("odd answers end the run with a reason")
{
    server s(test::plain_http());
    names log;
    const auto says = [&s](const char* text) { s.enqueue(dedalus::testing::json_reply(json::parse(text))); };

    says(R"({"choices":[],"pending_tools":[{"id":"a","name":"read_calendar","arguments":{"x":1}},
                                           {"id":"a","name":"read_calendar","arguments":{"x":2}}]})");
    CHECK(run(s, two_tools(log)).stop_reason == dedalus::stop_reason::protocol_error);

    says("{}");
    says("{}");
    CHECK(run(s, two_tools(log)).stop_reason == dedalus::stop_reason::protocol_error);

    const char* again = R"({"choices":[],"pending_tools":[{"id":"a","name":"read_calendar","arguments":{}}]})";
    for (int i = 0; i < 3; ++i)
        says(again);
    log.clear();
    CHECK(run(s, two_tools(log)).stop_reason == dedalus::stop_reason::no_progress);
    CHECK(log == names{"read_calendar"});

    dedalus::handoff_options options;
    options.retry.initial_backoff = 1ms;
    says("[]");
    says("[]");
    CHECK_THROWS_AS(run(s, two_tools(log), options), dedalus::response_format_error);
}

TEST_CASE("the turn limit ends the run")
{
    server s(test::plain_http());
    names log;
    dedalus::handoff_options options;
    options.max_turns = 1;
    const dedalus::run_result r = run(s, two_tools(log), options);
    CHECK(r.phase == run_phase::budget_exhausted);
    CHECK(s.requests().size() == 1);
    CHECK(body(s.requests()[0]).at("max_turns") == json::value(1));
}

namespace {

asio::awaitable<void> run_and_drop(dedalus::client_options options, dedalus::tool_registry tools)
{
    co_await run_once(std::move(options), std::move(tools), dedalus::handoff_options(), booking());
}

}  // namespace

TEST_CASE("a run is cancelled while it waits for an answer, and its connection is closed")
{
    server s;
    names log;
    reply silent;
    silent.without_header = true;
    silent.end = dedalus::testing::reply_end::silence;
    s.enqueue(silent);
    asio::io_context context;
    try {
        test::cancel_when(context, run_and_drop(test::options_for(s), two_tools(log)), [&s] {
            return !s.requests().empty();
        });
        FAIL("the run was not cancelled");
    }
    catch (const dedalus::error& e) {
        CHECK(e.code() == asio::error::operation_aborted);
    }
    CHECK(s.wait_for_connections_open(0, 5s));
}

TEST_CASE("options out of range are refused")
{
    asio::io_context context;
    dedalus::client_options options;
    options.allow_anonymous = true;
    options.base_url = "http://localhost:1";
    const dedalus::client client(context.get_executor(), options);
    const auto with = [&client](auto change) {
        dedalus::handoff_options changed;
        change(changed);
        const dedalus::handoff_loop loop(client, dedalus::tool_registry(), changed);
    };
    with([](auto& o) { o.max_turns = 100; });
    with([](auto& o) { o.max_concurrency = 1; });
    with([](auto& o) { o.max_result_bytes = 1024; });
    with([](auto& o) { o.max_concurrency = o.max_calls = 500; });
    CHECK_THROWS_AS(with([](auto& o) { o.max_concurrency = 501; }), dedalus::config_error);
    CHECK_THROWS_AS(with([](auto& o) { o.max_calls = 501; }), dedalus::config_error);
    CHECK_THROWS_AS(with([](auto& o) { o.max_turns = 0; }), dedalus::config_error);
    with([](auto& o) { o.labels["tenant"] = std::string(256, 'x'); });
    CHECK_THROWS_AS(with([](auto& o) { o.labels["tenant"] = std::string(257, 'x'); }), dedalus::config_error);
    CHECK_THROWS_AS(
        with([](auto& o) {
            for (int i = 0; i < 17; ++i)
                o.labels[std::to_string(i)] = "x";
        }),
        dedalus::config_error
    );
    CHECK_THROWS_AS(with([](auto& o) { o.max_turns = 101; }), dedalus::config_error);
    CHECK_THROWS_AS(with([](auto& o) { o.max_concurrency = 0; }), dedalus::config_error);
    CHECK_THROWS_AS(with([](auto& o) { o.max_calls = 0; }), dedalus::config_error);
    CHECK_THROWS_AS(with([](auto& o) { o.max_dependencies = 0; }), dedalus::config_error);
    CHECK_THROWS_AS(with([](auto& o) { o.cancellation_grace = std::chrono::milliseconds(-1); }), dedalus::config_error);
    CHECK_THROWS_AS(with([](auto& o) { o.max_result_bytes = 1023; }), dedalus::config_error);

    const dedalus::handoff_loop loop(client, dedalus::tool_registry());
    dedalus::chat_completion_request request = booking();
    request.n = 2;
    CHECK_THROWS_AS(loop.run(request), dedalus::invalid_request_error);
}

TEST_CASE("neither the loop nor the client nor the request has to outlive the call of run")
{
    server s(test::plain_http());
    names log;
    asio::io_context context;
    std::optional<asio::awaitable<dedalus::run_result>> started;
    {
        const dedalus::client client(context.get_executor(), test::options_for(s));
        const dedalus::handoff_loop loop(client, two_tools(log));
        const dedalus::chat_completion_request request = booking();
        started.emplace(loop.run(request));
    }
    CHECK(test::run_coro_on(context, std::move(*started)).phase == run_phase::completed);
}

}  // namespace handoff_loop_test
