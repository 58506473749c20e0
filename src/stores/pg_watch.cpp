#include "stores/pg_watch.hpp"

#include <algorithm>
#include <utility>

namespace dedalus::stores {

namespace asio = boost::asio;

struct pg_watch::state
{
    state(store_strand s, std::string to, std::string run, std::chrono::milliseconds limit)
        : strand(std::move(s)), connection(std::move(to)), run_id(std::move(run)), time_limit(limit)
    {}

    store_strand strand;
    std::string connection;
    std::string run_id;
    std::chrono::milliseconds time_limit;
    std::unique_ptr<pg_connection> listener{};
};

namespace {

using clock = std::chrono::steady_clock;

// A wait that goes on to its end is cut into such pieces; between them a cancellation is seen.
constexpr std::chrono::milliseconds piece(100);

using told = std::optional<std::string>;

asio::awaitable<bool> listen(std::shared_ptr<pg_watch::state> s)
{
    if (s->listener)
        co_return true;
    std::exception_ptr failure;
    auto listener = std::make_unique<pg_connection>(s->strand);
    try {
        listener->set_deadline(clock::now() + s->time_limit);
        co_await listener->connect(s->connection);
        co_await listener->run_all("LISTEN dedalus_runs");
        s->listener = std::move(listener);
    }
    catch (const pg_error& e) {
        failure = std::make_exception_ptr(to_store_error(e));
    }
    if (failure)
        std::rethrow_exception(failure);
    co_return true;
}

// A broken connection may have lost something: then anything may have happened.
asio::awaitable<told> listen_until(std::shared_ptr<pg_watch::state> s, clock::time_point at)
{
    if (!s->listener) {
        co_await listen(s);
        co_return told("");
    }
    s->listener->set_deadline(at);
    bool lost = false;
    told payload;
    try {
        payload = co_await s->listener->next_notification();
    }
    catch (const pg_error&) {
        lost = true;
    }
    if (lost) {
        s->listener.reset();
        co_await listen(s);
        co_return told("");
    }
    co_return payload;
}

asio::awaitable<told> next_notice(std::shared_ptr<pg_watch::state> s, std::chrono::milliseconds at_most)
{
    const clock::time_point end = clock::now() + at_most;
    for (;;) {
        const clock::time_point at = std::min(end, clock::now() + piece);
        const told payload = co_await run_shielded(s->strand, listen_until(s, at));
        if (payload && (payload->empty() || s->run_id.empty() || *payload == s->run_id))
            co_return payload;
        if (clock::now() >= end)
            co_return std::nullopt;
    }
}

asio::awaitable<void> start_listening(std::shared_ptr<pg_watch::state> s)
{
    co_await run_shielded(s->strand, listen(s));
}

}  // namespace

pg_watch::pg_watch(
    store_strand strand, std::string connection, std::string run_id, std::chrono::milliseconds time_limit
)
    : state_(std::make_shared<state>(std::move(strand), std::move(connection), std::move(run_id), time_limit))
{}

asio::awaitable<void> pg_watch::start()
{
    return start_listening(state_);
}

asio::awaitable<std::optional<std::string>> pg_watch::next(std::chrono::milliseconds at_most)
{
    return next_notice(state_, at_most);
}

}  // namespace dedalus::stores
