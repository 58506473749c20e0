#include "handoff/normalise.hpp"

#include "support/catch.hpp"
#include "support/handoff_answers.hpp"

#include <optional>
#include <string>
#include <vector>

namespace normalise_test {

namespace core = dedalus::handoff_core;
using dedalus::tool_outcome;
using test::codes;
using test::has_code;
using test::pending;
using test::plain;
using list = std::vector<std::size_t>;
using names = std::vector<std::string>;

namespace {

// What normalise() knows in a test; the tool "tool" is registered.
struct world
{
    core::ledger calls;
    core::server_values server_results;
    std::vector<dedalus::deferred_call> deferred;
    names registered{"tool"};
    core::batch_limits limits;
    core::check_arguments check;
    core::batch_rules rules;

    core::batch normalise(std::vector<core::requested_call> requested) const
    {
        const core::batch_context context{calls, server_results, deferred, registered, 3, limits, check, rules};
        return core::normalise(std::move(requested), context);
    }

    core::call_key finished(const core::requested_call& call, tool_outcome outcome = tool_outcome::ok)
    {
        const core::call_key key = calls.add(call, core::fingerprint(call), 1, {});
        core::tool_end end;
        end.outcome = outcome;
        end.content = "saved";
        calls.finish(key, end, {});
        return key;
    }

    void defer(std::string id, names blocked_by = {})
    {
        dedalus::deferred_call& call = deferred.emplace_back();
        call.id = std::move(id);
        call.name = "server_tool";
        call.blocked_by = std::move(blocked_by);
    }
};

std::optional<tool_outcome> decided(const core::batch_node& node)
{
    return node.decided ? std::optional<tool_outcome>(node.decided->outcome) : std::nullopt;
}

}  // namespace

TEST_CASE("A dependency on another pending call is an edge, wherever that call stands in the list")
{
    const core::batch batch = world().normalise({pending("a", "tool", {"b"}), pending("b", "tool")});
    REQUIRE(batch.nodes.size() == 2);
    CHECK(batch.nodes[0].needs == list{1});
    CHECK(batch.nodes[1].needs.empty());
    CHECK(batch.diagnostics.empty());
    CHECK_FALSE(batch.protocol_error);
}

TEST_CASE("A dependency in server_results is met")
{
    world w;
    w.server_results["s"] = nullptr;
    const core::batch batch = w.normalise({pending("a", "tool", {"s"})});
    CHECK(batch.nodes[0].needs.empty());
    CHECK_FALSE(batch.nodes[0].decided);
    CHECK(batch.diagnostics.empty());
}

TEST_CASE("A dependency on a finished call of an earlier turn is met, however that call ended")
{
    world w;
    w.finished(pending("old", "tool"), GENERATE(tool_outcome::ok, tool_outcome::error));
    const core::batch batch = w.normalise({pending("a", "tool", {"old"})});
    CHECK(batch.nodes[0].needs.empty());
    CHECK_FALSE(batch.nodes[0].decided);
    CHECK(batch.diagnostics.empty());
}

TEST_CASE("A call that depends on a deferred call cannot run, and the message names the server call")
{
    world w;
    w.defer("s");
    const core::batch batch = w.normalise({pending("a", "tool", {"s"})});
    REQUIRE(batch.nodes[0].decided);
    CHECK(batch.nodes[0].decided->outcome == tool_outcome::skipped_dependency);
    CHECK(batch.nodes[0].decided->content.find("s (server_tool)") != std::string::npos);
    CHECK(batch.diagnostics.empty());
}

TEST_CASE("A deferred call that waits for the call that depends on it is diagnosed")
{
    world w;
    w.defer("s", {"a"});
    const core::batch batch = w.normalise({pending("a", "tool", {"s"}), pending("b", "tool")});
    CHECK(decided(batch.nodes[0]) == tool_outcome::skipped_dependency);
    CHECK_FALSE(batch.nodes[1].decided);
    CHECK(codes(batch.diagnostics) == names{"cross_venue_cycle"});
    CHECK(batch.diagnostics[0].turn == 3);
}

TEST_CASE("A dependency on an unknown id is dropped and diagnosed")
{
    const core::batch batch = world().normalise({pending("a", "tool", {"nowhere", ""})});
    CHECK(batch.nodes[0].needs.empty());
    CHECK_FALSE(batch.nodes[0].decided);
    CHECK(codes(batch.diagnostics) == names{"unknown_dependency", "unknown_dependency"});
}

TEST_CASE("A dependency on the call itself is dropped and diagnosed")
{
    const core::batch batch = world().normalise({pending("a", "tool", {"a"})});
    CHECK(batch.nodes[0].needs.empty());
    CHECK(codes(batch.diagnostics) == names{"self_dependency"});
}

TEST_CASE("Repeated ids in one list of dependencies are one")
{
    const core::batch batch =
        world().normalise({pending("a", "tool"), pending("b", "tool", {"a", "a", "x", "x", "a"})});
    CHECK(batch.nodes[1].needs == list{0});
    CHECK(codes(batch.diagnostics) == names{"unknown_dependency"});
}

TEST_CASE("Only the members of a cycle lose their edges, and they run one after another in listed order")
{
    // b, c and d wait for each other; d also needs a, and e needs c.
    const core::batch batch = world().normalise(
        {pending("a", "tool"),
         pending("b", "tool", {"d"}),
         pending("c", "tool", {"b"}),
         pending("d", "tool", {"c", "a"}),
         pending("e", "tool", {"c"})}
    );
    CHECK(batch.nodes[1].needs.empty());
    CHECK(batch.nodes[1].after.empty());
    CHECK(batch.nodes[2].needs.empty());
    CHECK(batch.nodes[2].after == list{1});
    CHECK(batch.nodes[3].needs == list{0});
    CHECK(batch.nodes[3].after == list{2});
    CHECK(batch.nodes[4].needs == list{2});
    CHECK(batch.nodes[4].after.empty());
    CHECK(codes(batch.diagnostics) == names{"dependency_cycle"});
    CHECK(batch.diagnostics[0].text.find("b, c, d") != std::string::npos);
}

TEST_CASE("Two entries with one id and one fingerprint are one call")
{
    const core::batch batch = world().normalise(
        {pending("a", "tool", {}, R"({"x":1})"), pending("b", "tool"), pending("a", "tool", {"b"}, R"({ "x": 1 })")}
    );
    REQUIRE(batch.nodes.size() == 2);
    CHECK(batch.nodes[0].needs == list{1});
    CHECK(batch.diagnostics.empty());
}

TEST_CASE("Two entries with one id and different fingerprints are a protocol error")
{
    const core::batch batch =
        world().normalise({pending("a", "tool", {}, R"({"x":1})"), pending("a", "tool", {}, R"({"x":2})")});
    CHECK(batch.protocol_error);
    CHECK(batch.nodes.empty());
}

TEST_CASE("A pending call without an id is a protocol error")
{
    const core::batch batch = world().normalise({pending("a", "tool"), pending("", "tool")});
    CHECK(batch.protocol_error);
    CHECK(batch.nodes.empty());
}

TEST_CASE("An id that no store takes is a protocol error, however the call was asked for")
{
    CHECK_FALSE(world().normalise({pending(std::string(1024, 'x'), "tool")}).protocol_error);
    const core::batch batch =
        world().normalise({GENERATE(pending(std::string(1025, 'x'), "nothing"), plain(std::string(1025, 'x'), "tool"))}
        );
    CHECK(batch.protocol_error);
    CHECK(batch.nodes.empty());
}

TEST_CASE("A finished call that comes back is known, and its saved end is used")
{
    world w;
    const core::call_key key = w.finished(pending("a", "tool", {}, R"({"x":1})"));
    const core::batch as_pending = w.normalise({pending("a", "tool", {"nowhere"}, R"({"x":1.0})")});
    CHECK(as_pending.nodes[0].known == key);
    CHECK_FALSE(as_pending.nodes[0].decided);
    CHECK(as_pending.diagnostics.empty());

    const core::batch beside_pending = w.normalise({pending("b", "tool"), plain("a", "tool", R"({"x":1})")});
    CHECK(beside_pending.nodes[1].known == key);
}

TEST_CASE("Without a pending call an id that comes back is a new call")
{
    world w;
    w.finished(pending("a", "tool", {}, R"({"x":1})"));
    const core::batch batch = w.normalise({plain("a", "tool", R"({"x":1})")});
    CHECK_FALSE(batch.nodes[0].known);
    CHECK_FALSE(batch.nodes[0].decided);
}

TEST_CASE("A skipped call that comes back is planned anew, one that failed is not")
{
    world w;
    w.finished(pending("a", "tool"), tool_outcome::skipped_dependency);
    const core::call_key failed = w.finished(pending("b", "tool"), tool_outcome::error);
    const core::batch batch = w.normalise({pending("a", "tool"), pending("b", "tool")});
    CHECK_FALSE(batch.nodes[0].known);
    CHECK_FALSE(batch.nodes[0].decided);
    CHECK(batch.nodes[1].known == failed);
}

TEST_CASE("The id of an earlier call that was another is a protocol error for a pending call")
{
    world w;
    w.finished(pending("a", "tool", {}, R"({"x":1})"));
    CHECK(w.normalise({pending("a", "tool", {}, R"({"x":2})")}).protocol_error);
    CHECK(w.normalise({pending("a", "other", {}, R"({"x":1})")}).protocol_error);
}

TEST_CASE("The id of an earlier call that was another is a new call for a plain one")
{
    world w;
    w.finished(plain("call_0", "tool", R"({"x":1})"));
    const core::batch batch = w.normalise({plain("call_0", "tool", R"({"x":2})")});
    CHECK_FALSE(batch.protocol_error);
    REQUIRE(batch.nodes.size() == 1);
    CHECK_FALSE(batch.nodes[0].known);
}

TEST_CASE("A new id with an old fingerprint is a new call")
{
    world w;
    w.finished(pending("a", "tool"));
    CHECK_FALSE(w.normalise({pending("b", "tool")}).nodes[0].known);
}

TEST_CASE("A tool that is not registered is decided, with the names of those that are")
{
    const core::batch batch = world().normalise({pending("a", "nothing"), plain("b", "nothing", "{")});
    CHECK(decided(batch.nodes[0]) == tool_outcome::unknown_tool);
    CHECK(batch.nodes[0].decided->content.find("tool") != std::string::npos);
    CHECK(decided(batch.nodes[1]) == tool_outcome::unknown_tool);
}

TEST_CASE("Arguments that are not a JSON object are decided, with the words of the parser")
{
    const core::batch batch = world().normalise({plain("a", "tool", R"({"x":)"), plain("b", "tool", "[]")});
    CHECK(decided(batch.nodes[0]) == tool_outcome::invalid_arguments);
    CHECK(batch.nodes[0].decided->content.find("incomplete") != std::string::npos);
    CHECK(decided(batch.nodes[1]) == tool_outcome::invalid_arguments);
}

TEST_CASE("Arguments that do not fit their tool end the call before it is run")
{
    world w;
    w.check = [](const std::string& name, const boost::json::object& arguments) {
        return name == "tool" && !arguments.contains("city") ? std::string("$.city: is missing") : std::string();
    };
    const core::batch batch =
        w.normalise({pending("a", "tool"), pending("b", "tool", {}, R"({"city":1})"), pending("c", "other")});
    CHECK(decided(batch.nodes[0]) == tool_outcome::invalid_arguments);
    CHECK(batch.nodes[0].decided->content == "Error: the arguments do not fit the tool: $.city: is missing");
    CHECK(decided(batch.nodes[1]) == std::nullopt);
    CHECK(decided(batch.nodes[2]) == tool_outcome::unknown_tool);
}

TEST_CASE("Arguments that hold the id of a dependency are diagnosed and left alone")
{
    const core::batch batch = world().normalise(
        {pending("call_a", "tool"), pending("b", "tool", {"call_a"}, R"({"x":[{"y":"use ${call_a}"}]})")}
    );
    CHECK(codes(batch.diagnostics) == names{"dependency_id_in_arguments"});
    CHECK(batch.nodes[1].call.arguments_text == R"({"x":[{"y":"use ${call_a}"}]})");
}

TEST_CASE("A batch over the limits is a protocol error")
{
    world w;
    std::vector<core::requested_call> calls;
    for (int i = 0; i < 256; ++i)
        calls.push_back(pending("c" + std::to_string(i), "tool"));
    CHECK_FALSE(w.normalise(calls).protocol_error);
    calls.push_back(pending("one_more", "tool"));
    CHECK(w.normalise(calls).protocol_error);

    w.limits.max_edges = 3;
    CHECK_FALSE(w.normalise({pending("a", "tool", {"x", "x", "x"})}).protocol_error);
    CHECK(w.normalise({pending("a", "tool", {"x", "x"}), pending("b", "tool", {"a", "a"})}).protocol_error);
}

TEST_CASE("The default limits of a batch are 256 calls and 4096 dependencies")
{
    CHECK(core::batch_limits{}.max_calls == 256);
    CHECK(core::batch_limits{}.max_edges == 4096);
}

}  // namespace normalise_test
