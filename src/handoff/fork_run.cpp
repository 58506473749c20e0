#include <dedalus/error.hpp>
#include <dedalus/handoff/run_export.hpp>
#include <dedalus/stores/store_error.hpp>

#include "handoff/checkpoint_head.hpp"
#include "handoff/identifiers.hpp"
#include "handoff/rebuild.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <iterator>
#include <set>
#include <utility>

namespace dedalus {

namespace asio = boost::asio;
namespace core = handoff_core;

namespace {

// What belongs to the turns up to this one: the request of the next one, and the end of the run, do not.
std::vector<stores::log_entry> log_until(const std::vector<stores::log_entry>& entries, int turn)
{
    const auto next = std::ranges::find_if(entries, [turn](const stores::log_entry& entry) {
        return entry.kind == "end" || (entry.kind == "intent" && entry.turn > turn);
    });
    return {entries.begin(), next};
}

std::vector<stores::call_record> records_until(const stores::stored_run& run, const core::run_machine& whole, int turn)
{
    std::set<core::call_key> keys;
    for (const core::call_record& call : whole.calls()) {
        if (call.turn <= turn)
            keys.insert(call.key);
    }
    std::vector<stores::call_record> kept;
    std::ranges::copy_if(run.calls, std::back_inserter(kept), [&keys](const stores::call_record& record) {
        return keys.contains(core::core_key(record.key));
    });
    return kept;
}

// Results that these records name.
stores::blob_map named_blobs(const std::vector<stores::call_record>& records, const stores::blob_map& all)
{
    stores::blob_map kept;
    for (const stores::call_record& record : records) {
        if (record.kind != stores::call_record_kind::finish)
            continue;
        for (const std::string& name : core::blobs_of_finish(record.body))
            kept.emplace(name, core::blob_of(all, name));
    }
    return kept;
}

// Ids that the run has given to calls stay, although they were made from its name.
void keep_ids(stores::log_entry& input, core::run_definition definition, const std::string& parent)
{
    if (definition.ids_from.empty())
        definition.ids_from = parent;
    input.body = core::input_entry(definition).body;
    input.crc32c = stores::checksum(input);
}

core::checkpoint_head head_of(const stores::stored_run& fork, const core::run_machine& machine, std::string parent)
{
    core::checkpoint_head head;
    head.run_id = fork.run_id;
    head.parent_run = std::move(parent);
    head.rev = fork.rev;
    head.last_seq = fork.last_seq;
    head.turn = machine.turn();
    head.budget.limit = machine.turns().limit;
    head.budget.spent = machine.turns().spent();
    head.budget.assumed = machine.turns().assumed;
    head.budget.charged_unknown = machine.turns().charged_unknown;
    head.correlation_id = machine.correlation_id();
    for (const std::string& name : machine.always_approved())
        head.sticky.push_back(boost::json::object{{"tool", name}});
    head.created_at = fork.created_at;
    head.updated_at = fork.created_at;
    return head;
}

stores::stored_run forked(const stores::stored_run& run, int turn, std::string new_id)
{
    const core::checkpoint_head old = core::read_checkpoint(run);
    if (run.entries.empty())
        throw store_error(store_errc::damaged, "a run without its request");
    const core::run_definition definition = core::read_definition(run.entries.front());
    const core::run_machine whole = core::rebuild_machine(run, definition, core::read_calls(run));

    stores::stored_run fork;
    fork.run_id = std::move(new_id);
    fork.entries = log_until(run.entries, turn);
    fork.calls = records_until(run, whole, turn);
    fork.blobs = named_blobs(fork.calls, run.blobs);
    keep_ids(fork.entries.front(), definition, run.run_id);
    fork.rev = 1;
    fork.last_seq = static_cast<std::int64_t>(fork.entries.size());
    fork.fence = run.fence;
    fork.created_at = core::stored_time(std::chrono::system_clock::now());
    fork.updated_at = fork.created_at;
    const core::run_machine machine =
        core::rebuild_machine(fork, core::read_definition(fork.entries.front()), core::read_calls(fork));
    if (machine.turn() != turn || machine.calls_open())
        throw config_error("the run has no such turn, or its calls have not ended");
    if (machine.ended())
        throw config_error("the run has ended with this turn");
    core::checkpoint_head head = head_of(fork, machine, run.run_id);
    head.writer = old.writer;
    head.labels = old.labels;
    head.toolset = old.toolset;
    head.must_understand = core::demands_of(definition);
    for (const std::string& what : old.must_understand)
        core::demand(head, what);
    if (definition.expires_at)
        head.expires_at = core::stored_time(*definition.expires_at + (fork.created_at - fork.entries.front().at));
    fork.head = core::encode_head(head);
    return fork;
}

asio::awaitable<stores::create_outcome>
fork_in(std::shared_ptr<run_store> store, std::string run_id, int turn, std::string new_id)
{
    stores::load_request request;
    request.run_id = std::move(run_id);
    const stores::load_result loaded = co_await store->load(std::move(request));
    if (loaded.outcome == stores::load_outcome::not_found)
        throw config_error("there is no run with this id");
    if (loaded.outcome == stores::load_outcome::corrupt)
        throw store_error(store_errc::damaged, "the run is not whole in its store");
    stores::restore_request restored;
    restored.run = forked(loaded.run, turn, std::move(new_id));
    restored.op_id = handoff_engine::make_fork_id();
    co_return co_await store->restore(std::move(restored));
}

}  // namespace

asio::awaitable<stores::create_outcome>
fork_run(std::shared_ptr<run_store> store, std::string run_id, int turn, std::string new_id)
{
    if (!store)
        throw config_error("fork_run() needs a store");
    return fork_in(std::move(store), std::move(run_id), turn, std::move(new_id));
}

}  // namespace dedalus
