#include "handoff/rebuild.hpp"

#include <dedalus/stores/store_error.hpp>

#include "crypto/sha256.hpp"
#include "handoff/replay.hpp"

#include <functional>
#include <string>
#include <utility>

namespace dedalus::handoff_core {

namespace {

constexpr std::size_t call_id_digits = 32;

// The same for a run wherever it is followed: ids are part of requests.
std::function<std::string()> derived_call_ids(std::string run_id)
{
    return [run_id = std::move(run_id), n = 0]() mutable {
        return "call_" + crypto::sha256_hex(run_id + '/' + std::to_string(++n)).substr(0, call_id_digits);
    };
}

run_settings settings_of(const run_definition& definition, const std::string& run_id)
{
    run_settings settings;
    settings.run_id = run_id;
    settings.max_turns = static_cast<int>(definition.max_turns);
    settings.max_concurrency = definition.max_concurrency;
    settings.extensions = definition.extensions;
    settings.profile = definition.profile;
    settings.rules = definition.rules;
    for (const auto& [name, effect] : definition.tools) {
        settings.tool_names.push_back(name);
        settings.effects.emplace(name, effect);
    }
    settings.make_call_id = derived_call_ids(run_id);
    return settings;
}

}  // namespace

run_machine
rebuild_machine(const stores::stored_run& stored, const run_definition& definition, const facts_by_call& calls)
{
    run_machine machine(settings_of(definition, stored.run_id), definition.request);
    const std::string problem = replay(machine, read_events(stored.entries), calls);
    if (!problem.empty())
        throw store_error(store_errc::damaged, problem);
    return machine;
}

std::chrono::microseconds suspended_in(const std::vector<stores::log_entry>& entries, time_point now)
{
    std::chrono::microseconds all{};
    const stores::log_entry* since = nullptr;
    for (const stores::log_entry& entry : entries) {
        if (since != nullptr)
            all += entry.at - since->at;
        since = is_suspension(entry) ? &entry : nullptr;
    }
    return since == nullptr ? all : all + (stored_time(now) - since->at);
}

void add_wait_times(std::vector<waiting_call>& calls, const std::vector<stores::wait_record>& waits)
{
    for (waiting_call& call : calls) {
        for (const stores::wait_record& wait : waits) {
            if (wait.key.call.call_id != call.call_id || wait.key.call.occurrence != call.occurrence ||
                wait.key.kind != wait_name(call.kind))
                continue;
            call.since = read_wait(wait.body).since;
            if (wait.expires_at)
                call.expires_at = *wait.expires_at;
        }
    }
}

}  // namespace dedalus::handoff_core
