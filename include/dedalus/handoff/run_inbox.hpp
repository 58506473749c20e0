#pragma once

#include <dedalus/config.hpp>
#include <dedalus/handoff/waiting_call.hpp>
#include <dedalus/stores/run_store.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/json/value.hpp>

#include <memory>
#include <string>
#include <vector>

namespace dedalus {

/// Decides on calls that wait, in this or another process: needs the store of the runs alone. A decision is for the
/// name and the arguments that the call had when it began to wait, and the first one counts. The run takes it in when
/// somebody resumes it, or before it would be suspended.
///
/// The functions give stores::post_outcome::refused when no such call waits, or it does not wait for that. They throw
/// store_error. Cancellation: see run_store. Thread safety: as the store.
class DEDALUS_EXPORT run_inbox
{
public:
    /// Throws config_error when there is no store.
    explicit run_inbox(std::shared_ptr<run_store> store);

    /// Lets the call run; of wait_kind::unknown_outcome, once more.
    boost::asio::awaitable<stores::post_outcome> approve(std::string run_id, std::string call_id) const;

    /// The call is not run, and the model is told that a person declined; of wait_kind::unknown_outcome, that the
    /// outcome is unknown. `reason` goes to the model, too.
    boost::asio::awaitable<stores::post_outcome>
    reject(std::string run_id, std::string call_id, std::string reason) const;
    boost::asio::awaitable<stores::post_outcome> reject(std::string run_id, std::string call_id) const;

    /// The call ends with this result.
    boost::asio::awaitable<stores::post_outcome>
    provide_result(std::string run_id, std::string call_id, boost::json::value result) const;

    /// The calls of the run that wait and nobody has decided on.
    boost::asio::awaitable<std::vector<waiting_call>> list_waiting(std::string run_id) const;

    /// The calls of all suspended runs.
    boost::asio::awaitable<std::vector<waiting_call>> list_waiting() const;

private:
    std::shared_ptr<run_store> store_;
};

}  // namespace dedalus
