#pragma once

#include <dedalus/handoff/tool_context.hpp>
#include <dedalus/logger.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <string>

namespace dedalus {

/// What a tool_context tells.
struct tool_context::data
{
    std::string run_id{};
    std::string call_id{};
    int attempt = 1;
    tool_effect effect = tool_effect::once;
    std::stop_token stop{};
    std::int64_t fence = 0;
    std::string idempotency_key{};
    std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
    std::function<stores::append_request(boost::json::value)> finish_record{};  ///< empty without a store
    std::map<std::string, dependency_result, std::less<>> dependency_results{};
    std::function<void(boost::json::value)> on_progress{};  ///< does nothing once the call has ended
    std::shared_ptr<dedalus::logger> log{};                 ///< null: nothing is logged
};

}  // namespace dedalus
