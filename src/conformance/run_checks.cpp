#include "conformance/scene.hpp"

#include <algorithm>

namespace dedalus::conformance {

namespace {

std::string every_byte()
{
    std::string bytes;
    for (int i = 0; i < 256; ++i)
        bytes += static_cast<char>(i);
    return bytes + "\\u0000 {\"a\":1.0,\"a\":1e2}";
}

awaitable<void> loads_what_was_created(scene_ptr s)
{
    stores::create_request request;
    request.run_id = s->run_id();
    request.head = make_head(s, every_byte(), run_phase::sending);
    request.head.wakeup_at = time_point(std::chrono::microseconds(1767225600000001));
    request.head.expires_at = time_point(std::chrono::microseconds(1798761600999999));
    request.head.labels.emplace("kind of order", "\xc3\xa4'\"\\%_");
    request.entries.push_back(make_entry(1, 0, every_byte(), every_byte()));
    request.entries.push_back(make_entry(2, 0, "", ""));
    request.op_id = s->op();
    const stores::create_request sent = request;
    co_await s->store->create(std::move(request));
    const stores::stored_run run = co_await load_run(s);
    require(run.run_id == sent.run_id, "the run id changed");
    require(run.head == sent.head, "the head changed");
    require(run.entries == sent.entries, "the log entries changed");
    require(run.rev == 1 && run.last_seq == 2 && run.fence == 0, "rev 1, last_seq 2, fence 0 expected");
    require(run.calls.empty() && run.waits.empty() && run.inbox.empty() && run.late.empty(), "something was added");
}

awaitable<void> loads_from_a_sequence_number(scene_ptr s)
{
    stores::create_request request;
    request.run_id = s->run_id();
    request.head = make_head(s);
    for (std::int64_t seq = 1; seq <= 12; ++seq)
        request.entries.push_back(make_entry(seq, 0));
    request.op_id = s->op();
    co_await s->store->create(std::move(request));
    stores::load_request load;
    load.run_id = s->run_id();
    load.from_seq = 9;
    const stores::load_result result = co_await s->store->load(std::move(load));
    require(result.outcome == stores::load_outcome::loaded, "the end of a log was not loaded");
    require(result.run.entries.size() == 4 && result.run.entries.front().seq == 9, "entries 9 to 12 expected");
}

awaitable<void> finds_no_run_that_is_not_there(scene_ptr s)
{
    stores::load_request load;
    load.run_id = s->run_id();
    const auto loaded = co_await s->store->load(std::move(load));
    require(loaded.outcome == stores::load_outcome::not_found, "load");
    stores::acquire_request acquire;
    acquire.run_id = s->run_id();
    acquire.owner = "owner";
    acquire.op_id = s->op();
    const auto acquired = co_await s->store->acquire(std::move(acquire));
    require(acquired.outcome == stores::acquire_outcome::not_found, "acquire");
    const auto committed = co_await s->store->commit(make_commit(s, 1, 1));
    require(committed.outcome == stores::commit_outcome::fenced, "commit to no run must be fenced");
    const auto appended = co_await s->store->append_call(make_append(s, make_record(call_record_kind::start, "c", 1)));
    require(appended.outcome == stores::append_outcome::fenced, "append_call to no run must be fenced");
    stores::renew_request renew;
    renew.run_id = s->run_id();
    const auto renewed = co_await s->store->renew(std::move(renew));
    require(renewed.outcome == stores::lease_outcome::lost, "renew");
    stores::release_request release;
    release.run_id = s->run_id();
    const auto released = co_await s->store->release(std::move(release));
    require(released == stores::lease_outcome::lost, "release");
    const auto posted = co_await s->store->post(make_post(s, s->op(), "c"));
    require(posted == stores::post_outcome::refused, "post");
    stores::late_request late;
    late.run_id = s->run_id();
    const auto kept = co_await s->store->put_late_result(std::move(late));
    require(kept == stores::late_outcome::refused, "put_late_result");
    const auto removed = co_await s->store->remove(s->run_id(), false);
    require(removed == stores::remove_outcome::not_found, "remove");
}

awaitable<void> creates_once(scene_ptr s)
{
    stores::create_request request;
    request.run_id = s->run_id();
    request.head = make_head(s, "first");
    request.op_id = s->op();
    const stores::create_request again = request;
    co_await s->store->create(std::move(request));
    stores::create_request second = again;
    second.head.bytes = "second";
    second.op_id = s->op();
    const auto refused = co_await s->other->create(std::move(second));
    require(refused == stores::create_outcome::exists, "a second create with another op_id must say exists");
    const auto repeated = co_await s->other->create(again);
    require(repeated == stores::create_outcome::created, "the same create with the same op_id must say created");
    const stores::stored_run run = co_await load_run(s);
    require(run.head.bytes == "first" && run.rev == 1, "the first create was overwritten");
}

awaitable<void> lets_one_creator_win(scene_ptr s)
{
    std::vector<awaitable<stores::create_outcome>> creators;
    for (int i = 0; i < 8; ++i) {
        stores::create_request request;
        request.run_id = s->run_id();
        request.head = make_head(s);
        request.op_id = s->op();
        creators.push_back((i % 2 == 0 ? s->store : s->other)->create(std::move(request)));
    }
    const auto outcomes = co_await together(std::move(creators));
    require(std::count(outcomes.begin(), outcomes.end(), stores::create_outcome::created) == 1, "not one creator won");
}

awaitable<void> keeps_runs_apart(scene_ptr s)
{
    co_await create_run(s, 1);
    co_await create_run(s, 2);
    const std::int64_t fence = co_await acquire_run(s, 1);
    stores::commit_request request = make_commit(s, fence, 1, 1);
    request.head.bytes = "changed";
    request.entries.push_back(make_entry(1, fence));
    request.calls.push_back(make_record(call_record_kind::finish, "c", fence));
    request.waits.push_back(make_wait("w"));
    co_await s->store->commit(std::move(request));
    const stores::stored_run untouched = co_await load_run(s, 2);
    require(untouched.head.bytes == "{}" && untouched.rev == 1 && untouched.fence == 0, "the other run changed");
    require(
        untouched.entries.empty() && untouched.calls.empty() && untouched.waits.empty(), "the other run has records"
    );
}

awaitable<void> keeps_large_values(scene_ptr s)
{
    co_await create_run(s);
    const std::int64_t fence = co_await acquire_run(s);
    std::string large(s->options.large_value_bytes, '\0');
    for (std::size_t i = 0; i < large.size(); i += 97)
        large[i] = static_cast<char>(i * 31);
    stores::commit_request request = make_commit(s, fence, 1);
    request.head.bytes.assign(s->options.max_head_bytes, 'h');
    request.entries.push_back(make_entry(1, fence, "{}", large));
    request.calls.push_back(make_record(call_record_kind::finish, "c", fence, 1, large));
    co_await s->store->commit(std::move(request));
    const stores::stored_run run = co_await load_run(s);
    require(run.head.bytes.size() == s->options.max_head_bytes, "the head was cut");
    require(run.entries.size() == 1 && run.entries[0].raw == large, "a large log entry changed");
    require(run.calls.size() == 1 && run.calls[0].body == large, "a large call record changed");
}

awaitable<void> takes_any_call_id(scene_ptr s)
{
    co_await create_run(s);
    const std::int64_t fence = co_await acquire_run(s);
    std::vector<std::string> ids = {"", std::string("a\0b", 3), std::string("a\0", 2), "a", "\xff\xfe", "A", "'; --"};
    for (const std::string& id : ids) {
        const auto result =
            co_await s->store->append_call(make_append(s, make_record(call_record_kind::start, id, fence)));
        require(result.outcome == stores::append_outcome::inserted, "two call ids count as one");
    }
    const stores::stored_run run = co_await load_run(s);
    std::sort(ids.begin(), ids.end());
    require(run.calls.size() == ids.size(), "call records are missing");
    for (std::size_t i = 0; i < ids.size(); ++i)
        require(run.calls[i].key.call_id == ids[i], "call records are not in the order of the bytes of their ids");
}

awaitable<void> refuses_what_exceeds_limits(scene_ptr s)
{
    stores::create_request request;
    request.run_id = s->run_id();
    request.head = make_head(s);
    request.op_id = s->op();
    stores::create_request large_head = request;
    large_head.head.bytes.assign(s->options.max_head_bytes + 1, 'h');
    co_await require_refused(s->store->create(large_head), store_errc::invalid_argument, "a head above the limit");
    stores::create_request no_id = request;
    no_id.run_id = "";
    co_await require_refused(s->store->create(no_id), store_errc::invalid_argument, "an empty run id");
    stores::create_request no_op = request;
    no_op.op_id = "";
    co_await require_refused(s->store->create(no_op), store_errc::invalid_argument, "an empty op_id");
    stores::create_request gap = request;
    gap.entries.push_back(make_entry(2, 0));
    co_await require_refused(s->store->create(gap), store_errc::invalid_argument, "a log that begins at 2");
    stores::load_request load;
    load.run_id = s->run_id();
    const auto loaded = co_await s->store->load(std::move(load));
    require(loaded.outcome == stores::load_outcome::not_found, "a refused create left something behind");
}

awaitable<void> removes_all_of_a_run(scene_ptr s)
{
    const std::int64_t fence = co_await create_waiting(s, make_wait("c1"));
    const std::string posted = s->op();
    co_await s->store->post(make_post(s, posted, "c1"));
    co_await s->store->append_call(make_append(s, make_record(call_record_kind::finish, "c1", fence)));
    const auto refused = co_await s->store->remove(s->run_id(), true);
    require(refused == stores::remove_outcome::refused, "a run that is not terminal was removed");
    co_await load_run(s);
    const auto removed = co_await s->store->remove(s->run_id(), false);
    require(removed == stores::remove_outcome::removed, "a run was not removed");
    co_await create_run(s);
    const stores::stored_run run = co_await load_run(s);
    require(run.fence == 0 && run.rev == 1, "a new run of the same id goes on from the removed one");
    require(run.calls.empty() && run.waits.empty() && run.inbox.empty(), "records of the removed run came back");
}

}  // namespace

const check_list& run_checks()
{
    static const check_list checks = {
        {"what was created is loaded byte for byte", "base", loads_what_was_created},
        {"a log is loaded from a sequence number on", "base", loads_from_a_sequence_number},
        {"no operation finds a run that is not there", "base", finds_no_run_that_is_not_there},
        {"a run is created once", "base", creates_once},
        {"of several creators one wins", "base", lets_one_creator_win},
        {"runs do not see each other", "base", keeps_runs_apart},
        {"large values come back whole", "base", keeps_large_values},
        {"a call id may hold any bytes", "base", takes_any_call_id},
        {"what exceeds the limits is refused and leaves nothing behind", "base", refuses_what_exceeds_limits},
        {"removal takes all of a run", "base", removes_all_of_a_run},
    };
    return checks;
}

}  // namespace dedalus::conformance
