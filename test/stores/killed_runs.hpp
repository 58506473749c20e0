#pragma once

#include <dedalus/handoff/handoff_loop.hpp>

#include "stores/worker_fleet.hpp"
#include "support/background_program.hpp"
#include "support/catch.hpp"
#include "support/client_fixture.hpp"
#include "support/run_coro.hpp"

#include <boost/asio/this_coro.hpp>
#include <boost/json/parse.hpp>

#include <cstdlib>
#include <iostream>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace test {

/// Of all stores together: DEDALUS_KILLS, else 200.
inline int wanted_kills()
{
    const char* text = std::getenv("DEDALUS_KILLS");
    return text == nullptr ? 200 : std::atoi(text);
}

/// DEDALUS_KILL_SEED, else another one each time.
inline std::uint32_t kill_seed()
{
    const char* text = std::getenv("DEDALUS_KILL_SEED");
    return text == nullptr ? std::random_device()() : static_cast<std::uint32_t>(std::strtoul(text, nullptr, 10));
}

inline bool has_answer(const boost::json::array& messages, std::string_view id)
{
    for (const boost::json::value& message : messages) {
        const boost::json::value* answered = message.get_object().if_contains("tool_call_id");
        if (answered != nullptr && answered->get_string() == id)
            return true;
    }
    return false;
}

/// Two calls at once, one more, and the end.
inline std::optional<dedalus::testing::reply>
serve_killed_runs(const dedalus::testing::received_request&, const boost::json::object& body)
{
    const boost::json::array& messages = body.at("messages").get_array();
    if (!has_answer(messages, "a"))
        return dedalus::testing::json_reply(boost::json::parse(
            R"({"id":"1","object":"chat.completion","created":1,"model":"m","choices":[],"turns_consumed":1,
                "pending_tools":[{"id":"a","name":"book","arguments":{}},{"id":"b","name":"pay","arguments":{}}]})"
        ));
    if (!has_answer(messages, "c"))
        return dedalus::testing::json_reply(boost::json::parse(
            R"({"id":"2","object":"chat.completion","created":1,"model":"m","choices":[],"turns_consumed":1,
                "pending_tools":[{"id":"c","name":"book","arguments":{},"dependencies":["a"]}]})"
        ));
    return dedalus::testing::text_reply("Done.");
}

inline boost::asio::awaitable<std::size_t> decide_all(std::shared_ptr<dedalus::run_store> store)
{
    const dedalus::run_inbox inbox(store);
    const std::vector<dedalus::waiting_call> waiting = co_await inbox.list_waiting();
    for (const dedalus::waiting_call& call : waiting) {
        const dedalus::stores::post_outcome outcome =
            co_await inbox.provide_result(call.run_id, call.call_id, "somebody looked");
        CHECK(outcome == dedalus::stores::post_outcome::accepted);
    }
    co_return waiting.size();
}

inline boost::asio::awaitable<std::vector<dedalus::stores::run_summary>>
all_runs(std::shared_ptr<dedalus::run_store> store)
{
    std::vector<dedalus::stores::run_summary> runs;
    dedalus::stores::list_query query;
    do {
        dedalus::stores::list_page page = co_await store->list(query);
        runs.insert(runs.end(), page.runs.begin(), page.runs.end());
        query.cursor = page.next;
    } while (!query.cursor.empty());
    co_return runs;
}

inline boost::asio::awaitable<dedalus::run_result>
result_of_run(dedalus::client_options options, std::shared_ptr<dedalus::run_store> store, std::string run_id)
{
    dedalus::handoff_options handoff;
    handoff.store = std::move(store);
    const dedalus::client client(co_await boost::asio::this_coro::executor, std::move(options));
    const dedalus::handoff_loop loop(client, dedalus::tool_registry(), handoff);
    co_return co_await loop.resume(std::move(run_id));
}

/// The server that the runs talk to, and what their tools do to the world.
struct killed_runs_scene
{
    killed_runs_scene() : server(plain_http()) { server.on_request(serve_killed_runs); }

    std::vector<std::string> command(const std::string& kind, const std::string& where) const
    {
        return {DEDALUS_RUN_WORKER, kind, where, server.url(), folder.path("traces")};
    }

    temporary_folder folder;
    dedalus::testing::server server;
};

/// What became of a run whose workers were killed: it is over, each result is that of an effect or of the person who
/// decided, each end that was acknowledged is there, and no once tool acted twice.
inline void check_killed_run(const dedalus::run_result& result, const worker_traces& traces)
{
    INFO(result.run_id);
    CHECK(result.phase == dedalus::run_phase::completed);
    REQUIRE(result.tool_results.size() == 3);
    for (const dedalus::tool_result& call : result.tool_results) {
        const std::string key = result.run_id + '/' + call.call_id;
        const auto effect = traces.effects.find(key);
        const int acted = effect == traces.effects.end() ? 0 : effect->second;
        CHECK((call.name == "pay" || acted <= 1));
        if (traces.finished.contains(key))
            CHECK(call.content == key + " done");
        CHECK((call.content == key + " done" ? acted >= 1 : call.content == "somebody looked"));
    }
}

/// Kills workers on the runs of a store, lets the runs come to their end, and looks at what happened.
/// `open` gives the store to this process, when the workers are gone.
template <class Open>
void kill_workers_of(const killed_runs_scene& scene, const std::string& kind, const std::string& where, Open open)
{
    const int kills = wanted_kills() / 2;
    const std::uint32_t seed = kill_seed();
    std::cout << kind << ": DEDALUS_KILL_SEED=" << seed << std::endl;
    worker_fleet fleet(scene.command(kind, where), seed);
    fleet.kill_workers(kills);
    fleet.finish();
    const std::shared_ptr<dedalus::run_store> store = open();
    std::size_t decided = 0;
    while (const std::size_t waiting = run_coro(decide_all(store))) {
        decided += waiting;
        fleet.finish();
    }
    CHECK(fleet.complaints() == std::set<std::string>());

    const worker_traces traces(scene.folder.path("traces"));
    CHECK(traces.violations == std::set<std::string>());
    const std::vector<dedalus::stores::run_summary> runs = run_coro(all_runs(store));
    std::size_t taken_over = 0;
    for (const dedalus::stores::run_summary& run : runs) {
        taken_over += run.fence > 1 ? 1U : 0U;
        check_killed_run(run_coro(result_of_run(options_for(scene.server), store, run.run_id)), traces);
    }
    CHECK(taken_over > 0);
    CHECK(traces.held > 0);
    std::cout << kind << ": " << kills << " kills, " << runs.size() << " runs, " << taken_over << " taken over, "
              << traces.held << " found held, " << traces.fenced << " writes fenced, " << decided
              << " calls decided by hand" << std::endl;
}

}  // namespace test
