#include "handoff/decision.hpp"

#include <dedalus/stores/store_error.hpp>

#include "support/catch.hpp"

#include <boost/json/serialize.hpp>

#include <string>
#include <vector>

namespace decision_test {

namespace core = dedalus::handoff_core;
namespace json = boost::json;
using dedalus::wait_kind;
using kind = core::decision::kind;

namespace {

/// What can be decided about whom.
struct row
{
    kind what;
    const char* name;
    bool approval;
    bool external;
    bool unknown;
};

const std::vector<row> table{
    {kind::approve, "approve", true, false, true},
    {kind::approve_always, "approve_always", true, false, false},
    {kind::edit, "edit", true, false, false},
    {kind::reject, "reject", true, true, true},
    {kind::result, "result", false, true, true},
    {kind::error, "error", false, true, true},
    {kind::cancel_run, "cancel_run", false, false, false},
    {kind::add_input, "add_input", false, false, false}};

core::decision read_again(const core::decision& d)
{
    dedalus::stores::inbox_item item;
    item.kind = core::decision_name(d.what);
    item.body = core::decision_body(d);
    return core::read_decision(item);
}

}  // namespace

TEST_CASE("Each decision is for certain waits")
{
    for (const row& r : table) {
        INFO(r.name);
        CHECK(core::decision_name(r.what) == r.name);
        CHECK(core::may_decide(r.what, wait_kind::approval) == r.approval);
        CHECK(core::may_decide(r.what, wait_kind::external_result) == r.external);
        CHECK(core::may_decide(r.what, wait_kind::unknown_outcome) == r.unknown);
        CHECK(core::is_order(r.what) == (!r.approval && !r.external && !r.unknown));
    }
}

TEST_CASE("A decision is read as it was written")
{
    for (const row& r : table) {
        core::decision made;
        made.what = r.what;
        made.value = json::array{1, nullptr};
        made.arguments = {{"n", 2}};
        made.text = "why";
        made.messages.emplace_back(dedalus::user_message{"And hurry."});
        const core::decision read = read_again(made);
        INFO(r.name);
        CHECK(read.what == r.what);
        CHECK((read.value == made.value) == (r.what == kind::result));
        CHECK((read.arguments == made.arguments) == (r.what == kind::edit));
        CHECK((read.text == made.text) == (r.what == kind::reject || r.what == kind::error));
        REQUIRE(read.messages.size() == (r.what == kind::add_input ? 1U : 0U));
    }
    core::decision nothing;
    nothing.what = kind::result;
    CHECK(read_again(nothing).value.is_null());
}

TEST_CASE("A decision that nobody has written is refused, not guessed")
{
    dedalus::stores::inbox_item item;
    item.kind = "approve";
    CHECK_THROWS_AS(core::read_decision(item), dedalus::store_error);
    item.body = "{}";
    CHECK(core::read_decision(item).what == kind::approve);
    for (const char* needs_more : {"edit", "reject", "result", "error", "add_input", "vote"}) {
        INFO(needs_more);
        item.kind = needs_more;
        CHECK_THROWS_AS(core::read_decision(item), dedalus::store_error);
    }
    item.kind = "add_input";
    item.body = R"({"messages":{}})";
    CHECK_THROWS_AS(core::read_decision(item), dedalus::store_error);
}

TEST_CASE("A tool allows decisions, of which those count that make sense for what its call waits for")
{
    using dedalus::wait_decision;
    using dedalus::wait_kind;
    using decisions = std::vector<wait_decision>;
    const decisions some{wait_decision::reject, wait_decision::approve};
    CHECK(
        core::allowed_decisions(some, wait_kind::approval) == decisions{wait_decision::approve, wait_decision::reject}
    );
    CHECK(core::allowed_decisions(some, wait_kind::external_result) == decisions{wait_decision::reject});
    CHECK(
        core::allowed_decisions({wait_decision::edit}, wait_kind::external_result) ==
        decisions{wait_decision::reject, wait_decision::result, wait_decision::error}
    );
    CHECK(core::allowed_decisions({}, wait_kind::approval).size() == 4);
    CHECK(core::is_allowed(core::decision::kind::approve, some));
    CHECK_FALSE(core::is_allowed(core::decision::kind::edit, some));
    CHECK_FALSE(core::is_allowed(core::decision::kind::cancel_run, core::allowed_decisions({}, wait_kind::approval)));
}

}  // namespace decision_test
