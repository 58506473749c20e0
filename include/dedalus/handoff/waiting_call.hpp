#pragma once

#include <dedalus/config.hpp>

#include <boost/json/value.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

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

/// A call that waits for somebody outside its run.
struct waiting_call
{
    std::string run_id{};
    std::string call_id{};
    int occurrence = 0;  ///< counts the calls of this id within the run, from 0: some servers use ids again
    std::string name{};
    boost::json::value arguments{};  ///< as received
    std::string fingerprint{};       ///< of name and arguments: a decision is for these and no others
    wait_kind kind = wait_kind::approval;
    std::chrono::system_clock::time_point since{};
    std::optional<std::chrono::system_clock::time_point> expires_at{};  ///< then it ends as tool_outcome::expired
};

}  // namespace dedalus
