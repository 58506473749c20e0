// The part of a run in a store that sends requests.

#include <dedalus/api_error.hpp>
#include <dedalus/call_phase.hpp>
#include <dedalus/error.hpp>
#include <dedalus/json.hpp>

#include "codec/encode_chat_request.hpp"
#include "crypto/sha256.hpp"
#include "handoff/durable_state.hpp"
#include "protocol/retry_decision.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value_from.hpp>
#include <boost/system/system_error.hpp>

#include <exception>
#include <utility>

namespace dedalus::handoff_engine {

namespace core = handoff_core;

namespace {

constexpr std::size_t key_digits = 16;
constexpr int unauthorized = 401;
constexpr int payment_required = 402;
constexpr int forbidden = 403;

/// Why a request has no answer, as far as the run goes on from it.
struct send_failure
{
    core::refusal_kind kind = core::refusal_kind::unknown;
    int status = 0;
    std::string_view why = "connection";
    std::optional<stop_reason> suspends{};  ///< of a final refusal that somebody may undo
    protocol::retry_decision retry{};
};

bool was_never_sent(const boost::system::system_error& e)
{
    const auto* connection = dynamic_cast<const connection_error*>(&e);
    return connection != nullptr &&
           (connection->phase() == call_phase::resolve || connection->phase() == call_phase::connect ||
            connection->phase() == call_phase::tls);
}

std::optional<stop_reason> suspends(const api_error& e)
{
    if (e.status() == unauthorized || e.status() == forbidden)
        return stop_reason::auth;
    if (e.status() == payment_required || e.api_code() == "insufficient_quota" || e.type() == "insufficient_quota")
        return stop_reason::payment;
    return {};
}

send_failure judge(durable& r, const boost::system::system_error& e)
{
    send_failure result;
    protocol::attempt_failure facts;
    facts.what = protocol::attempt_failure::kind::connection;
    if (const auto* api = dynamic_cast<const api_error*>(&e)) {
        facts.what = protocol::attempt_failure::kind::status;
        facts.status = api->status();
        facts.headers = &api->headers();
        facts.api_code = api->api_code();
        facts.api_type = api->type();
        result.kind = r.m().judge(*api);
        result.status = api->status();
        result.why = "status";
        result.suspends = suspends(*api);
        if (result.suspends && result.kind == core::refusal_kind::not_worked)
            result.kind = core::refusal_kind::final;
    }
    else if (e.code() == errc::invalid_request || e.code() == errc::config) {
        result.kind = core::refusal_kind::final;
    }
    else if (was_never_sent(e)) {
        result.kind = core::refusal_kind::not_worked;
    }
    result.retry = protocol::decide_retry(r.input->retry, facts, r.failures++, r.input->random(), r.journal.now());
    return result;
}

std::string request_key(const std::string& run_id, const core::request_facts& facts, std::string_view sha256)
{
    std::string key = run_id + '/' + std::to_string(facts.turn) + '/' + std::string(sha256.substr(0, key_digits));
    if (facts.epoch > 0)
        key += "/e" + std::to_string(facts.epoch);
    return key;
}

// A coroutine of its own, so that it can be cancelled while the run, whose writes must not be, goes on.
asio::awaitable<chat_completion> send(durable& r, chat_completion_request request, std::string key)  // borrowed: r
{
    request.credentials = r.input->credentials;
    asio::awaitable<chat_completion> sent = r.input->send(request, std::move(key));
    co_return co_await asio::co_spawn(
        r.s, std::move(sent), asio::bind_cancellation_slot(r.sending.slot(), asio::use_awaitable)
    );
}

asio::awaitable<void> take_answer(durable& r, chat_completion answer)  // borrowed: r
{
    const int turn = r.m().sent().turn;
    std::string raw = std::exchange(answer.info.body, {});
    if (raw.empty())
        raw = boost::json::serialize(boost::json::value_from(answer));
    journal_commit what;
    what.entries.push_back(core::response_entry(turn, std::move(raw), answer.info));
    r.failures = 0;
    r.m().on_answer(std::move(answer), r.journal.now());
    co_await commit(r, std::move(what));
}

// Whoever asks to stop meanwhile is heard before the next request.
asio::awaitable<void> wait_for_retry(durable& r, std::chrono::milliseconds wait)  // borrowed: r
{
    r.pause.expires_after(wait);
    boost::system::error_code ignored;  // ended by run_stop: the caller looks
    co_await r.pause.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

asio::awaitable<bool> try_again(durable& r, send_failure failure)  // borrowed: r
{
    if (r.stop->asked_now()) {
        co_await stop_run(r);
        co_return false;
    }
    if (failure.kind == core::refusal_kind::unknown && r.input->on_unknown_send == unknown_send_policy::suspend) {
        co_await suspend(r, stop_reason::unknown_send_outcome);
        co_return false;
    }
    if (failure.kind == core::refusal_kind::fall_back)
        co_return true;
    if (!failure.retry.retry) {
        const auto wait = failure.retry.retry_after.value_or(r.input->retry.max_backoff);
        journal_commit what;
        what.head.wakeup_at = core::stored_time(r.journal.now() + wait);
        co_await suspend(r, stop_reason::retry_after, std::move(what));
        co_return false;
    }
    co_await wait_for_retry(r, failure.retry.wait);
    co_return true;
}

asio::awaitable<bool> take_failure(durable& r, std::exception_ptr thrown, send_failure failure)  // borrowed: r
{
    const int turn = r.m().sent().turn;
    journal_commit what;
    if (failure.kind == core::refusal_kind::unknown) {
        what.entries.push_back(core::lost_entry(turn, failure.why));
        r.m().on_unknown_outcome();
    }
    else {
        what.entries.push_back(core::refusal_entry(turn, failure.kind, failure.status));
        r.m().on_refusal(failure.kind);
    }
    if (failure.kind == core::refusal_kind::final) {
        if (failure.suspends) {
            co_await suspend(r, *failure.suspends, std::move(what));
            co_return false;
        }
        r.m().stop(stop_reason::error, r.journal.now());
    }
    co_await commit(r, std::move(what));
    if (r.m().ended())
        std::rethrow_exception(thrown);
    co_return co_await try_again(r, failure);
}

asio::awaitable<void> write_intent(durable& r, std::string key, std::string sha256)  // borrowed: r
{
    journal_commit what;
    const core::request_facts& facts = r.m().sent();
    what.entries.push_back(core::intent_entry(facts, key, sha256));
    r.attempt.n = facts.attempt;
    r.attempt.epoch = facts.epoch;
    r.attempt.request_key = std::move(key);
    r.attempt.body_sha256 = std::move(sha256);
    co_await commit(r, std::move(what));
    co_await r.journal.hold_lease();
}

asio::awaitable<bool> take_lost_request(durable& r)  // borrowed: r
{
    journal_commit what;
    what.entries.push_back(core::lost_entry(r.m().sent().turn, "process"));
    r.m().on_unknown_outcome();
    if (r.input->on_unknown_send == unknown_send_policy::suspend) {
        co_await suspend(r, stop_reason::unknown_send_outcome, std::move(what));
        co_return false;
    }
    co_await commit(r, std::move(what));
    co_return true;
}

}  // namespace

asio::awaitable<bool> exchange(durable& r)  // borrowed: r
{
    if (r.m().sending())
        co_return co_await take_lost_request(r);
    if (r.definition.needs_credentials && !r.input->credentials) {
        co_await suspend(r, stop_reason::auth);
        co_return false;
    }
    std::optional<chat_completion_request> request = r.m().next_request();
    if (!request) {
        journal_commit nothing;  // but the end
        co_await commit(r, std::move(nothing));
        co_return false;
    }
    const std::string body = codec::encode_chat_request(*request, false, dialect::dedalus);
    const std::string sha256 = crypto::sha256_hex(body);
    std::string key = request_key(r.input->run_id, r.m().sent(), sha256);
    co_await write_intent(r, key, sha256);

    std::optional<chat_completion> answer;
    std::exception_ptr thrown;
    send_failure failure;
    failure.kind = core::refusal_kind::not_worked;
    try {
        if (!r.stop->asked_now())
            answer = co_await send(r, *std::move(request), std::move(key));
    }
    catch (const boost::system::system_error& e) {
        thrown = std::current_exception();
        failure = judge(r, e);
    }
    if (!answer)
        co_return co_await take_failure(r, thrown, failure);
    co_await take_answer(r, *std::move(answer));
    co_return !r.m().ended();
}

}  // namespace dedalus::handoff_engine
