#pragma once

#include <dedalus/handoff/run_export.hpp>
#include <dedalus/handoff/run_inbox.hpp>
#include <dedalus/stores/memory.hpp>

#include "support/catch.hpp"
#include "support/durable_scene.hpp"

#include <memory>
#include <string>
#include <vector>

namespace test {

/// The document of the run "r1" of a store.
inline std::string export_of(std::shared_ptr<dedalus::run_store> store)
{
    dedalus::stores::load_request request;
    request.run_id = "r1";
    const dedalus::stores::load_result loaded = run_coro(store->load(std::move(request)));
    REQUIRE(loaded.outcome == dedalus::stores::load_outcome::loaded);
    return dedalus::export_run(loaded.run);
}

/// A run that the engine has made: two turns, and a call that waits for an approval.
inline void suspend_run(durable_scene& s)
{
    dedalus::tool_options approved;
    approved.needs_approval = true;
    s.add("look", {.effect = dedalus::tool_effect::pure});
    s.add("book", approved);
    s.says(
        asks('[' + pending_call("a", "look") + ']', R"(,"correlation_id":"s1","deferred":[ {"id":"d","name":"bill"} ])")
    );
    s.says(asks('[' + pending_call("b", "book") + ',' + pending_call("\\u00e9 c", "look") + ']'));
    REQUIRE(s.run().phase == dedalus::run_phase::suspended);
}

/// The run of the scene goes from its store through all of these, byte for byte, and is brought to its end in the last
/// one, while the first one does not change.
inline void move_through(durable_scene& s, std::vector<std::shared_ptr<dedalus::run_store>> stores)
{
    const std::string document = export_of(s.store);
    for (const auto& store : stores) {
        REQUIRE(run_coro(dedalus::import_run(store, document)) == dedalus::stores::create_outcome::created);
        REQUIRE(export_of(store) == document);
        CHECK(run_coro(dedalus::import_run(store, document)) == dedalus::stores::create_outcome::exists);
    }

    const dedalus::run_inbox inbox(stores.back());
    const std::vector<dedalus::waiting_call> waiting = run_coro(inbox.list_waiting());
    REQUIRE(waiting.size() == 1);
    CHECK(waiting.front().name == "book");
    CHECK(run_coro(inbox.approve("r1", "b")) == dedalus::stores::post_outcome::accepted);
    s.says(ends("Moved."));
    s.log.clear();
    const auto input = s.input();
    input->store = stores.back();
    const dedalus::run_result result = run_coro(durable_scene::follow(input, s.stop));
    CHECK(result.phase == dedalus::run_phase::completed);
    CHECK(result.final_text == "Moved.");
    CHECK(s.log == std::vector<std::string>{"b"});
    CHECK(export_of(s.store) == document);
}

}  // namespace test
