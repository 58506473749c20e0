#pragma once

#include <dedalus/config.hpp>
#include <dedalus/handoff/run_phase.hpp>

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

/// @file
/// What a run store keeps. A store looks at the members that are named here; heads, bodies and raw bytes are opaque to
/// it and may hold any bytes, NUL included.

namespace dedalus::stores {

/// UTC, in microseconds.
using time_point = std::chrono::time_point<std::chrono::system_clock, std::chrono::microseconds>;

using label_map = std::map<std::string, std::string, std::less<>>;

/// Bytes by their names.
using blob_map = std::map<std::string, std::string, std::less<>>;

/// Run ids, operation ids, inbox ids, owners and kinds: 1 to so many bytes of UTF-8 without control characters.
inline constexpr std::size_t max_id_bytes = 128;

/// Ids of calls come from servers: up to so many bytes of any value.
inline constexpr std::size_t max_call_id_bytes = 1024;

inline constexpr std::size_t max_head_bytes = std::size_t{64} * 1024;
inline constexpr std::size_t max_body_bytes = std::size_t{64} * 1024 * 1024;  ///< a body, raw bytes or a blob
inline constexpr std::size_t max_post_bytes = std::size_t{1024} * 1024;       ///< body of an inbox item
inline constexpr std::size_t max_labels = 16;
inline constexpr std::size_t max_label_bytes = 256;     ///< of a name or a value
inline constexpr std::size_t max_records = 1000;        ///< in one operation
inline constexpr std::size_t max_pending_posts = 1000;  ///< inbox items of a run that no commit has consumed
inline constexpr std::size_t max_late_results = 100;    ///< of a run
inline constexpr std::size_t max_list_limit = 1000;     ///< runs in one answer

/// What names a call within its run. A server may use an id again for another call: that is its next occurrence.
struct call_key
{
    std::string call_id{};
    std::int64_t occurrence = 0;

    auto operator<=>(const call_key&) const = default;
};

/// The small mutable part of a run, rewritten by each commit.
struct run_head
{
    std::string bytes{};  ///< at most max_head_bytes
    run_phase phase = run_phase::ready;
    std::optional<time_point> wakeup_at{};   ///< when a suspended run is to be looked at again
    std::optional<time_point> expires_at{};  ///< for listings; the store does nothing at that time
    label_map labels{};                      ///< at most max_labels; UTF-8 without control characters

    bool operator==(const run_head&) const = default;
};

/// A log entry. It is written once and never changed.
struct log_entry
{
    std::int64_t seq = 0;  ///< from 1, without gaps
    time_point at{};       ///< of the writer's clock
    std::int64_t fence = 0;
    std::int64_t turn = 0;
    std::string kind{};
    std::string body{};
    std::string raw{};  ///< bytes as received; empty: none
    std::uint32_t crc32c = 0;

    bool operator==(const log_entry&) const = default;
};

enum class call_record_kind
{
    start,    ///< an attempt is about to begin
    abandon,  ///< that attempt has done nothing
    finish,   ///< the call has ended; there is at most one for a key
};

/// What became of a client call. Records are written by tools that run in parallel and are no part of the sequence.
struct call_record
{
    call_key key{};
    call_record_kind kind = call_record_kind::start;
    std::int64_t attempt = 1;  ///< from 1
    std::int64_t fence = 0;
    time_point at{};  ///< of the writer's clock
    std::string body{};
    std::uint32_t crc32c = 0;

    bool operator==(const call_record&) const = default;
};

/// What names a wait: a call may wait for an approval first and for a result then.
struct wait_key
{
    call_key call{};
    std::string kind{};  ///< "approval", "external"

    auto operator<=>(const wait_key&) const = default;
};

/// A call that waits for a decision from outside.
struct wait_record
{
    wait_key key{};
    std::string fingerprint{};   ///< of the arguments that the decision is about; at most max_id_bytes
    std::string token_sha256{};  ///< of the one-time token, 64 lower-case hex digits; empty: a decision needs no token
    std::optional<time_point> expires_at{};  ///< of the store's clock; from then on a decision is too late
    std::string body{};                      ///< at most max_body_bytes: it tells the arguments of the call
    std::string decided_by{};                ///< inbox id of the decision; set by the store

    bool operator==(const wait_record&) const = default;
};

/// A decision, a result or an order from outside that no commit has consumed.
struct inbox_item
{
    std::string inbox_id{};
    std::optional<wait_key> wait{};  ///< what it decides; none: it is about the run
    std::string kind{};              ///< "approve", "reject", "result", ...
    std::string body{};
    time_point at{};  ///< of the store's clock

    bool operator==(const inbox_item&) const = default;
};

/// What a call gave after its run had passed to another owner. Informational.
struct late_result
{
    call_key key{};
    std::int64_t fence = 0;  ///< of the former owner
    std::string body{};
    time_point at{};  ///< of the store's clock; set by the store

    bool operator==(const late_result&) const = default;
};

/// All of a run that is needed to go on with it.
struct stored_run
{
    std::string run_id{};
    run_head head{};
    std::int64_t rev = 0;       ///< 1 after create, plus 1 for each commit
    std::int64_t last_seq = 0;  ///< of the log
    std::int64_t fence = 0;     ///< 0 until the run is acquired for the first time
    time_point created_at{};    ///< of the store's clock, like updated_at
    time_point updated_at{};
    std::vector<log_entry> entries{};  ///< by seq
    std::vector<call_record>
        calls{};  ///< by key; of a call its attempts, each start before its abandon, then the finish
    std::vector<wait_record> waits{};  ///< by key
    std::vector<inbox_item> inbox{};   ///< not consumed yet, in order of arrival
    std::vector<late_result> late{};   ///< by key, fence
    blob_map blobs{};                  ///< that were put; empty unless the log was loaded from its beginning

    bool operator==(const stored_run&) const = default;
};

/// One line of a listing.
struct run_summary
{
    std::string run_id{};
    run_phase phase = run_phase::ready;
    label_map labels{};
    std::int64_t rev = 0;
    std::int64_t fence = 0;
    std::string lease_owner{};  ///< empty: nobody holds the run, or the lease has ended
    std::optional<time_point> wakeup_at{};
    std::optional<time_point> expires_at{};
    time_point created_at{};
    time_point updated_at{};

    bool operator==(const run_summary&) const = default;
};

/// CRC-32C over all other members: integers as eight bytes, least significant first, texts as their length and bytes.
/// Whoever makes a record sets it; stores keep it and look whether it is still right.
DEDALUS_EXPORT std::uint32_t checksum(const log_entry& entry);
DEDALUS_EXPORT std::uint32_t checksum(const call_record& record);

/// Whether the entries run from `from_seq` to `last_seq` without a gap, and all checksums are right.
DEDALUS_EXPORT bool is_intact(const stored_run& run, std::int64_t from_seq);

}  // namespace dedalus::stores
