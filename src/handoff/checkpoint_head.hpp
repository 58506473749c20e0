#pragma once

#include <dedalus/handoff/run_phase.hpp>
#include <dedalus/stores/records.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dedalus::handoff_core {

/// What a reader has to understand of a run with blobs: one of checkpoint_head::must_understand.
inline constexpr std::string_view demand_of_blobs = "blobs";

/// Likewise, of a run with results that are not stored: tool_options::do_not_store_value.
inline constexpr std::string_view demand_of_unstored = "unstored_values";

/// LLM turns of a run.
struct checkpoint_budget
{
    std::int64_t limit = 0;
    std::int64_t spent = 0;
    std::int64_t reserved = 0;  ///< above 0 while sending alone
    std::optional<std::int64_t> per_request_cap{};
    std::int64_t assumed = 0;
    std::int64_t charged_unknown = 0;
};

/// The request that is on its way.
struct checkpoint_attempt
{
    std::int64_t n = 1;
    std::int64_t epoch = 0;
    std::string request_key{};
    std::string body_sha256{};
    std::string fallback_step{};
    std::optional<stores::time_point> sent_after{};
};

/// The head of a run, as its JSON has it. Version 1; what is not known is kept in `extra` and written back.
struct checkpoint_head
{
    static constexpr std::int64_t version = 1;

    std::int64_t minor = 0;
    std::vector<std::string> must_understand{};
    boost::json::object writer{};
    std::string run_id{};
    std::string parent_run{};
    stores::label_map labels{};
    std::int64_t rev = 1;
    std::int64_t last_seq = 0;
    run_phase phase = run_phase::ready;
    std::string stop_reason{};
    std::optional<boost::json::object> suspended{};  ///< `reason`, `since`; there when suspended
    std::int64_t turn = 0;
    checkpoint_budget budget{};
    std::optional<checkpoint_attempt> attempt{};  ///< there when sending
    std::string correlation_id{};
    std::optional<std::int64_t> deferred_seq{};  ///< log entry whose raw bytes have the slice
    boost::json::object profile{};
    boost::json::object request{};  ///< without secrets: see without_secrets()
    boost::json::array toolset{};
    boost::json::object needs{};
    std::optional<std::int64_t> plan_seq{};
    std::vector<stores::wait_record> waits{};  ///< those that are open; without body and decided_by
    boost::json::array sticky{};
    std::optional<stores::time_point> wakeup_at{};
    std::optional<stores::time_point> expires_at{};
    std::optional<stores::time_point> created_at{};
    std::optional<stores::time_point> updated_at{};
    boost::json::object extra{};
};

/// Whether the run demands this of whoever goes on with it.
bool demands(const checkpoint_head& head, std::string_view what);

/// From now on it does.
void demand(checkpoint_head& head, std::string_view what);

/// The head as a store keeps it. Secrets are left out of `request`, whatever it holds.
stores::run_head encode_head(const checkpoint_head& head);

/// Throws store_error(wrong_format) for a version that is too new, or one that demands what is not known;
/// store_error(damaged) for what is no head, with the name of the member.
checkpoint_head decode_head(std::string_view bytes);

/// The head of a loaded run, after a look at everything that has to fit together. Throws as decode_head().
checkpoint_head read_checkpoint(const stores::stored_run& run);

/// The members without those that hold keys, tokens and passwords by the end of their names ("credentials",
/// "authorization", "x-auth-token", ...), at any depth.
boost::json::object without_secrets(const boost::json::object& members);

}  // namespace dedalus::handoff_core
