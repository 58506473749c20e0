#pragma once

#include <dedalus/chat/message.hpp>
#include <dedalus/handoff/waiting_call.hpp>
#include <dedalus/stores/records.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace dedalus::handoff_core {

/// A decision about a call, or an order to a run, as it lies in the inbox.
struct decision
{
    enum class kind
    {
        approve,
        approve_always,  ///< and the later calls of this tool
        edit,            ///< approve with other arguments
        reject,
        result,
        error,
        cancel_run,
        add_input,
        cancel_call,  ///< whether it waits or not
    };

    kind what = kind::approve;
    boost::json::value value{};       ///< of a result
    boost::json::object arguments{};  ///< of an edit
    std::string text{};               ///< reason of a rejection, the error, or the id of a call to cancel
    std::vector<message> messages{};  ///< of an input
};

/// Whether a call that waits for this can be decided on so.
bool may_decide(decision::kind what, wait_kind wait) noexcept;

/// Of these decisions those that make sense for a call that waits for this; all that do, when none of them does.
std::vector<wait_decision> allowed_decisions(const std::vector<wait_decision>& wanted, wait_kind wait);

bool is_allowed(decision::kind what, const std::vector<wait_decision>& allowed);

/// It is about the run, and not about a call that waits.
constexpr bool is_order(decision::kind what) noexcept
{
    return what == decision::kind::cancel_run || what == decision::kind::add_input ||
           what == decision::kind::cancel_call;
}

/// As an inbox item has them.
std::string_view decision_name(decision::kind what) noexcept;
std::string decision_body(const decision& d);

/// Whether the item is an order of this kind.
bool is_order(const stores::inbox_item& item, decision::kind what) noexcept;

boost::json::array write_messages(const std::vector<message>& messages);

// These throw store_error(damaged) for what was not written by the above.

std::vector<message> read_messages(const boost::json::array& list);
decision read_decision(const stores::inbox_item& item);

}  // namespace dedalus::handoff_core
