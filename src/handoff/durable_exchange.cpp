// The part of a run in a store that sends requests.

#include "codec/decode_chat.hpp"
#include "codec/encode_chat_completion.hpp"
#include "handoff/decision.hpp"
#include "handoff/durable_state.hpp"
#include "handoff/exchange_failure.hpp"
#include "handoff/record_names.hpp"
#include "handoff/streamed_rules.hpp"
#include "protocol/retry_decision.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

namespace dedalus::handoff_engine {

namespace core = handoff_core;

namespace {

// Servers may ask for a day that no clock can show.
constexpr std::chrono::hours longest_wait(24 * 365);

/// A failure, and whether the request is sent again.
struct send_failure
{
    core::exchange_failure of{};
    protocol::retry_decision retry{};
};

send_failure judge(durable& r, const boost::system::system_error& e)
{
    send_failure result;
    result.of = core::judge_failure(r.m(), e);
    result.retry =
        protocol::decide_retry(r.input->retry, result.of.attempt, r.failures++, r.input->random(), r.journal.now());
    result.of.attempt = {};  // it shows into the exception
    return result;
}

/// A request about to be sent.
struct intent
{
    std::string key{};
    std::string sha256{};
    bool streamed = false;
};

// What may have been sent already is sent in the same form: under its key the server is to get the same bytes.
intent intent_of(durable& r, const chat_completion_request& request)
{
    const core::request_facts& facts = r.m().sent();
    const std::optional<core::stored_intent>& last = r.last_intent;
    const bool again = last && last->turn == facts.turn && last->epoch == facts.epoch;
    intent result;
    result.streamed = r.input->events != nullptr;
    if (again && last->streamed)
        result.streamed = *last->streamed;
    result.sha256 = r.m().body_sha256(request, result.streamed, r.input->dialect);
    if (again && last->cap == facts.reserved && last->sha256 != result.sha256)
        r.note("body_changed", "the request that was lost is made in another way here, and goes under another key");
    result.key = core::request_key(r.input->run_id, facts, result.sha256);
    return result;
}

// A coroutine of its own, so that it can be cancelled while the run, whose writes must not be, goes on.
asio::awaitable<chat_completion> send(durable& r, chat_completion_request request, intent what)  // borrowed: r
{
    request.credentials = r.input->credentials;
    const send_once_function& by = what.streamed ? r.input->stream : r.input->send;
    asio::awaitable<chat_completion> sent = by(request, std::move(what.key));
    co_return co_await asio::co_spawn(
        r.s, std::move(sent), asio::bind_cancellation_slot(r.sending.slot(), asio::use_awaitable)
    );
}

// What was streamed goes on from what is stored, as it would after a crash.
std::string as_stored(chat_completion& answer)
{
    std::string raw = codec::encode_chat_completion(answer);
    response_info info = std::move(answer.info);
    answer = codec::decode_chat_completion(raw);
    answer.info = std::move(info);
    return raw;
}

// Messages that came too late for any request do not stay in the inbox of a run that has ended.
asio::awaitable<void> put_aside_input(durable& r, journal_commit& what)  // borrowed: r, what
{
    const stores::stored_run outside = co_await r.journal.load_outside();
    for (const stores::inbox_item& item : outside.inbox) {
        if (core::is_order(item, core::decision::kind::add_input))
            what.consumed_inbox.push_back(item.inbox_id);
    }
    if (!what.consumed_inbox.empty())
        r.note("input_not_used", "the run ended before messages that were added could be sent");
}

asio::awaitable<void> take_answer(durable& r, chat_completion answer)  // borrowed: r
{
    const int turn = r.m().sent().turn;
    std::string raw = std::exchange(answer.info.body, {});
    const bool streamed = raw.empty();
    if (streamed)
        raw = as_stored(answer);
    else
        r.teller.whole(answer);
    journal_commit what;
    what.entries.push_back(core::response_entry(turn, std::move(raw), answer.info, streamed));
    r.failures = 0;
    r.m().on_answer(std::move(answer), r.journal.now());
    if (r.m().ended())
        co_await put_aside_input(r, what);
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
    if (failure.of.kind == core::refusal_kind::unknown && r.input->on_unknown_send == unknown_send_policy::suspend) {
        co_await suspend(r, stop_reason::unknown_send_outcome);
        co_return false;
    }
    if (core::asks_otherwise(failure.of.kind)) {
        r.teller.restarted(r.m().turn() + 1, failure.of);
        co_return true;
    }
    if (!failure.retry.retry) {
        const auto wait = std::min<std::chrono::milliseconds>(
            failure.retry.retry_after.value_or(r.input->retry.max_backoff), longest_wait
        );
        const stop_reason reason = failure.of.suspends.value_or(stop_reason::retry_after);
        journal_commit what;
        if (failure.of.wish != false)  // else no worker is to repeat it
            what.head.wakeup_at = core::stored_time(r.journal.store_now() + wait);
        co_await suspend(r, reason, std::move(what));
        co_return false;
    }
    r.teller.restarted(r.m().turn() + 1, failure.of);
    co_await wait_for_retry(r, failure.retry.wait);
    co_return true;
}

void tell(durable& r, const core::exchange_failure& failure, journal_commit& what)
{
    const int turn = r.m().sent().turn;
    if (failure.kind == core::refusal_kind::unknown) {
        what.entries.push_back(core::lost_entry(turn, failure.why));
        if (failure.why == core::why_unreadable)
            r.m().on_unreadable_answer();
        else
            r.m().on_unknown_outcome();
        return;
    }
    what.entries.push_back(core::refusal_entry(turn, failure.kind, failure.status));
    r.m().on_refusal(failure.kind);
}

asio::awaitable<bool> take_failure(durable& r, std::exception_ptr thrown, send_failure failure)  // borrowed: r
{
    journal_commit what;
    tell(r, failure.of, what);
    if (failure.of.kind == core::refusal_kind::final && failure.of.suspends) {
        co_await suspend(r, *failure.of.suspends, std::move(what));
        co_return false;
    }
    if (failure.of.ends_run && !r.m().ended())
        r.m().stop(failure.of.ends_as, r.journal.now());
    co_await commit(r, std::move(what));
    if (r.m().ended())
        std::rethrow_exception(thrown);
    co_return co_await try_again(r, failure);
}

asio::awaitable<void> write_intent(durable& r, intent meant)  // borrowed: r
{
    journal_commit what;
    const core::request_facts& facts = r.m().sent();
    what.entries.push_back(core::intent_entry(facts, meant.key, meant.sha256, meant.streamed));
    r.last_intent = core::stored_intent{facts.turn, facts.epoch, facts.reserved, meant.sha256, meant.streamed};
    r.attempt.n = facts.attempt;
    r.attempt.epoch = facts.epoch;
    r.attempt.request_key = std::move(meant.key);
    r.attempt.body_sha256 = std::move(meant.sha256);
    r.attempt.fallback_step = core::step_names.name_of(facts.step);
    r.attempt.sent_after = core::stored_time(r.journal.now());
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
    co_await r.tools.discard_early();
    if (!r.m().begin_request()) {
        journal_commit nothing;  // but the end
        co_await commit(r, std::move(nothing));
        co_return false;
    }
    chat_completion_request request = r.m().request(r.input->dialect);
    intent meant = intent_of(r, request);
    co_await write_intent(r, meant);
    r.m().sent_at(r.journal.now());
    r.early->begin(r.m(), r.tools, describe_by(r));

    std::optional<chat_completion> answer;
    std::exception_ptr thrown;
    send_failure failure;
    failure.of.kind = core::refusal_kind::not_worked;
    try {
        if (!r.stop->asked_now())
            answer = co_await send(r, std::move(request), std::move(meant));
    }
    catch (const boost::system::system_error& e) {
        answer = core::accepted_without_end(r.definition.profile, e);
        thrown = std::current_exception();
        if (!answer)
            failure = judge(r, e);
    }
    r.early->end();
    if (!answer) {
        co_await r.tools.discard_early();
        co_return co_await take_failure(r, thrown, failure);
    }
    co_await take_answer(r, *std::move(answer));
    co_return !r.m().ended();
}

}  // namespace dedalus::handoff_engine
