#pragma once

#include <dedalus/config.hpp>
#include <dedalus/stores/operations.hpp>
#include <dedalus/stores/records.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What the operations of a store decide on, without I/O: the stores of this library read rows, ask here, and write
/// what came out.
namespace dedalus::stores {

/// The columns of a run that decisions are made on.
struct run_row
{
    run_phase phase = run_phase::ready;
    std::int64_t rev = 0;
    std::int64_t last_seq = 0;
    std::int64_t fence = 0;
    std::string lease_owner{};  ///< empty: released, or never acquired
    time_point lease_until{};
    std::string create_op{};
    std::string last_op{};  ///< of the last acquire or commit

    bool lease_live(time_point now) const { return !lease_owner.empty() && lease_until > now; }
};

// Exported for the stores that are libraries of their own.

/// Throw store_error(invalid_argument) for what no store takes.
DEDALUS_EXPORT void check(const create_request& request);
DEDALUS_EXPORT void check(const restore_request& request);
DEDALUS_EXPORT void check(const load_request& request);
DEDALUS_EXPORT void check(const acquire_request& request);
DEDALUS_EXPORT void check(const renew_request& request);
DEDALUS_EXPORT void check(const release_request& request);
DEDALUS_EXPORT void check(const commit_request& request);
DEDALUS_EXPORT void check(const append_request& request);
DEDALUS_EXPORT void check(const post_request& request);
DEDALUS_EXPORT void check(const late_request& request);
DEDALUS_EXPORT void check(const run_filter& filter);
DEDALUS_EXPORT void check(const list_query& query);
DEDALUS_EXPORT void check(const collect_query& query);
DEDALUS_EXPORT void check_run_id(std::string_view run_id);
DEDALUS_EXPORT void check_blob(std::string_view name, std::string_view bytes);

/// Likewise, for what is not the one record of how a call ended.
DEDALUS_EXPORT void check_finish(const append_request& request);

/// Throws store_error(refused) unless the record of a tool is there now.
DEDALUS_EXPORT void require_inserted(const append_result& result);

/// Throws when the entries do not go on at `first`.
DEDALUS_EXPORT void check_sequence(const std::vector<log_entry>& entries, std::int64_t first);

/// Takes the run; `row` changes only when that is the first time for this op_id.
DEDALUS_EXPORT acquire_result decide_acquire(run_row& row, const acquire_request& request, time_point now);

/// Whether the commit fits the run, apart from its calls, waits and inbox items. `committed`: go on with those.
/// Throws store_error(invalid_argument) when the entries do not go on at last_seq + 1.
DEDALUS_EXPORT commit_result decide_commit(const run_row& row, const commit_request& request);

/// What a commit makes of the row.
DEDALUS_EXPORT void apply_commit(run_row& row, const commit_request& request);

/// Whether a wait may be replaced or closed: it has no decision, or one that is consumed by now.
DEDALUS_EXPORT bool wait_is_free(const wait_record& wait, bool decision_pending, const commit_request& request);

/// Judges a post to a run that is there, not terminal, and has not got this inbox_id. `wait`: what it names, if that is
/// there; it stays there, decided, when its commit closes it.
DEDALUS_EXPORT post_outcome
decide_post(const post_request& request, const wait_record* wait, std::size_t pending, time_point now);

/// The cursor of the page that begins after this run.
DEDALUS_EXPORT std::string make_cursor(time_point created_at, std::string_view run_id);

struct cursor_place
{
    time_point created_at{};
    std::string run_id{};
};

/// Throws store_error(invalid_argument) for what is no cursor. Nothing for the empty one.
DEDALUS_EXPORT std::optional<cursor_place> read_cursor(std::string_view cursor);

/// The name of a blob: its SHA-256 in lower-case hex.
DEDALUS_EXPORT std::string blob_name(std::string_view bytes);

/// Where a record stands among those of its call; each place is taken once.
DEDALUS_EXPORT std::int64_t call_slot(const call_record& record);

/// decided_by of a wait that a commit has closed without a decision. No inbox id is like this.
inline constexpr std::string_view closed_by_commit = "\x01"
                                                     "closed";

}  // namespace dedalus::stores
