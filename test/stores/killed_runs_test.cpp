#include <dedalus/handoff/handoff_loop.hpp>
#include <dedalus/stores/sqlite.hpp>

#include "support/background_program.hpp"
#include "support/catch.hpp"
#include "support/child_process.hpp"
#include "support/client_fixture.hpp"
#include "support/run_coro.hpp"

#include <boost/asio/this_coro.hpp>
#include <boost/json/parse.hpp>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace killed_runs_test {

namespace asio = boost::asio;
namespace json = boost::json;
namespace stores = dedalus::stores;
using dedalus::run_phase;

namespace {

int wanted_kills()
{
    const char* text = std::getenv("DEDALUS_KILLS");
    return text == nullptr ? 200 : std::atoi(text);
}

bool answers(const json::array& messages, std::string_view id)
{
    for (const json::value& message : messages) {
        const json::value* answered = message.get_object().if_contains("tool_call_id");
        if (answered != nullptr && answered->get_string() == id)
            return true;
    }
    return false;
}

/// Two calls at once, one more, and the end.
std::optional<dedalus::testing::reply> serve(const dedalus::testing::received_request&, const json::object& body)
{
    const json::array& messages = body.at("messages").get_array();
    if (!answers(messages, "a"))
        return dedalus::testing::json_reply(json::parse(
            R"({"id":"1","object":"chat.completion","created":1,"model":"m","choices":[],"turns_consumed":1,
                "pending_tools":[{"id":"a","name":"book","arguments":{}},{"id":"b","name":"pay","arguments":{}}]})"
        ));
    if (!answers(messages, "c"))
        return dedalus::testing::json_reply(json::parse(
            R"({"id":"2","object":"chat.completion","created":1,"model":"m","choices":[],"turns_consumed":1,
                "pending_tools":[{"id":"c","name":"book","arguments":{},"dependencies":["a"]}]})"
        ));
    return dedalus::testing::text_reply("Done.");
}

struct scene
{
    scene() : server(test::plain_http()) { server.on_request(serve); }

    std::vector<std::string> command(const std::string& mode) const
    {
        return {DEDALUS_RUN_WORKER, folder.path("runs.db"), server.url(), folder.path("effects"), mode};
    }

    std::map<std::string, int> effects() const
    {
        std::map<std::string, int> count;
        std::ifstream file(folder.path("effects"));
        for (std::string key; std::getline(file, key);)
            ++count[key];
        return count;
    }

    test::temporary_folder folder;
    dedalus::testing::server server;
};

asio::awaitable<std::size_t> decide_all(std::shared_ptr<dedalus::run_store> store)
{
    const dedalus::run_inbox inbox(store);
    const std::vector<dedalus::waiting_call> waiting = co_await inbox.list_waiting();
    for (const dedalus::waiting_call& call : waiting) {
        const stores::post_outcome outcome =
            co_await inbox.provide_result(call.run_id, call.call_id, "somebody looked");
        CHECK(outcome == stores::post_outcome::accepted);
    }
    co_return waiting.size();
}

asio::awaitable<std::vector<stores::run_summary>> all_runs(std::shared_ptr<dedalus::run_store> store)
{
    std::vector<stores::run_summary> runs;
    stores::list_query query;
    do {
        stores::list_page page = co_await store->list(query);
        runs.insert(runs.end(), page.runs.begin(), page.runs.end());
        query.cursor = page.next;
    } while (!query.cursor.empty());
    co_return runs;
}

asio::awaitable<dedalus::run_result>
result_of(dedalus::client_options options, std::shared_ptr<dedalus::run_store> store, std::string run_id)
{
    dedalus::handoff_options handoff;
    handoff.store = std::move(store);
    const dedalus::client client(co_await asio::this_coro::executor, std::move(options));
    const dedalus::handoff_loop loop(client, dedalus::tool_registry(), handoff);
    co_return co_await loop.resume(std::move(run_id));
}

}  // namespace

TEST_CASE("runs whose processes are killed come to their end, and no once tool acts twice")
{
    scene s;
    std::mt19937 random(4711);
    const int kills = wanted_kills();
    for (int i = 0; i < kills; ++i) {
        test::child_process worker(s.command("work"));
        std::this_thread::sleep_for(std::chrono::milliseconds(30 + random() % 120));
        worker.kill();
    }
    CHECK(test::child_process(s.command("finish")).read_line() == "done");
    const auto store = std::make_shared<dedalus::sqlite_run_store>(s.folder.path("runs.db"));
    std::size_t decided = 0;
    while (const std::size_t waiting = test::run_coro(decide_all(store))) {
        decided += waiting;
        CHECK(test::child_process(s.command("finish")).read_line() == "done");
    }

    const std::map<std::string, int> effects = s.effects();
    const std::vector<stores::run_summary> runs = test::run_coro(all_runs(store));
    std::size_t interrupted = 0;
    for (const stores::run_summary& run : runs) {
        INFO(run.run_id);
        interrupted += run.fence > 1 ? 1U : 0U;
        REQUIRE(run.phase == run_phase::completed);
        const dedalus::run_result result = test::run_coro(result_of(test::options_for(s.server), store, run.run_id));
        REQUIRE(result.tool_results.size() == 3);
        for (const dedalus::tool_result& call : result.tool_results) {
            const std::string key = run.run_id + '/' + call.call_id;
            const int acted = effects.contains(key) ? effects.at(key) : 0;
            CHECK((call.call_id == "b" || acted <= 1));
            CHECK((call.content == key + " done" ? acted >= 1 : call.content == "somebody looked"));
        }
    }
    CHECK(interrupted > 0);
    std::cout << "killed runs: " << kills << " kills, " << runs.size() << " runs, " << interrupted
              << " taken up by another process, " << decided << " calls decided by hand\n";
}

}  // namespace killed_runs_test
