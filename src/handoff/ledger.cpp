#include "handoff/ledger.hpp"

#include <boost/json/serialize.hpp>

#include <utility>

namespace dedalus::handoff_core {

namespace {

void end_wait(call_record& record, time_point now)
{
    if (record.state == call_state::waiting)
        record.waited += std::chrono::duration_cast<std::chrono::microseconds>(now - record.waits_since);
}

}  // namespace

requested_call request_to_run(const call_record& call)
{
    requested_call request = call.request;
    if (call.edited) {
        request.arguments = call.edited;
        request.arguments_text = boost::json::serialize(*call.edited);
        request.arguments_problem.clear();
    }
    return request;
}

call_key ledger::add(requested_call request, std::string fingerprint, int turn, time_point now, tool_effect effect)
{
    call_record record;
    record.key.call_id = request.id;
    if (const call_record* earlier = latest(request.id))
        record.key.occurrence = earlier->key.occurrence + 1;
    record.request = std::move(request);
    record.fingerprint = std::move(fingerprint);
    record.turn = turn;
    record.queued = now;
    record.effect = effect;

    call_key key = record.key;
    index_[key] = records_.size();
    latest_[key.call_id] = records_.size();
    records_.push_back(std::move(record));
    return key;
}

int ledger::start(const call_key& key, time_point now, std::int64_t fence)
{
    call_record& record = records_[index_.at(key)];
    record.state = call_state::started;
    record.started = now;
    record.fence = fence;
    record.may_have_acted = true;
    return ++record.attempts;
}

void ledger::tried(const call_key& key, int attempts, time_point when, std::int64_t fence, bool open)
{
    call_record& record = records_[index_.at(key)];
    record.attempts = attempts;
    record.started = when;
    record.fence = fence;
    record.may_have_acted = open;
}

void ledger::wait(const call_key& key, wait_kind kind, time_point now)
{
    call_record& record = records_[index_.at(key)];
    if (record.state != call_state::waiting)
        record.waits_since = now;
    record.state = call_state::waiting;
    record.waits_for = kind;
}

void ledger::approve(const call_key& key, time_point now, std::optional<boost::json::object> edited)
{
    call_record& record = records_[index_.at(key)];
    end_wait(record, now);
    record.state = call_state::planned;
    record.may_have_acted = false;
    record.approved = true;
    if (edited)
        record.edited = std::move(edited);
}

bool ledger::finish(const call_key& key, tool_end end, time_point now)
{
    call_record& record = records_[index_.at(key)];
    if (record.state == call_state::finished)
        return false;
    end_wait(record, now);
    if (record.attempts == 0)
        record.started = now;
    record.state = call_state::finished;
    record.end = std::move(end);
    record.finished = now;
    return true;
}

void ledger::mark_unknown(const call_key& key)
{
    records_[index_.at(key)].unknown = true;
}

void ledger::entered(const call_key& key, time_point when)
{
    records_[index_.at(key)].started = when;
}

const call_record& ledger::at(const call_key& key) const
{
    return records_[index_.at(key)];
}

const call_record* ledger::latest(std::string_view call_id) const
{
    const auto found = latest_.find(call_id);
    return found == latest_.end() ? nullptr : &records_[found->second];
}

std::string idempotency_key(std::string_view run_id, const call_key& key)
{
    std::string text(run_id);
    text += '/';
    text += key.call_id;
    if (key.occurrence > 0)
        text += '/' + std::to_string(key.occurrence);
    return text;
}

}  // namespace dedalus::handoff_core
