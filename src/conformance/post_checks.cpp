#include "conformance/scene.hpp"

#include <algorithm>

namespace dedalus::conformance {

namespace {

using stores::post_outcome;

// The token "secret" and its SHA-256.
constexpr const char* token = "secret";
constexpr const char* token_sha256 = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";

awaitable<void> accepts_a_decision(scene_ptr s)
{
    co_await create_waiting(s, make_wait("c1"));
    auto request = make_post(s, s->op(), "c1");
    request.body = std::string("any\0bytes", 9);
    const stores::post_request sent = request;
    const auto outcome = co_await s->other->post(std::move(request));
    require(outcome == post_outcome::accepted, "a decision about an open wait was not accepted");
    const stores::stored_run run = co_await load_run(s);
    require(run.inbox.size() == 1 && run.waits.size() == 1, "one inbox item and one wait expected");
    const stores::inbox_item& item = run.inbox[0];
    require(item.inbox_id == sent.inbox_id && item.wait == sent.wait, "the inbox item has another id or wait");
    require(item.kind == sent.kind && item.body == sent.body, "the inbox item has another kind or body");
    require(run.waits[0].decided_by == sent.inbox_id, "the wait does not say what has decided it");
    require(run.head.wakeup_at == item.at, "wakeup_at is not the time of the post");
    require(run.rev == 2, "a post changed the revision");
}

awaitable<void> accepts_an_inbox_id_once(scene_ptr s)
{
    const std::int64_t fence = co_await create_waiting(s, make_wait("c1"));
    const std::string id = s->op();
    co_await s->store->post(make_post(s, id, "c1"));
    const auto again = co_await s->other->post(make_post(s, id, "c1"));
    require(again == post_outcome::duplicate, "the same inbox_id twice is a duplicate");
    stores::commit_request fold = make_commit(s, fence, 2);
    fold.head.phase = run_phase::cancelled;
    fold.consumed_inbox.push_back(id);
    co_await s->store->commit(std::move(fold));
    const auto late = co_await s->store->post(make_post(s, id, "c1"));
    require(late == post_outcome::duplicate, "a duplicate is told also when the item is consumed and the run ended");
    const stores::stored_run run = co_await load_run(s);
    require(run.inbox.empty(), "a duplicate was put into the inbox");
}

awaitable<void> keeps_the_first_decision(scene_ptr s)
{
    co_await create_waiting(s, make_wait("c1"));
    co_await s->store->post(make_post(s, s->op(), "c1"));
    auto second = make_post(s, s->op(), "c1");
    second.kind = "reject";
    const auto outcome = co_await s->other->post(std::move(second));
    require(outcome == post_outcome::already_decided, "a second decision was not refused as already_decided");
    const stores::stored_run run = co_await load_run(s);
    require(run.inbox.size() == 1 && run.inbox[0].kind == "approve", "the first decision was not kept");
}

awaitable<void> lets_one_decision_win(scene_ptr s)
{
    co_await create_waiting(s, make_wait("c1"));
    std::vector<awaitable<post_outcome>> deciders;
    for (int i = 0; i < 8; ++i)
        deciders.push_back((i % 2 == 0 ? s->store : s->other)->post(make_post(s, s->op(), "c1")));
    const auto outcomes = co_await together(std::move(deciders));
    require(std::ranges::count(outcomes, post_outcome::accepted) == 1, "of several decisions not exactly one won");
    require(std::ranges::count(outcomes, post_outcome::already_decided) == 7, "the others are already_decided");
}

awaitable<void> refuses_what_does_not_fit(scene_ptr s)
{
    const std::int64_t fence = co_await create_waiting(s, make_wait("c1", token_sha256));
    auto no_wait = make_post(s, s->op(), "c2");
    no_wait.token = token;
    auto fingerprint = make_post(s, s->op(), "c1");
    fingerprint.token = token;
    fingerprint.fingerprint = "another";
    auto no_token = make_post(s, s->op(), "c1");
    auto hash = make_post(s, s->op(), "c1");
    hash.token = token_sha256;
    auto kind = make_post(s, s->op(), "c1");
    kind.token = token;
    kind.wait->kind = "external";
    std::vector<stores::post_request> wrong = {no_wait, fingerprint, no_token, hash, kind};
    for (const stores::post_request& request : wrong) {
        const auto outcome = co_await s->store->post(request);
        require(outcome == post_outcome::refused, "a wrong call, fingerprint, token or kind was not refused");
    }
    auto trusted = make_post(s, s->op(), "c1");
    trusted.trusted = true;
    trusted.fingerprint = "another";
    const auto not_seen = co_await s->store->post(std::move(trusted));
    require(not_seen == post_outcome::refused, "a wrong fingerprint of a trusted decision was not refused");
    auto right = make_post(s, s->op(), "c1");
    right.token = token;
    const auto accepted = co_await s->store->post(std::move(right));
    require(accepted == post_outcome::accepted, "the right token was refused");
    stores::commit_request end = make_commit(s, fence, 2);
    end.head.phase = run_phase::cancelled;
    co_await s->store->commit(std::move(end));
    auto order = make_post(s, s->op(), "c1");
    order.wait.reset();
    const auto late = co_await s->store->post(std::move(order));
    require(late == post_outcome::refused, "a terminal run took an order");
}

awaitable<void> takes_a_trusted_decision(scene_ptr s)
{
    co_await create_waiting(s, make_wait("c1", token_sha256));
    auto trusted = make_post(s, s->op(), "c1");
    trusted.trusted = true;
    const auto accepted = co_await s->store->post(std::move(trusted));
    require(accepted == post_outcome::accepted, "a trusted decision was asked for a token");
    auto late = make_post(s, s->op(), "c1");
    late.token = token;
    const auto second = co_await s->store->post(std::move(late));
    require(second == post_outcome::already_decided, "a token worked after another decision");
}

awaitable<void> refuses_a_late_decision(scene_ptr s)
{
    // The store's clock may be any: an acquire tells its time.
    co_await create_run(s, 1);
    stores::acquire_request probe;
    probe.run_id = s->run_id(1);
    probe.owner = "owner";
    probe.ttl = std::chrono::milliseconds(1);
    probe.op_id = s->op();
    const auto lease = co_await s->store->acquire(std::move(probe));
    stores::wait_record wait = make_wait("c1");
    wait.expires_at = lease.until;
    const std::int64_t fence = co_await create_waiting(s, wait);
    co_await pass_time(s, std::chrono::milliseconds(20));
    const auto outcome = co_await s->store->post(make_post(s, s->op(), "c1"));
    require(outcome == post_outcome::expired, "a decision about an expired wait was not refused");
    stores::commit_request close = make_commit(s, fence, 2);
    close.closed_waits.push_back(wait.key);
    co_await s->store->commit(std::move(close));
    const auto closed = co_await s->store->post(make_post(s, s->op(), "c1"));
    require(closed == post_outcome::already_decided, "a closed wait must be already_decided");
}

awaitable<void> replaces_a_wait(scene_ptr s)
{
    const std::int64_t fence = co_await create_waiting(s, make_wait("c1"));
    stores::commit_request rotate = make_commit(s, fence, 2);
    rotate.waits.push_back(make_wait("c1", token_sha256));
    const auto rotated = co_await s->store->commit(std::move(rotate));
    require(rotated.outcome == stores::commit_outcome::committed, "an open wait was not replaced");
    const auto old = co_await s->store->post(make_post(s, s->op(), "c1"));
    require(old == post_outcome::refused, "the token of a replaced wait still works");
    auto right = make_post(s, s->op(), "c1");
    right.token = token;
    const auto accepted = co_await s->store->post(std::move(right));
    require(accepted == post_outcome::accepted, "the token of the new wait does not work");
}

awaitable<void> keeps_the_order_of_arrival(scene_ptr s)
{
    co_await create_run(s);
    const std::int64_t fence = co_await acquire_run(s);
    std::vector<std::string> ids;
    for (int i = 9; i >= 0; --i) {
        ids.push_back(std::to_string(i) + s->op());
        auto order = make_post(s, ids.back(), "");
        order.wait.reset();
        order.fingerprint.clear();
        order.kind = "add_input";
        const auto outcome = co_await s->store->post(std::move(order));
        require(outcome == post_outcome::accepted, "an order to the run was not accepted");
    }
    stores::commit_request fold = make_commit(s, fence, 1);
    fold.consumed_inbox.push_back(ids[3]);
    co_await s->store->commit(std::move(fold));
    ids.erase(ids.begin() + 3);
    const stores::stored_run run = co_await load_run(s);
    require(run.inbox.size() == ids.size(), "inbox items are missing");
    for (std::size_t i = 0; i < ids.size(); ++i)
        require(run.inbox[i].inbox_id == ids[i] && !run.inbox[i].wait, "the inbox is not in the order of arrival");
}

}  // namespace

const check_list& post_checks()
{
    static const check_list checks = {
        {"a decision about an open wait is accepted and wakes the run", "base", accepts_a_decision},
        {"an inbox id is accepted once", "base", accepts_an_inbox_id_once},
        {"the first decision is kept", "base", keeps_the_first_decision},
        {"of several decisions exactly one wins", "base", lets_one_decision_win},
        {"a decision must fit the wait and its token", "base", refuses_what_does_not_fit},
        {"a trusted decision needs no token", "base", takes_a_trusted_decision},
        {"a decision after the wait has expired is refused", "base", refuses_a_late_decision},
        {"an open wait can be replaced", "base", replaces_a_wait},
        {"the inbox keeps the order of arrival", "base", keeps_the_order_of_arrival},
    };
    return checks;
}

}  // namespace dedalus::conformance
