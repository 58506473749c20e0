#include <dedalus/stores/store_error.hpp>

#include "codec/parse_json.hpp"
#include "handoff/checkpoint_head.hpp"
#include "handoff/run_records.hpp"

#include <boost/json/value.hpp>
#include <boost/system/error_code.hpp>

#include <algorithm>

namespace dedalus::handoff_core {

namespace json = boost::json;

namespace {

void require(bool right, const char* what)
{
    if (!right)
        throw store_error(store_errc::damaged, what);
}

void check_budget(const checkpoint_head& head)
{
    const checkpoint_budget& budget = head.budget;
    // A server may have used more than it was allowed to; then the run has ended.
    require(
        budget.spent + budget.reserved <= budget.limit || is_terminal(head.phase),
        "a checkpoint that has spent more turns than its limit"
    );
    require(
        budget.reserved == 0 || head.phase == run_phase::sending, "a checkpoint that has reserved turns without sending"
    );
}

void check_phase(const checkpoint_head& head)
{
    require(head.phase != run_phase::sending || head.attempt, "a sending checkpoint without an attempt");
    require(head.phase != run_phase::suspended || head.suspended, "a suspended checkpoint without a reason");
}

const stores::log_entry* find(const stores::stored_run& run, std::int64_t seq)
{
    const auto found = std::ranges::find(run.entries, seq, &stores::log_entry::seq);
    return found == run.entries.end() ? nullptr : &*found;
}

// `deferred_seq` names a response whose `deferred` says which of its raw bytes are meant.
void check_deferred(const checkpoint_head& head, const stores::stored_run& run)
{
    if (!head.deferred_seq)
        return;
    const stores::log_entry* entry = find(run, *head.deferred_seq);
    require(entry && entry->kind == "response", "a checkpoint whose deferred calls are in no response");
    boost::system::error_code failure;
    const json::value body = codec::parse_json(entry->body, failure);
    const json::value* range =
        !failure.failed() && body.is_object() ? body.get_object().if_contains("deferred") : nullptr;
    const json::array* ends = range ? range->if_array() : nullptr;
    require(
        ends && ends->size() == 2 && (*ends)[0].is_int64() && (*ends)[1].is_int64(),
        "a checkpoint whose deferred calls have no place in their response"
    );
    const std::int64_t from = (*ends)[0].get_int64();
    const std::int64_t to = (*ends)[1].get_int64();
    require(
        from >= 0 && from <= to && to <= static_cast<std::int64_t>(entry->raw.size()),
        "a checkpoint whose deferred calls are outside of their response"
    );
}

void check_finishes(const stores::stored_run& run)
{
    const stores::call_record* last = nullptr;
    for (const stores::call_record& record : run.calls) {
        if (record.kind != stores::call_record_kind::finish)
            continue;
        require(!last || last->key != record.key, "a call of a checkpoint has finished twice");
        last = &record;
    }
}

// Other runs have no blobs, so that nothing is read twice.
void check_blobs(const checkpoint_head& head, const stores::stored_run& run)
{
    if (!demands(head, demand_of_blobs))
        return;
    for (const stores::call_record& record : run.calls) {
        if (record.kind != stores::call_record_kind::finish)
            continue;
        for (const std::string& name : blobs_of_finish(record.body))
            blob_of(run.blobs, name);
    }
}

}  // namespace

checkpoint_head read_checkpoint(const stores::stored_run& run)
{
    checkpoint_head head = decode_head(run.head.bytes);
    require(head.run_id == run.run_id, "the checkpoint of another run");
    require(head.rev == run.rev && head.last_seq == run.last_seq, "a head that does not belong to its log");
    require(stores::is_intact(run, 1), "a log or a call record with a wrong checksum, or an entry is missing");
    check_budget(head);
    check_phase(head);
    check_deferred(head, run);
    check_finishes(run);
    check_blobs(head, run);
    return head;
}

}  // namespace dedalus::handoff_core
