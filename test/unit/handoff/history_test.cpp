#include "handoff/history.hpp"

#include "support/catch.hpp"
#include "support/handoff_answers.hpp"

#include <boost/json/object.hpp>

#include <string>
#include <vector>

namespace history_test {

namespace core = dedalus::handoff_core;
using test::outline;
using test::tool_text;

namespace {

dedalus::assistant_message assistant(const std::vector<std::string>& call_ids, const std::string& text = "")
{
    dedalus::assistant_message message;
    if (!text.empty())
        message.content = text;
    for (const std::string& id : call_ids) {
        dedalus::function_tool_call call;
        call.id = id;
        call.function.name = "tool";
        message.tool_calls.emplace_back(call);
    }
    return message;
}

dedalus::message user()
{
    return dedalus::user_message{"Hello"};
}

dedalus::message tool(const std::string& id)
{
    dedalus::tool_message message;
    message.content = "done";
    message.tool_call_id = id;
    return message;
}

}  // namespace

TEST_CASE("Tool messages stand in the order of the calls")
{
    core::history history({user()});
    history.append(assistant({"b", "a", "c"}), {{"a", "1"}, {"b", "2"}, {"c", "3"}});
    CHECK(outline(history.sendable({})) == "user assistant(b,a,c) tool:b tool:a tool:c");
    CHECK(tool_text(history.sendable({}), "b") == "2");
}

TEST_CASE("Calls without an answer stay while they are deferred, and are left out otherwise")
{
    core::history history({user()});
    history.append(assistant({"a", "d"}), {{"a", "1"}});
    history.append(assistant({}, "more"), {});
    CHECK(outline(history.sendable({"d"})) == "user assistant(a,d) tool:a assistant");
    CHECK(outline(history.sendable({})) == "user assistant(a) tool:a assistant");
}

TEST_CASE("An assistant message with nothing in it is left out")
{
    core::history history({user()});
    history.append(assistant({}), {});
    history.append(assistant({"d"}), {});
    CHECK(outline(history.sendable({})) == "user");
    CHECK(outline(history.sendable({"d"})) == "user assistant(d)");
    history.append(assistant({"e"}, "text"), {});
    CHECK(outline(history.sendable({})) == "user assistant");

    dedalus::assistant_message refusal;
    refusal.refusal = "no";
    history.append(refusal, {});
    CHECK(outline(history.sendable({})) == "user assistant assistant");
}

TEST_CASE("Content without text is content")
{
    core::history history({user()});
    dedalus::assistant_message thoughts;
    thoughts.content = std::vector<dedalus::content_part>{boost::json::object{{"type", "thinking"}}};
    history.append(thoughts, {});
    CHECK(outline(history.sendable({})) == "user assistant");
    thoughts.content = std::vector<dedalus::content_part>{};
    history.append(thoughts, {});
    thoughts.content = "";
    history.append(thoughts, {});
    CHECK(outline(history.sendable({})) == "user assistant");
}

TEST_CASE("A late server result answers its call at its place")
{
    core::history history({user()});
    history.append(assistant({"a", "d", "b"}), {{"a", "1"}, {"b", "2"}});
    history.append(assistant({"x"}), {{"x", "3"}});
    CHECK(history.answer_late("d", "late"));
    CHECK(outline(history.sendable({})) == "user assistant(a,d,b) tool:a tool:d tool:b assistant(x) tool:x");
    CHECK(tool_text(history.sendable({}), "d") == "late");
    CHECK_FALSE(history.answer_late("d", "again"));
    CHECK_FALSE(history.answer_late("nowhere", "x"));
    CHECK(tool_text(history.sendable({}), "d") == "late");
}

TEST_CASE("A valid list has no violation")
{
    const std::vector<std::vector<dedalus::message>> lists{
        {},
        {user(), assistant({}, "x"), user()},
        {user(), assistant({"a", "b"}), tool("b"), tool("a"), user()},
        {assistant({"a"}), tool("a"), assistant({"a"}), tool("a")},
        {assistant({"a", "d"}), tool("a"), user()},
    };
    for (const auto& list : lists)
        CHECK_FALSE(core::find_violation(list, {"d"}));
}

TEST_CASE("Violations of the rules for tool messages are found, with their place")
{
    struct row
    {
        std::vector<dedalus::message> list;
        std::string place;
    };

    const std::vector<row> rows{
        {{user(), tool("a")}, "messages[1]"},
        {{user(), assistant({"a"}), user()}, "messages[1]"},
        {{assistant({"a"})}, "messages[0]"},
        {{assistant({"a"}), user(), tool("a")}, "messages[0]"},
        {{assistant({"a"}), tool("b"), tool("a")}, "messages[1]"},
        {{assistant({"a"}), tool("a"), tool("a")}, "messages[2]"},
        {{assistant({}, "x"), tool("a")}, "messages[1]"},
        {{assistant({"a"}), tool("a"), assistant({"b"}), tool("a")}, "messages[3]"},
    };
    for (const row& r : rows) {
        const std::optional<std::string> violation = core::find_violation(r.list, {"d"});
        REQUIRE(violation);
        CHECK(violation->starts_with(r.place + ":"));
    }
}

TEST_CASE("What is new in a history is looked at once, and until it is right")
{
    core::history history({user()});
    CHECK_FALSE(history.find_new_violation({}));
    history.append(assistant({"a", "d"}), {{"a", "1"}});
    CHECK_FALSE(history.find_new_violation({"d"}));
    history.add({tool("b")});
    CHECK(history.find_new_violation({"d"}));
    CHECK(history.find_new_violation({"d"}));
}

TEST_CASE("An added tool message is right or wrong by the assistant message before it, old as that may be")
{
    core::history history({user()});
    history.append(assistant({"a", "d"}), {{"a", "1"}});
    CHECK_FALSE(history.find_new_violation({"d"}));
    history.add({tool("d")});
    CHECK_FALSE(history.find_new_violation({}));
    history.add({user(), tool("d")});
    CHECK(history.find_new_violation({}));
}

TEST_CASE("What a history makes is always valid")
{
    core::history history({user()});
    history.append(assistant({"a", "d"}, "x"), {{"a", "1"}});
    history.append(assistant({"d2", "e"}), {{"e", "2"}});
    history.append(assistant({"f"}), {});
    CHECK_FALSE(core::find_violation(history.sendable({}), {}));
    CHECK_FALSE(core::find_violation(history.sendable({"d", "d2"}), {"d", "d2"}));
    history.answer_late("d", "late");
    CHECK_FALSE(core::find_violation(history.sendable({"d2"}), {"d2"}));
}

}  // namespace history_test
