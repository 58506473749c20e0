#include "conformance/scene.hpp"

#include <algorithm>

namespace dedalus::conformance {

namespace {

using stores::commit_outcome;

awaitable<void> commits_everything(scene_ptr s)
{
    co_await create_run(s);
    const std::int64_t fence = co_await acquire_run(s);
    stores::commit_request request = make_commit(s, fence, 1);
    request.head.bytes = "second head";
    request.head.phase = run_phase::executing;
    request.head.expires_at = time_point(std::chrono::microseconds(1798761600000003));
    request.head.labels.emplace("more", "labels");
    request.entries.push_back(make_entry(1, fence, "one"));
    request.entries.push_back(make_entry(2, fence, "two", "raw"));
    request.calls.push_back(make_record(call_record_kind::start, "c", fence));
    request.waits.push_back(make_wait("w"));
    const stores::commit_request sent = request;
    const auto result = co_await s->store->commit(std::move(request));
    require(result.outcome == commit_outcome::committed && result.rev == 2, "committed with rev 2 expected");
    const stores::stored_run run = co_await load_run(s);
    require(run.head == sent.head, "the head is not the one of the commit");
    require(run.rev == 2 && run.last_seq == 2, "rev 2 and last_seq 2 expected");
    require(run.entries == sent.entries, "the log entries are not those of the commit");
    require(run.calls == sent.calls, "the call records are not those of the commit");
    require(run.waits == sent.waits, "the waits are not those of the commit");
    require(run.updated_at >= run.created_at, "updated_at is before created_at");
}

awaitable<void> keeps_the_sequence(scene_ptr s)
{
    co_await create_run(s);
    const std::int64_t fence = co_await acquire_run(s);
    std::int64_t seq = 1;
    for (std::int64_t rev = 1; rev <= 12; ++rev) {
        stores::commit_request request = make_commit(s, fence, rev);
        for (std::int64_t i = 0; i < rev % 3; ++i)
            request.entries.push_back(make_entry(seq++, fence));
        const auto result = co_await s->store->commit(std::move(request));
        require(result.outcome == commit_outcome::committed && result.rev == rev + 1, "a commit in order was not done");
    }
    const std::int64_t wrong[] = {seq - 1, seq + 1};
    for (const std::int64_t number : wrong) {
        stores::commit_request request = make_commit(s, fence, 13);
        request.entries.push_back(make_entry(number, fence));
        co_await require_refused(
            s->store->commit(std::move(request)), store_errc::invalid_argument, "an entry out of sequence was taken"
        );
    }
    const stores::stored_run run = co_await load_run(s);
    require(run.rev == 13 && run.last_seq == seq - 1, "a refused commit changed the run");
    require(static_cast<std::int64_t>(run.entries.size()) == seq - 1, "entries are missing");
    for (std::size_t i = 0; i < run.entries.size(); ++i)
        require(run.entries[i].seq == static_cast<std::int64_t>(i) + 1, "the log is not in order");
}

awaitable<void> refuses_a_wrong_revision(scene_ptr s)
{
    co_await create_run(s);
    const std::int64_t fence = co_await acquire_run(s);
    const std::int64_t revisions[] = {0, 2};
    for (const std::int64_t rev : revisions) {
        stores::commit_request request = make_commit(s, fence, rev);
        request.head.bytes = "changed";
        request.entries.push_back(make_entry(1, fence));
        const auto result = co_await s->store->commit(std::move(request));
        require(result.outcome == commit_outcome::conflict && result.rev == 1, "conflict and the revision expected");
    }
    const stores::stored_run run = co_await load_run(s);
    require(run.head.bytes == "{}" && run.entries.empty(), "a commit at a wrong revision changed the run");
}

awaitable<void> repeats_a_commit(scene_ptr s)
{
    co_await create_run(s);
    const std::int64_t fence = co_await acquire_run(s);
    stores::commit_request request = make_commit(s, fence, 1);
    request.entries.push_back(make_entry(1, fence));
    const auto first = co_await s->store->commit(request);
    const auto second = co_await s->other->commit(request);
    require(first.outcome == commit_outcome::committed, "the first commit was not done");
    require(
        second.outcome == commit_outcome::already_applied && second.rev == 2, "already_applied with rev 2 expected"
    );
    const stores::stored_run run = co_await load_run(s);
    require(run.rev == 2 && run.entries.size() == 1, "a repeated commit was done twice");
}

awaitable<void> lets_one_commit_win(scene_ptr s)
{
    co_await create_run(s);
    const std::int64_t fence = co_await acquire_run(s);
    std::vector<awaitable<stores::commit_result>> commits;
    for (int i = 0; i < 8; ++i) {
        stores::commit_request request = make_commit(s, fence, 1);
        request.entries.push_back(make_entry(1, fence, std::to_string(i)));
        commits.push_back((i % 2 == 0 ? s->store : s->other)->commit(std::move(request)));
    }
    const auto results = co_await together(std::move(commits));
    const auto won = std::ranges::count(results, commit_outcome::committed, &stores::commit_result::outcome);
    const auto lost = std::ranges::count(results, commit_outcome::conflict, &stores::commit_result::outcome);
    require(won == 1 && lost == 7, "of commits at one revision not exactly one won");
    const stores::stored_run run = co_await load_run(s);
    require(run.rev == 2 && run.entries.size() == 1, "more than one commit left a trace");
}

awaitable<void> ends_for_ever(scene_ptr s)
{
    co_await create_run(s);
    const std::int64_t fence = co_await acquire_run(s);
    stores::commit_request end = make_commit(s, fence, 1);
    end.head.phase = run_phase::completed;
    const stores::commit_request again = end;
    co_await s->store->commit(std::move(end));
    const auto repeated = co_await s->store->commit(again);
    require(repeated.outcome == commit_outcome::already_applied, "the last commit must be repeatable");
    const auto late = co_await s->store->commit(make_commit(s, fence, 2));
    require(late.outcome == commit_outcome::conflict, "a terminal run took a commit");
    const stores::stored_run run = co_await load_run(s);
    require(run.head.phase == run_phase::completed && run.rev == 2, "a terminal run changed");
}

awaitable<void> conflicts_change_nothing(scene_ptr s)
{
    const std::int64_t fence = co_await create_waiting(s, make_wait("c1"));
    co_await s->store->append_call(make_append(s, make_record(call_record_kind::finish, "done", fence, 1, "first")));
    stores::commit_request finish = make_commit(s, fence, 2);
    finish.head.bytes = "changed";
    finish.entries.push_back(make_entry(1, fence));
    finish.calls.push_back(make_record(call_record_kind::finish, "other", fence));
    finish.calls.push_back(make_record(call_record_kind::finish, "done", fence, 1, "second"));
    const auto finished = co_await s->store->commit(std::move(finish));
    require(finished.outcome == commit_outcome::conflict, "a commit overwrote a finish record");
    stores::commit_request consume = make_commit(s, fence, 2);
    consume.head.bytes = "changed";
    consume.consumed_inbox.push_back("never posted");
    const auto consumed = co_await s->store->commit(std::move(consume));
    require(consumed.outcome == commit_outcome::conflict, "a commit consumed what is not in the inbox");
    const stores::stored_run run = co_await load_run(s);
    require(run.rev == 2 && run.head.bytes == "{}" && run.entries.empty(), "a conflict changed the run");
    require(run.calls.size() == 1 && run.calls[0].body == "first", "a conflict changed the call records");
}

awaitable<void> takes_one_record_in_a_place(scene_ptr s)
{
    co_await create_run(s);
    const std::int64_t fence = co_await acquire_run(s);
    stores::commit_request commit = make_commit(s, fence, 1);
    commit.entries.push_back(make_entry(1, fence));
    commit.calls.push_back(make_record(call_record_kind::finish, "c", fence, 1, "first"));
    commit.calls.push_back(make_record(call_record_kind::finish, "c", fence, 2, "second"));
    co_await require_refused(
        s->store->commit(std::move(commit)), store_errc::invalid_argument, "a commit of two ends of a call was taken"
    );
    stores::append_request append = make_append(s, make_record(call_record_kind::start, "c", fence, 1, "first"));
    append.records.push_back(make_record(call_record_kind::start, "c", fence, 1, "second"));
    co_await require_refused(
        s->store->append_call(std::move(append)), store_errc::invalid_argument, "two starts of an attempt were taken"
    );
    const stores::stored_run run = co_await load_run(s);
    require(run.rev == 1 && run.entries.empty() && run.calls.empty(), "what was refused changed the run");
}

awaitable<void> respects_decisions(scene_ptr s)
{
    const std::int64_t fence = co_await create_waiting(s, make_wait("c1"));
    const std::string posted = s->op();
    const auto outcome = co_await s->other->post(make_post(s, posted, "c1"));
    require(outcome == stores::post_outcome::accepted, "a decision was not accepted");
    stores::commit_request close = make_commit(s, fence, 2);
    close.closed_waits.push_back(make_wait("c1").key);
    const auto closed = co_await s->store->commit(std::move(close));
    require(closed.outcome == commit_outcome::conflict, "a commit overruled a decision");
    stores::commit_request replace = make_commit(s, fence, 2);
    replace.waits.push_back(make_wait("c1"));
    const auto replaced = co_await s->store->commit(std::move(replace));
    require(replaced.outcome == commit_outcome::conflict, "a commit replaced a decided wait");
    stores::commit_request fold = make_commit(s, fence, 2);
    fold.closed_waits.push_back(make_wait("c1").key);
    fold.consumed_inbox.push_back(posted);
    const auto folded = co_await s->store->commit(std::move(fold));
    require(folded.outcome == commit_outcome::committed, "a decision was not taken in");
    const stores::stored_run run = co_await load_run(s);
    require(run.inbox.empty(), "a consumed inbox item came back");
    stores::commit_request twice = make_commit(s, fence, 3);
    twice.consumed_inbox.push_back(posted);
    const auto again = co_await s->store->commit(std::move(twice));
    require(again.outcome == commit_outcome::conflict, "an inbox item was consumed twice");
}

}  // namespace

const check_list& commit_checks()
{
    static const check_list checks = {
        {"a commit changes everything at once", "base", commits_everything},
        {"the log has no gaps", "base", keeps_the_sequence},
        {"a commit at a wrong revision changes nothing", "base", refuses_a_wrong_revision},
        {"a commit is repeatable by its op_id", "base", repeats_a_commit},
        {"of commits at one revision exactly one wins", "base", lets_one_commit_win},
        {"a terminal run stays as it is", "base", ends_for_ever},
        {"a commit that conflicts changes nothing", "base", conflicts_change_nothing},
        {"two call records in one place are refused", "base", takes_one_record_in_a_place},
        {"a commit does not overrule a decision", "base", respects_decisions},
    };
    return checks;
}

}  // namespace dedalus::conformance
