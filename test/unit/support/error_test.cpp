#include <dedalus/api_error.hpp>
#include <dedalus/chat/completion.hpp>
#include <dedalus/chat/deferred.hpp>
#include <dedalus/error.hpp>
#include <dedalus/handoff/run_result.hpp>

#include "support/catch.hpp"

#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <typeinfo>
#include <utility>

namespace error_test {

using namespace std::chrono_literals;
using namespace dedalus;

namespace {

constexpr errc all_codes[] = {
    errc::config,
    errc::invalid_request,
    errc::connection,
    errc::timeout,
    errc::invalid_response,
    errc::limit_exceeded,
    errc::incomplete_stream,
    errc::operation_in_progress,
    errc::bad_request,
    errc::authentication,
    errc::payment_required,
    errc::permission_denied,
    errc::not_found,
    errc::request_timeout,
    errc::conflict,
    errc::unprocessable_entity,
    errc::rate_limit,
    errc::internal_server,
    errc::api,
};

template <class Error>
bool is_exactly(const api_error& e)
{
    return typeid(e) == typeid(Error);
}

template <class Error>
void check_status(int status, errc code)
{
    CAPTURE(status);
    try {
        throw_api_error({.status = status});
    }
    catch (const api_error& e) {
        CHECK(is_exactly<Error>(e));
        CHECK(e.code() == code);
        CHECK(e.status() == status);
    }
}

std::string what_of(api_error_details details)
{
    return api_error(errc::api, std::move(details)).what();
}

}  // namespace

TEST_CASE("each code has a text of its own")
{
    std::set<std::string> texts;
    for (const errc code : all_codes) {
        const boost::system::error_code ec = code;
        CHECK(ec.failed());
        CHECK(std::string(ec.category().name()) == "dedalus");
        CHECK(texts.insert(ec.message()).second);
        CHECK(ec.message() != "unknown error");
    }
    CHECK(boost::system::error_code(999, error_category()).message() == "unknown error");
}

TEST_CASE("conditions group the codes")
{
    const std::set<errc> retryable = {
        errc::connection,
        errc::timeout,
        errc::request_timeout,
        errc::conflict,
        errc::rate_limit,
        errc::internal_server,
    };
    for (const errc code : all_codes) {
        const boost::system::error_code ec = code;
        CAPTURE(ec.message());
        CHECK((ec == condition::retryable) == retryable.contains(code));
        CHECK((ec == condition::timeout) == (code == errc::timeout));
        CHECK((ec == condition::auth) == (code == errc::authentication || code == errc::permission_denied));
    }
    const boost::system::error_code foreign(static_cast<int>(errc::timeout), boost::system::generic_category());
    CHECK_FALSE(foreign == condition::timeout);
    CHECK_FALSE(boost::system::error_code() == condition::retryable);
}

TEST_CASE("conditions have texts")
{
    CHECK(make_error_condition(condition::retryable).message() == "another attempt may succeed");
    CHECK(make_error_condition(condition::timeout).message() == "a time limit passed");
    CHECK(make_error_condition(condition::auth).message() == "authentication or permission failed");
    CHECK(boost::system::error_condition(99, condition_category()).message() == "unknown condition");
}

TEST_CASE("each phase has its name")
{
    std::ostringstream os;
    os << call_phase::response_header;
    CHECK(os.str() == "response_header");
    std::set<std::string_view> names;
    for (const call_phase phase :
         {call_phase::pool,
          call_phase::resolve,
          call_phase::connect,
          call_phase::tls,
          call_phase::write,
          call_phase::response_header,
          call_phase::proxy,
          call_phase::body,
          call_phase::first_event,
          call_phase::stream_idle,
          call_phase::total,
          call_phase::deferred})
        CHECK(names.insert(to_string(phase)).second);
    CHECK_FALSE(names.contains("unknown"));
}

TEST_CASE("each status has its class and code")
{
    check_status<bad_request_error>(400, errc::bad_request);
    check_status<authentication_error>(401, errc::authentication);
    check_status<payment_required_error>(402, errc::payment_required);
    check_status<permission_denied_error>(403, errc::permission_denied);
    check_status<not_found_error>(404, errc::not_found);
    check_status<api_error>(408, errc::request_timeout);
    check_status<conflict_error>(409, errc::conflict);
    check_status<unprocessable_entity_error>(422, errc::unprocessable_entity);
    check_status<rate_limit_error>(429, errc::rate_limit);
    for (const int status : {500, 501, 502, 503, 504, 529, 599})
        check_status<internal_server_error>(status, errc::internal_server);
    for (const int status : {200, 301, 405, 413, 415, 418, 451, 499})
        check_status<api_error>(status, errc::api);
}

TEST_CASE("an API error shows its status, code and request id, but not the server's words")
{
    CHECK_THAT(
        what_of(
            {.status = 429,
             .message = "secret words",
             .api_code = "rate_limit_exceeded",
             .type = "requests",
             .request_id = "req_1-a.b",
             .body = "secret body"}
        ),
        Catch::StartsWith("429 rate_limit_exceeded (request id req_1-a.b): ")
    );
    CHECK_THAT(what_of({.status = 429, .type = "requests"}), Catch::StartsWith("429 requests: "));
    CHECK_THAT(what_of({.status = 500}), Catch::StartsWith("500: "));
    for (const std::string& sentence :
         {std::string("my secret prompt"),
          std::string("secret\n"),
          std::string("<secret>"),
          "secret" + std::string(59, 'x')})
    {
        CAPTURE(sentence);
        const std::string text = what_of({
            .status = 400,
            .message = sentence,
            .api_code = sentence,
            .type = sentence,
            .param = sentence,
            .request_id = sentence,
            .headers = {{"A", sentence}},
            .body = sentence,
            .validation = {{sentence, sentence, sentence}},
        });
        CHECK(text.find("secret") == std::string::npos);
        CHECK_THAT(text, Catch::StartsWith("400: "));
    }
    const std::string longest(64, 'x');
    CHECK_THAT(what_of({.status = 400, .api_code = longest}), Catch::StartsWith("400 " + longest + ": "));
    CHECK_THAT(what_of({.status = 400, .api_code = "a b", .type = "t"}), Catch::StartsWith("400 t: "));
}

TEST_CASE("an API error keeps all details when it is copied")
{
    const validation_item item{"body.tool_choice", "field required", "missing"};
    const api_error original(
        errc::api,
        {
            .status = 200,
            .message = "m",
            .api_code = "c",
            .type = "t",
            .param = "p",
            .request_id = "r",
            .retry_after = 3s,
            .headers = {{"A", "b"}},
            .body = "raw",
            .body_truncated = true,
            .in_stream = true,
            .validation = {item},
        }
    );
    api_error e = original;
    e.set_retries_taken(2);
    CHECK(e.status() == 200);
    CHECK(e.message() == "m");
    CHECK(e.api_code() == "c");
    CHECK(e.type() == "t");
    CHECK(e.param() == "p");
    CHECK(e.request_id() == "r");
    CHECK(e.retry_after() == 3s);
    CHECK(e.headers().find("a") == "b");
    CHECK(e.body() == "raw");
    CHECK(e.body_truncated());
    CHECK(e.in_stream());
    CHECK((e.validation() == std::vector{item}));
    CHECK(e.retries_taken() == 2);
    CHECK(original.retries_taken() == 0);
}

TEST_CASE("a connection error names its phase and cause")
{
    const auto refused = make_error_code(boost::system::errc::connection_refused);
    const connection_error e(call_phase::connect, refused, "cannot connect to localhost:1");
    CHECK(e.code() == errc::connection);
    CHECK(e.phase() == call_phase::connect);
    CHECK(e.cause() == refused);
    CHECK_THAT(e.what(), Catch::StartsWith("cannot connect to localhost:1 (connect: " + refused.message() + "): "));
    CHECK_THAT(connection_error(call_phase::tls, {}, "x").what(), Catch::StartsWith("x (tls): "));
}

TEST_CASE("a time-out names its phase and how long it was")
{
    const timeout_error e(call_phase::stream_idle, 1500ms);
    CHECK(e.code() == condition::timeout);
    CHECK(e.phase() == call_phase::stream_idle);
    CHECK(e.elapsed() == 1500ms);
    CHECK_THAT(e.what(), Catch::StartsWith("stream_idle after 1500 ms: time limit passed"));
}

TEST_CASE("an unreadable answer keeps the head of its body, but does not show it")
{
    const std::string body(5000, 'z');
    const response_format_error e("malformed JSON", 200, "text/plain", body);
    CHECK(e.code() == errc::invalid_response);
    CHECK(e.status() == 200);
    CHECK(e.content_type() == "text/plain");
    CHECK(e.body_head() == body.substr(0, 2048));
    CHECK(std::string(e.what()).find("zz") == std::string::npos);
    CHECK(std::string(e.what()).find("text/plain") == std::string::npos);
    CHECK(response_format_error(errc::limit_exceeded, "body", 200, "", "").code() == errc::limit_exceeded);
}

TEST_CASE("a stream that ended too early carries what had arrived")
{
    chat_completion partial;
    partial.id = "secret answer";
    const incomplete_stream_error e(std::make_shared<const chat_completion>(partial));
    CHECK(e.code() == errc::incomplete_stream);
    CHECK(e.partial().id == "secret answer");
    CHECK(std::string(e.what()).find("secret") == std::string::npos);
}

TEST_CASE("errors have one root and carry their code")
{
    CHECK(config_error("no key").code() == errc::config);
    CHECK_THAT(config_error("no key").what(), Catch::StartsWith("no key: unusable configuration"));
    CHECK(invalid_request_error("NaN at /x").code() == errc::invalid_request);
    CHECK(error(errc::operation_in_progress, "next()").code() == errc::operation_in_progress);
    CHECK_THROWS_AS(throw_api_error({.status = 404}), error);
    CHECK_THROWS_AS(throw_api_error({.status = 404}), boost::system::system_error);
}

TEST_CASE("an error keeps what a run had done for as long as it lives, copies too")
{
    auto run = std::make_shared<run_result>();
    run->run_id = "run_1";
    timeout_error original(call_phase::total, 5ms);
    CHECK(original.partial_run() == nullptr);
    original.set_partial_run(std::move(run));
    const timeout_error copy = original;
    REQUIRE(copy.partial_run() != nullptr);
    CHECK(copy.partial_run()->run_id == "run_1");
    CHECK(to_string(stop_reason::error) == "error");
    CHECK(to_string(stop_reason::cancelled) == "cancelled");
}

TEST_CASE("an error of another server than the API names it")
{
    const api_error e(errc::not_found, {.status = 404, .server = "the MCP authorization server", .type = "gone"});
    CHECK(e.server() == "the MCP authorization server");
    CHECK(std::string(e.what()).starts_with("404 gone from the MCP authorization server"));
    CHECK(api_error(errc::not_found, {.status = 404}).server().empty());
}

TEST_CASE("a result that cannot be read is kept, but not in what()")
{
    const std::string body = "swordfish" + std::string(5000, 'x');
    const unreadable_result_error e(errc::invalid_response, "choices: expected a list", 200, "text/html", body);
    const unreadable_result_error copy = e;
    CHECK(copy.body() == body);
    CHECK(&copy.body() == &e.body());
    CHECK(e.body_head() == body.substr(0, 2048));
    CHECK(e.code() == errc::invalid_response);
    CHECK(e.problem() == "choices: expected a list");
    CHECK(std::string(e.what()).find("swordfish") == std::string::npos);
}

}  // namespace error_test
