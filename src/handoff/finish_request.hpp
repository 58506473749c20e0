#pragma once

#include <dedalus/stores/operations.hpp>

#include "handoff/ledger.hpp"

#include <boost/json/value.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace dedalus::handoff_core {

/// What the end of a call says besides its result.
struct finish_facts
{
    std::string run_id{};
    call_key key{};
    int attempt = 1;
    std::int64_t fence = 0;
    std::size_t max_bytes = 0;  ///< of the text that is sent to the model
    time_point entered{};
    std::optional<std::string> note{};  ///< see tool_end
};

/// What a tool writes by itself to end its call. The same for an attempt each time, but for the result and the time.
/// Throws store_error(invalid_argument) for a result that is not UTF-8.
stores::append_request finish_request(const finish_facts& facts, boost::json::value result, time_point now);

}  // namespace dedalus::handoff_core
