#include "handoff/history.hpp"

#include <dedalus/error.hpp>

#include "codec/encode_chat_request.hpp"
#include "crypto/sha256.hpp"
#include "support/catch.hpp"
#include "support/handoff_answers.hpp"

#include <boost/json/object.hpp>

#include <random>
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

namespace {

/// A history that changes at random, with the calls that its requests are to have though nothing answers them.
struct random_history
{
    explicit random_history(unsigned seed) : random(seed), messages({beginning()}) {}

    static dedalus::message beginning() { return dedalus::developer_message{"Be \"brief\".\n"}; }

    bool one_of(unsigned n) { return random() % n == 0; }

    std::string any_id() { return "c" + std::to_string(random() % (ids + 2)); }

    void add_answer()
    {
        std::vector<std::string> calls;
        core::answer_texts answers;
        for (auto left = random() % 4; left > 0; --left) {
            calls.push_back(one_of(5) ? any_id() : "c" + std::to_string(++ids));
            if (one_of(2))
                answers[calls.back()] = "\"\u00e4\n";
            else if (one_of(2))
                deferred.insert(calls.back());
            else if (one_of(2))
                held_back.insert(calls.back());
        }
        messages.append(assistant(calls, one_of(3) ? "" : "text"), answers);
    }

    void step()
    {
        held_back.clear();
        add_answer();
        if (one_of(4))
            messages.add({user()});
        if (one_of(8))
            messages.add({user(), tool(any_id())});
        if (one_of(2))
            messages.answer_late(any_id(), "late");
        if (one_of(3) && !deferred.empty())
            deferred.erase(deferred.begin());
        if (messages.find_new_violation(deferred, held_back))
            messages.drop_unchecked();
    }

    /// The short way to a body and the long one lead to the same.
    void check(dedalus::dialect to)
    {
        dedalus::chat_completion_request request{.model = "m", .seed = 1};
        request.messages = messages.sendable(deferred, held_back);
        const std::string body = dedalus::codec::encode_chat_request(request, false, to);
        request.messages.clear();
        request.messages_raw = messages.sendable_text(deferred, held_back, to);
        REQUIRE(dedalus::codec::encode_chat_request(request, false, to) == body);
        const auto frame = dedalus::codec::encode_chat_request_frame(request, false, to);
        REQUIRE(messages.body_sha256(frame) == dedalus::crypto::sha256_hex(body));
    }

    std::minstd_rand random;
    core::history messages;
    core::id_set deferred;
    core::id_set held_back;
    unsigned ids = 0;
};

}  // namespace

TEST_CASE("The text of a history is that of its messages, and its digest that of the body, whatever is changed")
{
    const auto to = GENERATE(dedalus::dialect::dedalus, dedalus::dialect::openai, dedalus::dialect::mistral);
    for (unsigned seed = 1; seed <= 200; ++seed) {
        INFO("seed " << seed);
        random_history run(seed);
        for (int i = 0; i < 20; ++i) {
            run.step();
            if (!run.one_of(3))
                run.check(to);
        }
        run.check(dedalus::dialect::dedalus);
        run.check(to);
    }
}

TEST_CASE("A history that has no messages has no text")
{
    core::history history({});
    CHECK(history.sendable_text({}, {}, dedalus::dialect::dedalus).empty());
    history.append(assistant({"d"}), {});
    CHECK(history.sendable_text({}, {}, dedalus::dialect::dedalus).empty());
    CHECK_FALSE(history.sendable_text({"d"}, {}, dedalus::dialect::dedalus).empty());
}

TEST_CASE("A message that cannot be text is refused each time, with its place")
{
    core::history history({user()});
    history.append(assistant({"d"}), {});
    history.append(assistant({}, "\xff"), {});
    for (int i = 0; i < 2; ++i) {
        try {
            history.sendable_text({}, {}, dedalus::dialect::dedalus);
            FAIL("nothing was thrown");
        }
        catch (const dedalus::invalid_request_error& e) {
            CHECK(std::string(e.what()).starts_with("messages[1].content"));
        }
    }
}

TEST_CASE("A digest of a body follows what stands before the messages")
{
    core::history history({user()});
    const std::string messages = history.sendable_text({}, {}, dedalus::dialect::dedalus);
    for (const std::string model : {"a", "b"}) {
        const std::string before = R"({"model":")" + model + R"(","messages":)";
        const dedalus::codec::chat_request_frame frame{before, "}"};
        CHECK(history.body_sha256(frame) == dedalus::crypto::sha256_hex(before + messages + "}"));
    }
}

TEST_CASE("What is taken back leaves all that was right, late answers included")
{
    core::history history({user()});
    history.append(assistant({"d"}), {});
    history.append(assistant({"a"}), {{"a", "1"}});
    CHECK_FALSE(history.find_new_violation({"d"}));
    CHECK(history.answer_late("d", "late"));
    history.add({user(), tool("x")});
    CHECK(history.find_new_violation({}));
    history.drop_unchecked();
    CHECK(outline(history.sendable({})) == "user assistant(d) tool:d assistant(a) tool:a");
}

}  // namespace history_test
