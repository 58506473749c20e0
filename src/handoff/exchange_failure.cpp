#include "handoff/exchange_failure.hpp"

#include <dedalus/api_error.hpp>
#include <dedalus/error.hpp>

#include "protocol/call_failure.hpp"

namespace dedalus::handoff_core {

namespace {

constexpr std::size_t key_digits = 16;
constexpr int unauthorized = 401;
constexpr int payment_required = 402;
constexpr int forbidden = 403;

std::optional<stop_reason> somebody_may_undo(const api_error& e)
{
    if (e.status() == unauthorized || e.status() == forbidden)
        return stop_reason::auth;
    if (e.status() == payment_required || e.api_code() == "insufficient_quota" || e.type() == "insufficient_quota")
        return stop_reason::payment;
    return {};
}

exchange_failure judge_answer(const run_machine& machine, const api_error& e)
{
    exchange_failure result;
    result.kind = machine.judge(e);
    result.status = e.status();
    result.why = "status";
    result.suspends = somebody_may_undo(e);
    result.wish = protocol::servers_wish(&e.headers());
    if (result.kind == refusal_kind::final && machine.sent().step == resume_step::replan && refuses_to_resume(e))
        result.ends_as = stop_reason::session_lost;
    if (result.suspends && result.kind == refusal_kind::not_worked)
        result.kind = refusal_kind::final;
    if (result.kind == refusal_kind::final && result.wish == true && e.server().empty())
        result.kind = refusal_kind::not_worked;
    return result;
}

// Asked for once more, like an answer with nothing in it: what cannot be read twice is no accident.
exchange_failure unreadable_answer(const run_machine& machine)
{
    exchange_failure result;
    result.why = why_unreadable;
    result.attempt.what = protocol::attempt_failure::kind::connection;
    result.ends_run = machine.useless_answer_seen();
    result.ends_as = stop_reason::protocol_error;
    return result;
}

}  // namespace

exchange_failure judge_failure(const run_machine& machine, const boost::system::system_error& failure)
{
    exchange_failure result;
    result.attempt.what = protocol::attempt_failure::kind::connection;
    const auto* known = dynamic_cast<const error*>(&failure);
    if (known == nullptr)
        return result;
    if (const auto* api = dynamic_cast<const api_error*>(known))
        result = judge_answer(machine, *api);
    else if (failure.code() == errc::invalid_request || failure.code() == errc::config)
        result.kind = refusal_kind::final;
    else if (dynamic_cast<const credential_error*>(known) != nullptr) {
        result.kind = refusal_kind::final;
        result.suspends = stop_reason::auth;
    }
    else if (protocol::never_sent(*known))
        result.kind = refusal_kind::not_worked;
    else if (dynamic_cast<const response_format_error*>(known) != nullptr)
        return unreadable_answer(machine);
    result.ends_run = result.kind == refusal_kind::final;
    result.attempt = protocol::failed_attempt(*known);
    return result;
}

std::string request_key(std::string_view run_id, const request_facts& facts, std::string_view body_sha256)
{
    std::string key(run_id);
    key += '/' + std::to_string(facts.turn) + '/';
    key += body_sha256.substr(0, key_digits);
    if (facts.epoch > 0)
        key += "/e" + std::to_string(facts.epoch);
    return key;
}

}  // namespace dedalus::handoff_core
