#include "client/chat_call.hpp"

#include <dedalus/api_error.hpp>
#include <dedalus/chat/deferred.hpp>
#include <dedalus/error.hpp>

#include "client/answer_body.hpp"
#include "client/api_errors.hpp"
#include "client/credential_key.hpp"
#include "client/credential_refresh.hpp"
#include "client/detour.hpp"
#include "client/prepare_request.hpp"
#include "codec/encode_chat_request.hpp"
#include "protocol/body_collector.hpp"
#include "protocol/call_failure.hpp"
#include "protocol/query.hpp"
#include "protocol/rate_limits.hpp"
#include "protocol/retry_decision.hpp"
#include "support/ascii.hpp"
#include "support/random_share.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <atomic>
#include <exception>
#include <utility>

namespace asio = boost::asio;

namespace dedalus {

namespace {

using clock = std::chrono::steady_clock;

std::shared_ptr<response_info> make_info(const chat_call& call, transport::http_connection& connection)
{
    auto info = std::make_shared<response_info>();
    info->call_id = call.id;
    info->status = connection.status();
    info->headers = connection.take_headers();
    info->request_id = info->headers.find("x-request-id").value_or("");
    info->retries_taken = call.retries_taken;
    info->timings = *call.limits.times;
    info->rate_limits = protocol::parse_rate_limits(info->headers);
    return info;
}

[[noreturn]] void refuse_body(const chat_call& call, chat_answer& answer, errc code, const std::string& problem)
{
    std::string content_type(answer.info->headers.find("Content-Type").value_or(""));
    if (call.fetched_once)
        throw unreadable_result_error(
            code, problem, answer.info->status, std::move(content_type), std::move(answer.body)
        );
    throw response_format_error(code, problem, answer.info->status, std::move(content_type), {});
}

/// A stream is not inflated.
void check_stream_coding(const chat_call& call, chat_answer& answer)
{
    if (protocol::content_coding_of(answer.info->headers) != protocol::content_coding::identity)
        refuse_body(call, answer, errc::invalid_response, "the stream has a Content-Encoding");
}

/// @param problem  of read_body().
void check_body(const chat_call& call, chat_answer& answer, const boost::system::error_code& problem)
{
    if (problem == errc::limit_exceeded)
        refuse_body(call, answer, errc::limit_exceeded, "the body is larger than limits.max_body_bytes");
    if (problem.failed())
        refuse_body(call, answer, errc::invalid_response, "the gzip of the body is broken or cut off");
    if (protocol::content_coding_of(answer.info->headers) == protocol::content_coding::unknown)
        refuse_body(call, answer, errc::invalid_response, "the body has a Content-Encoding that is not supported");
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

asio::awaitable<hop> ask_target(std::shared_ptr<chat_call> call, int redirects)
{
    transport::http_transport& transport = *call->target.transport;
    transport::http_request request = prepare_request(*call);
    transport::open_exchange opened = co_await transport.send(std::move(request), call->limits);
    opened.connection->limit_total(call->total_of_body);
    hop result;
    chat_answer& answer = result.answer;
    answer.info = make_info(*call, *opened.connection);
    call->answered = answer.info;
    call->client->observer->response(*call, *answer.info);

    const protocol::content_coding coding = protocol::content_coding_of(answer.info->headers);
    const std::size_t max_error_body_bytes = call->client->config.limits.max_error_body_bytes;
    const bool success = answer.info->status >= 200 && answer.info->status < 300;
    if (!success) {
        const bool complete = co_await read_error_body(*opened.connection, coding, answer.body, max_error_body_bytes);
        part_with(transport, std::move(opened.connection), complete);
        call->client->observer->body(*call, answer.body);
        result.redirect = next_redirect(*call, answer.info->status, answer.info->headers, redirects);
        if (result.redirect)
            co_return result;
        throw_api_error(*answer.info, answer.body, max_error_body_bytes, !complete, call->target.server);
    }
    if (call->stream && has_media_type(answer.info->headers, "text/event-stream").value_or(true)) {
        check_stream_coding(*call, answer);
        answer.connection = std::move(opened.connection);
        co_return result;
    }
    const boost::system::error_code problem =
        co_await read_body(*opened.connection, coding, answer.body, call->max_body_bytes);
    part_with(transport, std::move(opened.connection), !problem.failed());
    call->client->observer->body(*call, answer.body);
    check_body(*call, answer, problem);
    co_return result;
}

asio::awaitable<chat_answer> attempt(std::shared_ptr<chat_call> call)
{
    end_detour(*call);
    call->answered.reset();
    *call->limits.times = {};
    call->limits.times->attempts = call->retries_taken + 1;
    if (refreshes_credential(*call))
        co_await refresh_credential(call);
    for (int redirects = 0;; ++redirects) {
        hop result = co_await ask_target(call, redirects);
        if (!result.redirect)
            co_return std::move(result.answer);
        take_detour(*call, std::move(*result.redirect));
    }
}

protocol::attempt_failure describe(const chat_call& call, const error& failure)
{
    protocol::attempt_failure facts = protocol::failed_attempt(failure);
    // Of a unary body the caller has seen nothing; a stream call is never repeated after its 2xx header.
    if (call.stream && protocol::failed_phase(failure) == call_phase::body)
        facts.what = protocol::attempt_failure::kind::final;
    return facts;
}

/// Whether to try again, and when. A wait that the total limit would cut short is not begun, so that the caller gets
/// the failure itself and not a timeout that hides it.
std::optional<std::chrono::milliseconds> next_attempt(const chat_call& call, const error& failure)
{
    const protocol::retry_decision decision = protocol::decide_retry(
        call.retry,
        describe(call, failure),
        call.retries_taken,
        support::random_share(),
        std::chrono::system_clock::now()
    );
    const protocol::deadline& total = call.limits.total;
    const bool too_late = !total.unlimited() && clock::now() + decision.wait >= total.at;
    if (!decision.retry || too_late)
        return std::nullopt;
    std::optional<retry_gate>& budget = call.client->retries;
    if (budget && !budget->take(clock::now()))
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
    set_body(*call, text_of(request));
    call->unsealed.reset();
}

std::uint64_t next_call_id()
{
    static std::atomic<std::uint64_t> last = 0;
    return ++last;
}

/// What the error shall tell of its call.
void describe_call(const chat_call& call, error& failure)
{
    // A failure to get the key for the credentials has a number of its own.
    failure.set_retries_taken(std::max(failure.retries_taken(), call.retries_taken));
    response_info info = call.answered ? *call.answered : response_info{};
    info.call_id = call.id;
    info.retries_taken = call.retries_taken;
    info.timings = *call.limits.times;
    info.timings.total = elapsed(call);
    failure.set_info(std::make_shared<const response_info>(std::move(info)));
}

}  // namespace

std::shared_ptr<chat_call> make_call(std::shared_ptr<client::impl> client, call_target target)
{
    auto call = std::make_shared<chat_call>();
    const timeout_options& timeouts = client->config.timeouts;
    call->id = next_call_id();
    call->target = std::move(target);
    call->retry = client->config.retry;
    call->body = std::make_shared<const std::string>();
    call->start = clock::now();
    call->total_of_body = protocol::phase_deadline(call_phase::total, call->start, timeouts.total);
    call->limits = {std::make_shared<net::watchdog>(client->executor), timeouts, call->total_of_body};
    call->max_body_bytes = client->config.limits.max_body_bytes;
    call->client = std::move(client);
    return call;
}

call_target
api_target(client::impl& client, std::string_view method, std::string endpoint, std::span<const query_parameter> query)
{
    endpoint += protocol::query_text(protocol::merged_query(client.config.query, query));
    return {&client.transport, &client.config.headers, method, std::move(endpoint)};
}

std::string text_of(unsealed_request& request)
{
    codec::raw_parts raw;
    raw.messages = request.messages_raw;
    raw.deferred_calls = request.deferred_calls_raw;
    return codec::chat_request_text(request.members, raw);
}

void set_body(chat_call& call, std::string body)
{
    if (body.size() > call.client->config.limits.max_request_bytes)
        throw invalid_request_error("the body is larger than limits.max_request_bytes");
    call.body = std::make_shared<const std::string>(std::move(body));
}

asio::awaitable<chat_answer> perform(std::shared_ptr<chat_call> call)
{
    if (call->client->retries)
        call->client->retries->add_call(clock::now());
    if (call->unsealed)
        co_await seal(call);
    for (;; ++call->retries_taken) {
        std::exception_ptr failure;
        std::optional<std::chrono::milliseconds> wait;
        try {
            chat_answer answer = co_await attempt(call);
            co_return answer;
        }
        catch (error& e) {
            wait = next_attempt(*call, e);
            if (wait) {
                describe_call(*call, e);
                call->client->observer->retry(*call, e, *wait);
            }
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

void complete(const chat_call& call, response_info& info)
{
    info.timings = *call.limits.times;
    info.timings.total = elapsed(call);
    call.client->observer->completed(call, info);
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
        describe_call(call, e);
        call.client->observer->failed(call, e);
        throw;
    }
    catch (const boost::system::system_error& e) {
        const bool cancelled = e.code() == asio::error::operation_aborted;
        error failure(e.code(), cancelled ? "the call was cancelled" : "the call failed");
        describe_call(call, failure);
        call.client->observer->failed(call, failure);
        throw failure;
    }
}

}  // namespace dedalus
