#include "stores/rules.hpp"

#include <dedalus/stores/store_error.hpp>

#include "crypto/secret.hpp"
#include "crypto/sha256.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

namespace dedalus::stores {

acquire_result decide_acquire(run_row& row, const acquire_request& request, time_point now)
{
    acquire_result result;
    if (is_terminal(row.phase)) {
        result.outcome = acquire_outcome::terminal;
        return result;
    }
    const bool repeated = row.last_op == request.op_id && row.lease_owner == request.owner;
    if (!repeated && row.lease_live(now)) {
        result.outcome = acquire_outcome::held;
        result.owner = row.lease_owner;
        result.until = row.lease_until;
        return result;
    }
    if (!repeated) {
        ++row.fence;
        row.lease_owner = request.owner;
        row.lease_until = now + request.ttl;
        row.last_op = request.op_id;
    }
    result.outcome = acquire_outcome::acquired;
    result.fence = row.fence;
    result.owner = row.lease_owner;
    result.until = row.lease_until;
    return result;
}

commit_result decide_commit(const run_row& row, const commit_request& request)
{
    commit_result result;
    if (row.fence != request.fence)
        return result;
    result.rev = row.rev;
    if (row.last_op == request.op_id) {
        result.outcome = commit_outcome::already_applied;
        return result;
    }
    if (is_terminal(row.phase) || row.rev != request.expected_rev) {
        result.outcome = commit_outcome::conflict;
        return result;
    }
    check_sequence(request.entries, row.last_seq + 1);
    result.outcome = commit_outcome::committed;
    result.rev = row.rev + 1;
    return result;
}

void apply_commit(run_row& row, const commit_request& request)
{
    ++row.rev;
    row.last_seq += static_cast<std::int64_t>(request.entries.size());
    row.phase = request.head.phase;
    row.last_op = request.op_id;
}

bool wait_is_free(const wait_record& wait, bool decision_pending, const commit_request& request)
{
    return !decision_pending || std::ranges::count(request.consumed_inbox, wait.decided_by) > 0;
}

post_outcome decide_post(const post_request& request, const wait_record* wait, std::size_t pending, time_point now)
{
    if (pending >= max_pending_posts)
        return post_outcome::refused;
    if (!request.wait)
        return post_outcome::accepted;
    if (!wait || wait->fingerprint != request.fingerprint)
        return post_outcome::refused;
    const bool needs_token = !wait->token_sha256.empty() && !request.trusted;
    if (needs_token && !crypto::same_secret(wait->token_sha256, crypto::sha256_hex(request.token)))
        return post_outcome::refused;
    if (!wait->decided_by.empty())
        return post_outcome::already_decided;
    if (wait->expires_at && *wait->expires_at <= now)
        return post_outcome::expired;
    return post_outcome::accepted;
}

std::string blob_name(std::string_view bytes)
{
    return crypto::sha256_hex(bytes);
}

std::int64_t call_slot(const call_record& record)
{
    if (record.kind == call_record_kind::finish)
        return std::numeric_limits<std::int64_t>::max();
    return 2 * record.attempt + (record.kind == call_record_kind::abandon ? 1 : 0);
}

void require_inserted(const append_result& result)
{
    if (result.outcome == append_outcome::fenced)
        throw store_error(store_errc::refused, "the run has another owner by now");
    if (result.outcome == append_outcome::already)
        throw store_error(store_errc::refused, "the call has ended already");
}

std::string make_cursor(time_point created_at, std::string_view run_id)
{
    return std::to_string(created_at.time_since_epoch().count()) + ' ' + std::string(run_id);
}

std::optional<cursor_place> read_cursor(std::string_view cursor)
{
    if (cursor.empty())
        return {};
    std::int64_t micros = 0;
    const char* end = cursor.data() + cursor.size();
    const auto [rest, failure] = std::from_chars(cursor.data(), end, micros);
    if (failure != std::errc() || rest == end || *rest != ' ')
        throw store_error(store_errc::invalid_argument, "no cursor of a listing");
    cursor_place place;
    place.created_at = time_point(std::chrono::microseconds(micros));
    place.run_id.assign(rest + 1, end);
    check_run_id(place.run_id);
    return place;
}

}  // namespace dedalus::stores
