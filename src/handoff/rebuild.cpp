#include "handoff/rebuild.hpp"

#include <dedalus/stores/store_error.hpp>

#include "crypto/sha256.hpp"
#include "handoff/decision.hpp"
#include "handoff/replay.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
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
    settings.limits = definition.limits;
    settings.rules = definition.rules;
    for (const auto& [name, effect] : definition.tools) {
        settings.tool_names.push_back(name);
        settings.effects.emplace(name, effect);
    }
    settings.make_call_id = derived_call_ids(definition.ids_from.empty() ? run_id : definition.ids_from);
    return settings;
}

// What the model was told of calls that were not run stays, whatever this process would tell it. What a process has not
// stored before it died, it has told nobody.
std::function<void(const call_record&, tool_end&)>
stored_or(std::function<void(const call_record&, tool_end&)> describe, const facts_by_call& calls)
{
    auto known = std::make_shared<const facts_by_call>(calls);
    return [known = std::move(known), describe = std::move(describe)](const call_record& call, tool_end& end) {
        const auto found = known->find(call.key);
        if (found != known->end() && found->second.finished)
            end = found->second.finished->end;
        else if (describe)
            describe(call, end);
    };
}

const call_record& planned(const run_machine& machine, const call_key& key)
{
    try {
        return machine.call(key);
    }
    catch (const std::out_of_range&) {
        throw store_error(store_errc::damaged, "a record of a call that no answer of the run has asked for");
    }
}

// Of an edited call one wait was for the arguments of the model, and a later one is for those of the person.
bool is_about(const stores::wait_record& wait, const call_record& call)
{
    return wait.fingerprint == call.fingerprint || wait.fingerprint == fingerprint(request_to_run(call));
}

// What stands beside the log has to be about calls of the log.
void check_records(const run_machine& machine, const stores::stored_run& stored, const facts_by_call& calls)
{
    for (const auto& [key, facts] : calls)
        planned(machine, key);
    for (const stores::wait_record& wait : stored.waits) {
        if (!is_about(wait, planned(machine, core_key(wait.key.call))))
            throw store_error(store_errc::damaged, "a call waits with a fingerprint of other arguments");
    }
}

}  // namespace

run_machine rebuild_machine(
    const stores::stored_run& stored,
    const run_definition& definition,
    const facts_by_call& calls,
    const std::function<void(const run_machine& machine, std::int64_t seq)>& after,
    const std::function<void(const call_record&, tool_end&)>& describe
)
{
    run_settings settings = settings_of(definition, stored.run_id);
    settings.describe_end = stored_or(describe, calls);
    run_machine machine(std::move(settings), definition.request);
    std::vector<log_event> events;
    std::vector<std::int64_t> numbers;
    for (const stores::log_entry& entry : stored.entries) {
        if (std::optional<log_event> event = read_event(entry)) {
            events.push_back(*std::move(event));
            numbers.push_back(entry.seq);
        }
    }
    std::function<void(std::size_t)> told;
    if (after)
        told = [&](std::size_t place) { after(machine, numbers[place]); };
    const std::string problem = replay(machine, std::move(events), calls, told);
    if (!problem.empty())
        throw store_error(store_errc::damaged, problem);
    check_records(machine, stored, calls);
    return machine;
}

suspended_times suspended_in(const std::vector<stores::log_entry>& entries, time_point now)
{
    suspended_times times;
    for (std::size_t i = 0; i < entries.size(); ++i) {
        if (!is_suspension(entries[i]))
            continue;
        const stores::time_point until = i + 1 < entries.size() ? entries[i + 1].at : stored_time(now);
        const std::chrono::microseconds time = until - entries[i].at;
        times.all += time;
        if (is_for_people(entries[i]))
            times.people += time;
    }
    return times;
}

void add_wait_facts(std::vector<waiting_call>& calls, const std::vector<stores::wait_record>& waits)
{
    for (waiting_call& call : calls) {
        for (const stores::wait_record& wait : waits) {
            if (wait.key.call.call_id != call.call_id || wait.key.call.occurrence != call.occurrence ||
                wait.key.kind != wait_name(call.kind))
                continue;
            wait_facts facts = read_wait(wait.body);
            call.summary = std::move(facts.summary);
            call.since = facts.since;
            call.decisions = allowed_decisions(facts.decisions, call.kind);
            if (wait.expires_at)
                call.expires_at = *wait.expires_at;
        }
    }
}

}  // namespace dedalus::handoff_core
