#pragma once

#include <dedalus/config.hpp>
#include <dedalus/stores/records.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// @file
/// What goes into the operations of a run_store and what comes out: expected outcomes are values, not exceptions.
///
/// `op_id` makes a write repeatable: when its answer was lost, the same operation with the same op_id is done once,
/// and says what it said the first time (a commit: already_applied). Each operation gets another op_id. Only the last
/// operation of its kind on a run can be repeated in this way.

namespace dedalus::stores {

struct create_request
{
    std::string run_id{};
    run_head head{};
    std::vector<log_entry> entries{};  ///< seq from 1, fence 0
    std::string op_id{};
};

enum class create_outcome
{
    created,
    exists,
};

/// A run of another store, as load() gave it or import_run() read it: revision, fence and times stay what they were.
struct restore_request
{
    stored_run run{};  ///< with its whole log; nobody has its lease
    std::string op_id{};
};

struct load_request
{
    std::string run_id{};
    std::int64_t from_seq = 1;  ///< of the first log entry wanted; above 1 no blobs are loaded either
};

enum class load_outcome
{
    loaded,
    not_found,
    corrupt,  ///< entries are missing or their checksums are wrong; `run` holds what there is
};

struct load_result
{
    load_outcome outcome = load_outcome::not_found;
    stored_run run{};
};

struct acquire_request
{
    std::string run_id{};
    std::string owner{};
    std::chrono::milliseconds ttl{30000};  ///< of the lease; positive, at most a day
    std::string op_id{};
};

enum class acquire_outcome
{
    acquired,
    held,  ///< somebody has a live lease: see owner and until
    terminal,
    not_found,
};

struct acquire_result
{
    acquire_outcome outcome = acquire_outcome::not_found;
    std::int64_t fence = 0;  ///< when acquired: greater than all before
    std::string owner{};     ///< of the lease
    time_point until{};      ///< of the lease, by the store's clock
};

struct renew_request
{
    std::string run_id{};
    std::int64_t fence = 0;
    std::chrono::milliseconds ttl{30000};
};

enum class lease_outcome
{
    ok,
    lost,  ///< another owner has taken the run, the lease was given back, or the run is gone
};

struct renew_result
{
    lease_outcome outcome = lease_outcome::lost;
    time_point until{};
};

struct release_request
{
    std::string run_id{};
    std::int64_t fence = 0;
    std::optional<time_point> wakeup_at{};  ///< takes the place of the head's
};

struct commit_request
{
    std::string run_id{};
    std::int64_t fence = 0;
    std::int64_t expected_rev = 0;
    run_head head{};
    std::vector<log_entry> entries{};           ///< go on at last_seq + 1
    std::vector<call_record> calls{};           ///< each new, and in a place of its own
    std::vector<wait_record> waits{};           ///< new, or in place of one that has no decision or a consumed one
    std::vector<wait_key> closed_waits{};       ///< end here; those without a decision: nobody can decide them any more
    std::vector<std::string> consumed_inbox{};  ///< ids of items that this commit has taken in
    std::string op_id{};
};

enum class commit_outcome
{
    committed,
    already_applied,  ///< by the same op_id
    conflict,  ///< not at expected_rev, or terminal; a call record is there already; a wait has a decision that no
               ///< commit has consumed; an inbox item is not pending. Nothing was changed: load again
    fenced,    ///< another owner has the run, or it is gone: stop at once
};

struct commit_result
{
    commit_outcome outcome = commit_outcome::fenced;
    std::int64_t rev = 0;  ///< of the run now, unless fenced
};

struct append_request
{
    std::string run_id{};
    std::int64_t fence = 0;
    std::vector<call_record> records{};  ///< the starts of one wave, or one other record, each in a place of its
                                         ///< own; all or none are inserted
    std::string op_id{};
};

enum class append_outcome
{
    inserted,
    already,  ///< a record of the same call, kind and (but for finish) attempt is there: see `existing`
    fenced,
};

struct append_result
{
    append_outcome outcome = append_outcome::fenced;
    std::vector<call_record> existing{};
};

struct post_request
{
    std::string run_id{};
    std::string inbox_id{};
    std::optional<wait_key> wait{};  ///< none: an order to the run, which needs neither fingerprint nor token
    std::string fingerprint{};
    std::string token{};   ///< compared by its SHA-256 and not stored
    bool trusted = false;  ///< the token is not looked at: of somebody who could write to the store anyway
    std::string kind{};
    std::string body{};  ///< at most max_post_bytes
};

enum class post_outcome
{
    accepted,
    duplicate,        ///< this inbox_id is there already; nothing was changed
    already_decided,  ///< by another post, or by a commit that closed the wait
    expired,
    refused,      ///< no such run, terminal, no such wait, another fingerprint or token, or max_pending_posts
    not_allowed,  ///< said by run_inbox alone: the tool of the call does not allow this decision
};

struct late_request
{
    std::string run_id{};
    late_result result{};
};

enum class late_outcome
{
    stored,
    refused,  ///< no such run, or max_late_results
};

struct run_filter
{
    label_map labels{};  ///< all of them
    std::size_t limit = 100;
};

struct list_query
{
    label_map labels{};
    std::optional<run_phase> phase{};
    std::optional<time_point> updated_from{};
    std::optional<time_point> updated_until{};  ///< exclusive
    std::string cursor{};                       ///< empty: from the start; else list_page::next
    std::size_t limit = 100;                    ///< 1 to max_list_limit
};

struct list_page
{
    std::vector<run_summary> runs{};  ///< oldest first, by created_at and run_id
    std::string next{};               ///< cursor of the next page; empty at the end
};

enum class remove_outcome
{
    removed,
    refused,  ///< not terminal
    not_found,
};

struct collect_query
{
    std::chrono::milliseconds age{};   ///< terminal runs that no commit has changed for so long
    std::optional<run_phase> phase{};  ///< only those in this (terminal) phase
    std::size_t limit = 1000;          ///< how many at most
};

}  // namespace dedalus::stores
