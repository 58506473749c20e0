#include "client/chat_call.hpp"

#include <dedalus/api_error.hpp>
#include <dedalus/chat/deferred.hpp>
#include <dedalus/error.hpp>
#include <dedalus/proxy_error.hpp>

#include "client/api_errors.hpp"
#include "client/credential_key.hpp"
#include "client/detour.hpp"
#include "codec/encode_chat_request.hpp"
#include "protocol/http_request_head.hpp"
#include "protocol/retry_decision.hpp"
#include "support/ascii.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <exception>
#include <random>
#include <utility>

namespace asio = boost::asio;

namespace dedalus {

namespace {

using clock = std::chrono::steady_clock;

/// In [0, 1). Only a failed attempt needs it, so the system's source is fast enough.
double random_share()
{
    std::random_device source;
    return std::generate_canonical<double, 32>(source);
}

void set_unless_configured(http_headers& headers, std::string_view name, std::string value)
{
    if (!headers.contains(name))
        headers.set(std::string(name), std::move(value));
}

transport::http_request make_request(const chat_call& call)
{
    const call_target& target = call.target;
    const bool posts = target.method == "POST";
    http_headers headers = *target.headers;
    set_unless_configured(headers, "Accept", call.stream ? "text/event-stream, application/json" : "application/json");
    set_unless_configured(headers, "X-Stainless-Retry-Count", std::to_string(call.retries_taken));
    std::optional<std::size_t> content_length;
    if (posts) {
        set_unless_configured(headers, "Idempotency-Key", call.idempotency_key);
        content_length = call.body->size();
    }
    else {
        headers.erase("Idempotency-Key");
        headers.erase("Content-Type");
    }
    protocol::base_url origin = target.transport->origin();
    if (target.redirected)
        origin.path_prefix.clear();
    return {protocol::http_request_head(target.method, origin, target.endpoint, headers, content_length), call.body};
}

response_info make_info(const transport::open_exchange& opened, int retries_taken)
{
    response_info info;
    info.status = opened.connection->status();
    info.headers = opened.connection->headers();
    info.request_id = info.headers.find("x-request-id").value_or("");
    info.retries_taken = retries_taken;
    info.timings = opened.timings;
    return info;
}

/// Appends the body to `body` up to `limit` bytes; false when there is more.
asio::awaitable<bool>
read_all(transport::http_connection& connection /* borrowed */, std::string& body /* borrowed */, std::size_t limit)
{
    while (true) {
        const std::string_view piece = co_await connection.read_body(call_phase::body);
        if (piece.empty())
            co_return true;
        const std::size_t room = limit - body.size();
        body.append(piece.substr(0, room));
        if (piece.size() > room)
            co_return false;
    }
}

/// Reads the body of an error answer. Whatever happens to it, the status stands.
asio::awaitable<bool> read_error_body(
    transport::http_connection& connection /* borrowed */, std::string& body /* borrowed */, std::size_t limit
)
{
    try {
        const bool complete = co_await read_all(connection, body, limit);
        co_return complete;
    }
    catch (const connection_error&) {
    }
    catch (const response_format_error&) {
    }
    catch (const timeout_error& e) {
        if (e.phase() == call_phase::total)
            throw;
    }
    co_return false;
}

[[noreturn]] void refuse_body(const chat_call& call, chat_answer& answer, errc code, const std::string& problem)
{
    std::string content_type(answer.info.headers.find("Content-Type").value_or(""));
    if (call.fetched_once)
        throw unreadable_result_error(
            code, problem, answer.info.status, std::move(content_type), std::move(answer.body)
        );
    throw response_format_error(code, problem, answer.info.status, std::move(content_type), {});
}

/// Nothing but the identity encoding was asked for, and nothing else can be read.
void check_encoding(const chat_call& call, chat_answer& answer)
{
    const std::string_view encoding = answer.info.headers.find("Content-Encoding").value_or("identity");
    if (!support::ascii_iequals(encoding, "identity"))
        refuse_body(call, answer, errc::invalid_response, "the body has a Content-Encoding that was not asked for");
}

/// Gives the connection back if the whole body was read; closes it otherwise.
void part_with(transport::http_transport& transport, transport::connection_lease connection, bool complete)
{
    if (complete)
        transport.release(std::move(connection));
}

/// What is asked where the call is now: an answer, or a redirect that is to be followed.
struct hop
{
    chat_answer answer;
    std::optional<protocol::redirect> redirect;
};

asio::awaitable<hop> ask_target(std::shared_ptr<const chat_call> call, int redirects)
{
    transport::http_transport& transport = *call->target.transport;
    transport::http_request request = make_request(*call);
    transport::open_exchange opened = co_await transport.send(std::move(request), call->limits);
    opened.connection->limit_total(call->total_of_body);
    hop result;
    chat_answer& answer = result.answer;
    answer.info = make_info(opened, call->retries_taken);

    const std::size_t max_error_body_bytes = call->client->config.limits.max_error_body_bytes;
    const bool success = answer.info.status >= 200 && answer.info.status < 300;
    if (!success) {
        const bool complete = co_await read_error_body(*opened.connection, answer.body, max_error_body_bytes);
        part_with(transport, std::move(opened.connection), complete);
        result.redirect = next_redirect(*call, answer.info.status, answer.info.headers, redirects);
        if (result.redirect)
            co_return result;
        throw_api_error(answer.info, answer.body, max_error_body_bytes, !complete, call->target.server);
    }
    if (call->stream && has_media_type(answer.info.headers, "text/event-stream").value_or(true)) {
        check_encoding(*call, answer);
        answer.connection = std::move(opened.connection);
        co_return result;
    }
    const bool complete = co_await read_all(*opened.connection, answer.body, call->max_body_bytes);
    part_with(transport, std::move(opened.connection), complete);
    if (!complete)
        refuse_body(*call, answer, errc::limit_exceeded, "the body is larger than limits.max_body_bytes");
    check_encoding(*call, answer);
    co_return result;
}

asio::awaitable<chat_answer> attempt(std::shared_ptr<chat_call> call)
{
    end_detour(*call);
    for (int redirects = 0;; ++redirects) {
        hop result = co_await ask_target(call, redirects);
        if (!result.redirect)
            co_return std::move(result.answer);
        take_detour(*call, std::move(*result.redirect));
    }
}

/// Those of the whole call, and the queue of the pool: the call has had its time there, and would begin again at the
/// end.
bool spans_the_call(call_phase phase)
{
    return phase == call_phase::total || phase == call_phase::deferred || phase == call_phase::pool;
}

/// The phase in which the call failed, if it is one that may be tried again.
std::optional<call_phase> phase_of(const error& failure)
{
    if (const auto* connection = dynamic_cast<const connection_error*>(&failure))
        return connection->phase();
    if (const auto* timeout = dynamic_cast<const timeout_error*>(&failure);
        timeout && !spans_the_call(timeout->phase()))
        return timeout->phase();
    return std::nullopt;
}

protocol::attempt_failure describe(const chat_call& call, const error& failure)
{
    using kind = protocol::attempt_failure::kind;
    protocol::attempt_failure facts;
    if (const auto* api = dynamic_cast<const api_error*>(&failure)) {
        facts.what = kind::status;
        facts.status = api->status();
        facts.headers = &api->headers();
        facts.api_code = api->api_code();
        facts.api_type = api->type();
        return facts;
    }
    if (const auto* refusal = dynamic_cast<const proxy_error*>(&failure)) {
        facts.what = kind::status;
        facts.status = refusal->status();
        return facts;
    }
    // Of a unary body the caller has seen nothing; a stream call is never repeated after its 2xx header.
    const std::optional<call_phase> phase = phase_of(failure);
    if (phase && !(call.stream && *phase == call_phase::body))
        facts.what = failure.code() == condition::timeout ? kind::timeout : kind::connection;
    return facts;
}

/// Whether to try again, and when. A wait that the total limit would cut short is not begun, so that the caller gets
/// the failure itself and not a timeout that hides it.
std::optional<std::chrono::milliseconds> next_attempt(const chat_call& call, const error& failure)
{
    const protocol::retry_decision decision = protocol::decide_retry(
        call.client->config.retry,
        describe(call, failure),
        call.retries_taken,
        random_share(),
        std::chrono::system_clock::now()
    );
    const protocol::deadline& total = call.limits.total;
    const bool too_late = !total.unlimited() && clock::now() + decision.wait >= total.at;
    if (!decision.retry || too_late)
        return std::nullopt;
    return decision.wait;
}

asio::awaitable<void> seal(std::shared_ptr<chat_call> call)
{
    const key_cache::key key = co_await credential_key(call);
    unsealed_request& request = *call->unsealed;
    boost::json::object sealed;
    for (const plain_credential& each : request.credentials)
        sealed[each.connection_name] = key->seal(each.values.view());
    put_sealed_credentials(request.members, sealed);
    set_body(*call, codec::chat_request_text(request.members, request.deferred_calls_raw));
    call->unsealed.reset();
}

}  // namespace

std::shared_ptr<chat_call> make_call(std::shared_ptr<client::impl> client, call_target target)
{
    auto call = std::make_shared<chat_call>();
    const timeout_options& timeouts = client->config.timeouts;
    call->target = std::move(target);
    call->body = std::make_shared<const std::string>();
    call->start = clock::now();
    call->total_of_body = protocol::phase_deadline(call_phase::total, call->start, timeouts.total);
    call->limits = {std::make_shared<net::watchdog>(client->executor), timeouts, call->total_of_body};
    call->max_body_bytes = client->config.limits.max_body_bytes;
    call->client = std::move(client);
    return call;
}

call_target api_target(client::impl& client, std::string_view method, std::string endpoint)
{
    return {&client.transport, &client.config.headers, method, std::move(endpoint)};
}

void set_body(chat_call& call, std::string body)
{
    if (body.size() > call.client->config.limits.max_request_bytes)
        throw invalid_request_error("the body is larger than limits.max_request_bytes");
    call.body = std::make_shared<const std::string>(std::move(body));
}

asio::awaitable<chat_answer> perform(std::shared_ptr<chat_call> call)
{
    if (call->unsealed)
        co_await seal(call);
    for (;; ++call->retries_taken) {
        std::exception_ptr failure;
        std::optional<std::chrono::milliseconds> wait;
        try {
            chat_answer answer = co_await attempt(call);
            co_return answer;
        }
        catch (const error& e) {
            wait = next_attempt(*call, e);
            failure = std::current_exception();
        }
        if (!wait)
            std::rethrow_exception(failure);
        call->limits.guard->reset();
        asio::steady_timer timer(call->client->executor, *wait);
        co_await timer.async_wait(asio::use_awaitable);
    }
}

std::optional<bool> has_media_type(const http_headers& headers, std::string_view type)
{
    const std::optional<std::string_view> field = headers.find("Content-Type");
    if (!field)
        return std::nullopt;
    return support::ascii_iequals(support::trimmed(field->substr(0, field->find(';'))), type);
}

std::chrono::microseconds elapsed(const chat_call& call)
{
    return std::chrono::duration_cast<std::chrono::microseconds>(clock::now() - call.start);
}

void rethrow_as_error(const chat_call& call)
{
    try {
        throw;
    }
    catch (error& e) {
        // A failure to get the key for the credentials has a number of its own.
        e.set_retries_taken(std::max(e.retries_taken(), call.retries_taken));
        throw;
    }
    catch (const boost::system::system_error& e) {
        const bool cancelled = e.code() == asio::error::operation_aborted;
        error failure(e.code(), cancelled ? "the call was cancelled" : "the call failed");
        failure.set_retries_taken(call.retries_taken);
        throw failure;
    }
}

}  // namespace dedalus
