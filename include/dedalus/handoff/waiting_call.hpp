#pragma once

#include <dedalus/config.hpp>

#include <boost/json/value.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dedalus {

/// Whom a call waits for.
enum class wait_kind
{
    approval,         ///< a person has to let it run: handoff_loop::approve() or reject()
    external_result,  ///< its result comes from outside: handoff_loop::provide_result()
    unknown_outcome,  ///< it may have taken effect before its process died: provide_result() with what is known of it,
                      ///< approve() to run it again, or reject() to tell the model that the outcome is unknown
};

DEDALUS_EXPORT std::string_view to_string(wait_kind kind) noexcept;

/// What somebody may decide about a call that waits: the functions of run_inbox.
enum class wait_decision
{
    approve,
    approve_always,
    edit,  ///< run_inbox::approve_edited()
    reject,
    result,  ///< run_inbox::provide_result()
    error,   ///< run_inbox::provide_error()
};

DEDALUS_EXPORT std::string_view to_string(wait_decision decision) noexcept;

/// What becomes of a call that nobody has decided on in time. Whoever looks first decides: a decision that is in the
/// store by then counts.
enum class wait_expiry
{
    reject,        ///< it ends as tool_outcome::expired, and the model is told; of wait_kind::unknown_outcome, as that
    fail_run,      ///< the run ends: run_phase::failed with stop_reason::expired
    keep,          ///< it waits as long again
    auto_approve,  ///< it runs; not for tool_effect::once. A call that waits for anything but an approval: as reject
};

/// A call that waits for somebody outside its run.
struct waiting_call
{
    std::string run_id{};
    std::string call_id{};
    int occurrence = 0;  ///< counts the calls of this id within the run, from 0: some servers use ids again
    std::string name{};
    boost::json::value arguments{};  ///< as received
    std::string summary{};           ///< for people, by tool_options::summary; at most 1 KiB
    std::string fingerprint{};       ///< of name and arguments: a decision is for these and no others
    wait_kind kind = wait_kind::approval;
    std::vector<wait_decision> decisions{};  ///< that are allowed: see tool_options::decisions
    std::chrono::system_clock::time_point since{};

    /// Then tool_options::on_expiry says what becomes of it.
    std::optional<std::chrono::system_clock::time_point> expires_at{};

    /// A secret for whoever is to decide on this call without access to the store: run_inbox::with_token(). It works
    /// for one decision. There in the result of the operation that made the call wait and from
    /// run_inbox::renew_tokens(), and nowhere else: the store has its SHA-256.
    std::string token{};
};

}  // namespace dedalus
