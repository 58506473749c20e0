#pragma once

#include <dedalus/chat/request.hpp>
#include <dedalus/dialect.hpp>
#include <dedalus/handoff/run_result.hpp>
#include <dedalus/handoff/tool_registry.hpp>
#include <dedalus/handoff/wire_profile.hpp>
#include <dedalus/stores/records.hpp>

#include "handoff/normalise.hpp"
#include "handoff/replay.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dedalus::handoff_core {

// What a run writes into its store, as JSON, and how a machine is told it again. Nothing here does I/O.

/// What a run is made of: the first entry of its log. Never changes.
struct run_definition
{
    chat_completion_request request{};  ///< without credentials
    bool needs_credentials = false;
    std::vector<std::string> connections{};  ///< names of these credentials
    stores::label_map labels{};
    std::int64_t max_turns = 10;
    std::size_t max_concurrency = 8;
    std::size_t max_result_bytes = 0;
    bool extensions = true;
    dedalus::dialect dialect = dedalus::dialect::dedalus;  ///< of the client that began the run
    wire_profile profile{};
    batch_limits limits{};
    batch_rules rules{};
    std::optional<time_point> expires_at{};                    ///< from then on it is not gone on with
    std::vector<std::pair<std::string, tool_effect>> tools{};  ///< registered ones
    std::string ids_from{};  ///< the run after which calls without an id are named; empty: this one
};

/// A log entry before the journal gives it its place.
struct new_entry
{
    std::string kind{};
    std::int64_t turn = 0;
    std::string body{};
    std::string raw{};
};

/// What is kept of a wait, for whoever lists it.
struct wait_facts
{
    std::string name{};
    boost::json::value arguments{};
    time_point since{};
    wait_expiry on_expiry = wait_expiry::reject;
    std::string summary{};                   ///< for people
    std::vector<wait_decision> decisions{};  ///< that are allowed; none: all that make sense
};

/// What ended a wait.
struct wait_end
{
    std::string_view by{};   ///< name of a decision, "expired" or "late_result"
    std::string inbox_id{};  ///< of a decision
};

/// A request as its intent has it.
struct stored_intent
{
    int turn = 0;
    int epoch = 0;
    std::int64_t cap = 0;
    std::string sha256{};            ///< of the body
    std::optional<bool> streamed{};  ///< empty: an older writer did not say it
};

/// As heads and definitions have it.
boost::json::object profile_object(const wire_profile& profile);

new_entry input_entry(const run_definition& definition);

/// What a reader has to understand to go on with such a run: for `must_understand` of its heads.
std::vector<std::string> demands_of(const run_definition& definition);

new_entry
intent_entry(const request_facts& facts, std::string_view request_key, std::string_view body_sha256, bool streamed);

/// @param raw       the body as received, or what the stream adds up to as such a body; the entry says where in it the
///                  deferred calls stand, if there are any
/// @param streamed  it is the latter
new_entry response_entry(int turn, std::string raw, const response_info& info, bool streamed = false);
new_entry lost_entry(int turn, std::string_view why);
new_entry refusal_entry(int turn, refusal_kind kind, int status);
new_entry wait_entry(int turn, const call_key& key, wait_kind kind);
new_entry approval_entry(int turn, const call_key& key, const approval& how, const wait_end& end);

/// A call ended while it waited; its finish record says how.
new_entry decided_entry(int turn, const call_key& key, const wait_end& end);

/// Messages that somebody added.
new_entry added_input_entry(int turn, const std::vector<message>& messages);

/// A diagnostic that the machine does not make by itself.
new_entry note_entry(int turn, std::string_view code, std::string_view text);
new_entry suspended_entry(int turn, stop_reason reason);
new_entry end_entry(int turn, run_phase phase, stop_reason reason);

/// Of a start. `deadline`: until when the tool may run.
std::string start_body(std::optional<time_point> deadline);
std::string finish_body(const tool_end& end, time_point entered);

/// What of an end is kept beside its record.
struct end_storage
{
    std::size_t most_inline = 0;  ///< longer texts become blobs
    stores::blob_map& blobs;      ///< to which they are added
};

/// Likewise. The blobs have to be in the store before the record that names them.
std::string finish_body(const tool_end& end, time_point entered, end_storage storage);

/// Likewise, of a result that is not to be stored: of its text the length and the SHA-256.
std::string unstored_body(const tool_end& end, time_point entered);

std::string wait_body(const wait_facts& facts);

/// Names in the store.
std::string_view wait_name(wait_kind kind) noexcept;
std::optional<wait_kind> to_wait_kind(std::string_view name) noexcept;

/// Whether the entry tells that the run was suspended.
bool is_suspension(const stores::log_entry& entry);

/// Whether the entry tells that the run was suspended for this.
bool is_suspension_for(const stores::log_entry& entry, stop_reason reason);

/// Whether the entry is a diagnostic of this code.
bool is_diagnostic(const stores::log_entry& entry, std::string_view code);

/// Whether such an entry tells that calls waited for somebody outside.
bool is_for_people(const stores::log_entry& entry);

// Reading. These throw store_error(damaged) for what was not written by the above.

run_definition read_definition(const stores::log_entry& entry);

/// The last intent of the log; empty when there is none.
std::optional<stored_intent> last_intent(const std::vector<stores::log_entry>& entries);
std::optional<log_event> read_event(const stores::log_entry& entry);  ///< nothing: it does not change the machine
facts_by_call read_calls(const stores::stored_run& run);
facts_by_call read_calls(const std::vector<stores::call_record>& records, const stores::blob_map& blobs);
wait_facts read_wait(std::string_view body);

/// What finish_body() wrote, without the time when it was written.
finished_call read_finish_body(std::string_view body, const stores::blob_map& blobs = {});

/// The blobs that such a body names.
std::vector<std::string> blobs_of_finish(std::string_view body);

/// One of them. Throws store_error(damaged) when it is missing, or not what its name says.
const std::string& blob_of(const stores::blob_map& blobs, const std::string& name);

/// Whether an entry of this kind holds an answer.
bool is_answer(std::string_view kind) noexcept;

/// Whether the body of such an entry says where the deferred calls stand.
bool tells_deferred(std::string_view body);

inline stores::call_key stored_key(const call_key& key)
{
    return {key.call_id, key.occurrence};
}

inline call_key core_key(const stores::call_key& key)
{
    return {key.call_id, static_cast<int>(key.occurrence)};
}

/// A time limit beyond that is none: the end of a longer one might be no time that a clock can show.
inline constexpr std::chrono::hours longest_limit(24 * 3653);

inline stores::time_point stored_time(time_point t)
{
    return std::chrono::time_point_cast<std::chrono::microseconds>(t);
}

}  // namespace dedalus::handoff_core
