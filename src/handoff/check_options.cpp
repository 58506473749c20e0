#include "handoff/check_options.hpp"

#include <dedalus/client_options.hpp>
#include <dedalus/error.hpp>
#include <dedalus/stores/records.hpp>

#include "handoff/check_request.hpp"
#include "protocol/retry_decision.hpp"

#include <chrono>
#include <cstddef>
#include <string>
#include <variant>

namespace dedalus::handoff_core {

namespace {

constexpr int most_turns_of_run = 100;
constexpr std::size_t most_calls = stores::max_records / 2;  // what is written of them at once is not all that is
constexpr std::size_t least_result_bytes = 1024;
constexpr std::chrono::hours most_expires_after(24 * 3653);

void check_sizes(const handoff_options& options)
{
    if (options.max_turns < 1 || options.max_turns > most_turns_of_run)
        throw config_error("max_turns of a handoff_loop must be 1 to 100");
    if (options.max_turns_per_request && *options.max_turns_per_request < 1)
        throw config_error("max_turns_per_request of a handoff_loop must be at least 1");
    if (options.max_concurrency < 1 || options.max_concurrency > most_calls)
        throw config_error("max_concurrency of a handoff_loop must be 1 to 500");
    if (options.max_result_bytes < least_result_bytes)
        throw config_error("max_result_bytes of a handoff_loop must be at least 1024");
    if (options.max_calls < 1 || options.max_calls > most_calls)
        throw config_error("max_calls of a handoff_loop must be 1 to 500");
    if (options.max_dependencies < 1)
        throw config_error("max_dependencies of a handoff_loop must be at least 1");
    if (options.max_queued_events < 1)
        throw config_error("max_queued_events of a handoff_loop must be at least 1");
}

void check_times(const handoff_options& options)
{
    if (options.cancellation_grace < std::chrono::milliseconds::zero())
        throw config_error("cancellation_grace of a handoff_loop must not be negative");
    if (options.expires_after <= std::chrono::milliseconds::zero())
        throw config_error("expires_after of a handoff_loop must be positive");
    if (options.expires_after != no_limit && options.expires_after > most_expires_after)
        throw config_error("expires_after of a handoff_loop must be at most 10 years, or no_limit");
    if (options.lease < std::chrono::milliseconds(100) || options.lease > std::chrono::hours(24))
        throw config_error("lease of a handoff_loop must be 100 ms to a day");
}

void check_waits(const handoff_options& options, const tool_registry& tools)
{
    if (options.store)
        return;
    for (const tool& definition : tools.definitions()) {
        const std::string& name = std::get<function_tool>(definition).function.name;
        const tool_options& wanted = tools.find(name)->options;
        const bool asks = wanted.needs_approval || wanted.needs_approval_when || wanted.confirm_repeat;
        if (asks || wanted.effect == tool_effect::external)
            throw config_error("the tool " + name + " waits for somebody outside, and the handoff_loop has no store");
    }
}

}  // namespace

void check_options(const handoff_options& options, const tool_registry& tools)
{
    check_sizes(options);
    check_times(options);
    protocol::check_retry(options.retry);
    check_labels(options.labels);
    if (options.scheduling.deferred_dependency == deferred_dependency_rule::hold_back &&
        !options.profile.partial_answers)
        throw config_error("deferred_dependency_rule::hold_back of a handoff_loop needs wire_profile::partial_answers");
    check_waits(options, tools);
}

}  // namespace dedalus::handoff_core
