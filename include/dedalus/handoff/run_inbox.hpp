#pragma once

#include <dedalus/chat/message.hpp>
#include <dedalus/config.hpp>
#include <dedalus/handoff/waiting_call.hpp>
#include <dedalus/stores/run_store.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <memory>
#include <string>
#include <vector>

namespace dedalus {

/// Decides on calls that wait, and gives orders to runs, in this or another process: needs the store of the runs alone.
/// A decision is for the name and the arguments that the call had when it began to wait, and the first one counts
/// (post_outcome::already_decided for the second). The run takes it in when somebody resumes it; one that is followed
/// looks for it three times in each handoff_options::lease, and before it would be suspended.
///
/// The functions give stores::post_outcome::refused when no such call waits, or it does not wait for that,
/// post_outcome::not_allowed when waiting_call::decisions has not this one, and post_outcome::expired after
/// waiting_call::expires_at. They throw store_error. Cancellation: see run_store. Thread
/// safety: as the store.
class DEDALUS_EXPORT run_inbox
{
public:
    /// Throws config_error when there is no store.
    explicit run_inbox(std::shared_ptr<run_store> store);

    /// This inbox for somebody who is known by waiting_call::token alone: decisions are refused about a call that does
    /// not wait under it, and so are approve_always() and orders. Without a token the caller is trusted, as whoever can
    /// open the store is.
    run_inbox with_token(std::string token) const;

    /// This inbox for somebody who has seen a call: decisions are refused about one that has another
    /// waiting_call::fingerprint by now.
    run_inbox with_fingerprint(std::string fingerprint) const;

    /// This inbox for one decision or order that may be sent more than once, as web requests are: it goes under this
    /// id, and what comes a second time under the id of the same run is post_outcome::duplicate and changes nothing,
    /// however late it comes. 1 to 128 bytes of UTF-8 without control characters.
    run_inbox with_id(std::string inbox_id) const;

    /// Lets the call run; of wait_kind::unknown_outcome, once more.
    boost::asio::awaitable<stores::post_outcome> approve(std::string run_id, std::string call_id) const;

    /// Likewise, and the later calls of this tool in this run; those that wait already go on waiting.
    boost::asio::awaitable<stores::post_outcome> approve_always(std::string run_id, std::string call_id) const;

    /// Lets the call run with other arguments, and the model is told. If they do not fit the tool, the call waits on,
    /// and a diagnostic "edit_refused" in the result says why.
    boost::asio::awaitable<stores::post_outcome>
    approve_edited(std::string run_id, std::string call_id, boost::json::object arguments) const;

    /// The call is not run, and the model is told that a person declined; of wait_kind::unknown_outcome, that the
    /// outcome is unknown. `reason` goes to the model, too.
    boost::asio::awaitable<stores::post_outcome>
    reject(std::string run_id, std::string call_id, std::string reason) const;
    boost::asio::awaitable<stores::post_outcome> reject(std::string run_id, std::string call_id) const;

    /// The call ends with this result.
    boost::asio::awaitable<stores::post_outcome>
    provide_result(std::string run_id, std::string call_id, boost::json::value result) const;

    /// The call ends as if its tool had thrown an exception with this text.
    boost::asio::awaitable<stores::post_outcome>
    provide_error(std::string run_id, std::string call_id, std::string text) const;

    /// Ends the latest call of this id, whether it waits, runs or has not begun: tool_outcome::cancelled. Its tool is
    /// cancelled, the model is told, and the run goes on. Of one that had started it is told that the outcome is
    /// unknown, unless it is tool_effect::pure. Nothing happens when the call has ended by the time the run hears of
    /// it.
    boost::asio::awaitable<stores::post_outcome> cancel_call(std::string run_id, std::string call_id) const;

    /// Ends the run: run_phase::cancelled. Tools that run are cancelled; waiting calls are not run any more.
    boost::asio::awaitable<stores::post_outcome> cancel_run(std::string run_id) const;

    /// Adds messages to the run, after the tool messages of its present turn. Refused when the run has no turn left for
    /// another request. When it ends without another request, they are not sent, and a diagnostic "input_not_used" says
    /// so. Throws invalid_request_error from the call itself when one is neither a user_message, a system_message nor a
    /// developer_message, or there is none.
    boost::asio::awaitable<stores::post_outcome>
    add_input(std::string run_id, const std::vector<message>& messages) const;

    /// The calls of the run that wait and nobody has decided on; none of a run that has ended. Left out are those that
    /// wait for something which a newer version of this library knows.
    boost::asio::awaitable<std::vector<waiting_call>> list_waiting(std::string run_id) const;

    /// The calls of all runs: of those that are suspended, and of those whose other calls are still running. By the age
    /// of their runs.
    boost::asio::awaitable<std::vector<waiting_call>> list_waiting() const;

    /// The calls of the run that wait, each with another waiting_call::token; those before work no more. For whoever
    /// has lost them. Takes the run for as long: none when another process has it, or decides meanwhile.
    boost::asio::awaitable<std::vector<waiting_call>> renew_tokens(std::string run_id) const;

private:
    std::shared_ptr<run_store> store_;
    std::string token_;
    std::string fingerprint_;
    std::string id_;
};

}  // namespace dedalus
