#include "client/chat_call.hpp"

#include <dedalus/error.hpp>

#include "codec/decode_api_error.hpp"
#include "protocol/http_request_head.hpp"
#include "protocol/retry_decision.hpp"
#include "support/ascii.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/uuid/random_generator.hpp>
#include <boost/uuid/uuid_io.hpp>

#include <exception>
#include <random>
#include <utility>

namespace asio = boost::asio;

namespace dedalus {

namespace {

using clock = std::chrono::steady_clock;

constexpr std::string_view endpoint = "/v1/chat/completions";

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

transport::http_request make_request(const chat_call& call, int retries_taken)
{
    const configuration& config = call.client->config;
    http_headers headers = config.headers;
    set_unless_configured(headers, "Accept", call.stream ? "text/event-stream, application/json" : "application/json");
    set_unless_configured(headers, "Idempotency-Key", call.idempotency_key);
    set_unless_configured(headers, "X-Stainless-Retry-Count", std::to_string(retries_taken));
    return {protocol::http_request_head("POST", config.base, endpoint, headers, call.body->size()), call.body};
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
    std::size_t whole = 0;
    while (true) {
        const std::string_view piece = co_await connection.read_body(call_phase::body);
        if (piece.empty())
            co_return true;
        body.append(piece.substr(0, limit - body.size()));
        if (piece.size() > limit - whole)
            co_return false;
        whole += piece.size();
    }
}

[[noreturn]] void throw_status_error(chat_answer answer, bool truncated)
{
    api_error_details details;
    details.status = answer.info.status;
    details.request_id = std::move(answer.info.request_id);
    details.headers = std::move(answer.info.headers);
    details.retry_after = protocol::parse_retry_after(details.headers, std::chrono::system_clock::now());
    details.body_truncated = truncated;
    codec::decode_api_error(answer.body, details);
    details.body = std::move(answer.body);
    throw_api_error(std::move(details));
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
    catch (const timeout_error& e) {
        if (e.phase() == call_phase::total)
            throw;
    }
    co_return false;
}

/// Gives the connection back if the whole body was read; closes it otherwise.
void part_with(
    transport::http_transport& transport, std::unique_ptr<transport::http_connection> connection, bool complete
)
{
    if (complete)
        transport.release(std::move(connection));
}

asio::awaitable<chat_answer> attempt(std::shared_ptr<const chat_call> call, int retries_taken)
{
    transport::http_request request = make_request(*call, retries_taken);
    transport::open_exchange opened = co_await call->client->transport.send(std::move(request), call->limits);
    chat_answer answer;
    answer.info = make_info(opened, retries_taken);

    const limit_options& limits = call->client->config.limits;
    const bool success = answer.info.status >= 200 && answer.info.status < 300;
    if (!success) {
        const bool complete = co_await read_error_body(*opened.connection, answer.body, limits.max_error_body_bytes);
        part_with(call->client->transport, std::move(opened.connection), complete);
        throw_status_error(std::move(answer), !complete);
    }
    if (call->stream && has_media_type(answer.info.headers, "text/event-stream").value_or(true)) {
        answer.connection = std::move(opened.connection);
        co_return answer;
    }
    const bool complete = co_await read_all(*opened.connection, answer.body, limits.max_body_bytes);
    part_with(call->client->transport, std::move(opened.connection), complete);
    if (!complete)
        throw response_format_error(
            errc::limit_exceeded,
            "the body is larger than limits.max_body_bytes",
            answer.info.status,
            std::string(answer.info.headers.find("Content-Type").value_or("")),
            {}
        );
    co_return answer;
}

protocol::attempt_failure describe(const error& failure)
{
    using kind = protocol::attempt_failure::kind;
    protocol::attempt_failure facts;
    if (const auto* api = dynamic_cast<const api_error*>(&failure)) {
        facts.what = kind::status;
        facts.status = api->status();
        facts.headers = &api->headers();
        facts.api_code = api->api_code();
        facts.api_type = api->type();
    }
    else if (dynamic_cast<const connection_error*>(&failure) != nullptr)
        facts.what = kind::connection;
    else if (const auto* timeout = dynamic_cast<const timeout_error*>(&failure))
        facts.what = timeout->phase() == call_phase::total ? kind::final : kind::timeout;
    return facts;
}

/// Whether to try again, and when. A wait that the total limit would cut short is not begun, so that the caller gets
/// the failure itself and not a timeout that hides it.
std::optional<std::chrono::milliseconds> next_attempt(const chat_call& call, const error& failure, int retries_taken)
{
    const protocol::retry_decision decision = protocol::decide_retry(
        call.client->config.retry, describe(failure), retries_taken, random_share(), std::chrono::system_clock::now()
    );
    const protocol::deadline& total = call.limits.total;
    const bool too_late = !total.unlimited() && clock::now() + decision.wait >= total.at;
    if (!decision.retry || too_late)
        return std::nullopt;
    return decision.wait;
}

}  // namespace

std::shared_ptr<const chat_call> make_chat_call(std::shared_ptr<client::impl> client, std::string body, bool stream)
{
    auto call = std::make_shared<chat_call>();
    call->body = std::make_shared<const std::string>(std::move(body));
    call->stream = stream;
    call->idempotency_key = "dedalus-cpp-" + boost::uuids::to_string(boost::uuids::random_generator()());
    call->start = clock::now();
    const timeout_options& timeouts = client->config.timeouts;
    call->limits = {
        std::make_shared<net::watchdog>(client->executor),
        timeouts,
        protocol::phase_deadline(call_phase::total, call->start, timeouts.total)};
    call->client = std::move(client);
    return call;
}

asio::awaitable<chat_answer> perform(std::shared_ptr<const chat_call> call)
{
    for (int retries_taken = 0;; ++retries_taken) {
        std::exception_ptr failure;
        std::optional<std::chrono::milliseconds> wait;
        try {
            chat_answer answer = co_await attempt(call, retries_taken);
            co_return answer;
        }
        catch (error& e) {
            e.set_retries_taken(retries_taken);
            wait = next_attempt(*call, e, retries_taken);
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
    std::string_view media_type = field->substr(0, field->find(';'));
    while (media_type.ends_with(' ') || media_type.ends_with('\t'))
        media_type.remove_suffix(1);
    return support::ascii_iequals(media_type, type);
}

std::chrono::microseconds elapsed(const chat_call& call)
{
    return std::chrono::duration_cast<std::chrono::microseconds>(clock::now() - call.start);
}

void rethrow_as_error()
{
    try {
        throw;
    }
    catch (const error&) {
        throw;
    }
    catch (const boost::system::system_error& e) {
        if (e.code() == asio::error::operation_aborted)
            throw error(e.code(), "the call was cancelled");
        throw error(e.code(), "the call failed");
    }
}

}  // namespace dedalus
