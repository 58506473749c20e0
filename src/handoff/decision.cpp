#include "handoff/decision.hpp"

#include <dedalus/json.hpp>

#include "handoff/member_reader.hpp"
#include "handoff/name_table.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/value_from.hpp>
#include <boost/json/value_to.hpp>

#include <algorithm>
#include <optional>
#include <utility>

namespace dedalus::handoff_core {

namespace json = boost::json;

namespace {

using decision_kind = decision::kind;

decision_kind kind_of(wait_decision decision)
{
    switch (decision) {
    case wait_decision::approve:
        return decision_kind::approve;
    case wait_decision::approve_always:
        return decision_kind::approve_always;
    case wait_decision::edit:
        return decision_kind::edit;
    case wait_decision::reject:
        return decision_kind::reject;
    case wait_decision::result:
        return decision_kind::result;
    case wait_decision::error:
        break;
    }
    return decision_kind::error;
}

constexpr auto decision_names = make_names<decision_kind>(
    {{"approve", decision_kind::approve},
     {"approve_always", decision_kind::approve_always},
     {"edit", decision_kind::edit},
     {"reject", decision_kind::reject},
     {"result", decision_kind::result},
     {"error", decision_kind::error},
     {"cancel_run", decision_kind::cancel_run},
     {"add_input", decision_kind::add_input},
     {"cancel_call", decision_kind::cancel_call}}
);

}  // namespace

bool may_decide(decision::kind what, wait_kind wait) noexcept
{
    switch (what) {
    case decision_kind::approve:
        return wait == wait_kind::approval || wait == wait_kind::unknown_outcome;
    case decision_kind::approve_always:
    case decision_kind::edit:
        return wait == wait_kind::approval;
    case decision_kind::result:
    case decision_kind::error:
        return wait == wait_kind::external_result || wait == wait_kind::unknown_outcome;
    case decision_kind::reject:
        return true;
    case decision_kind::cancel_run:
    case decision_kind::add_input:
    case decision_kind::cancel_call:
        break;
    }
    return false;
}

std::vector<wait_decision> allowed_decisions(const std::vector<wait_decision>& wanted, wait_kind wait)
{
    std::vector<wait_decision> all;
    std::vector<wait_decision> allowed;
    for (const wait_decision each :
         {wait_decision::approve,
          wait_decision::approve_always,
          wait_decision::edit,
          wait_decision::reject,
          wait_decision::result,
          wait_decision::error})
    {
        if (!may_decide(kind_of(each), wait))
            continue;
        all.push_back(each);
        if (std::ranges::find(wanted, each) != wanted.end())
            allowed.push_back(each);
    }
    return allowed.empty() ? all : allowed;
}

bool is_allowed(decision::kind what, const std::vector<wait_decision>& allowed)
{
    return std::ranges::any_of(allowed, [what](wait_decision each) { return kind_of(each) == what; });
}

std::string_view decision_name(decision::kind what) noexcept
{
    return decision_names.name_of(what);
}

bool is_order(const stores::inbox_item& item, decision::kind what) noexcept
{
    return !item.wait && item.kind == decision_name(what);
}

std::string decision_body(const decision& d)
{
    json::object body;
    switch (d.what) {
    case decision_kind::approve:
    case decision_kind::approve_always:
    case decision_kind::cancel_run:
        break;
    case decision_kind::edit:
        body["arguments"] = d.arguments;
        break;
    case decision_kind::reject:
        body["reason"] = d.text;
        break;
    case decision_kind::result:
        body["value"] = d.value;
        break;
    case decision_kind::error:
        body["text"] = d.text;
        break;
    case decision_kind::add_input:
        body["messages"] = write_messages(d.messages);
        break;
    case decision_kind::cancel_call:
        body["call"] = d.text;
        break;
    }
    return json::serialize(body);
}

json::array write_messages(const std::vector<message>& messages)
{
    json::array list;
    for (const message& each : messages)
        list.push_back(json::value_from(each));
    return list;
}

std::vector<message> read_messages(const json::array& list)
{
    std::vector<message> messages;
    for (const json::value& each : list) {
        auto read = json::try_value_to<message>(each);
        if (read.has_error())
            member_reader::fail("messages");
        messages.push_back(*std::move(read));
    }
    return messages;
}

decision read_decision(const stores::inbox_item& item)
{
    const std::optional<decision_kind> what = decision_names.value_of(item.kind);
    if (!what)
        throw store_error(store_errc::damaged, "a decision about the run is of a kind that is not known");
    member_reader body = read_object(item.body);
    decision result;
    result.what = *what;
    switch (*what) {
    case decision_kind::approve:
    case decision_kind::approve_always:
    case decision_kind::cancel_run:
        break;
    case decision_kind::edit:
        result.arguments = body.required_object("arguments");
        break;
    case decision_kind::reject:
        result.text = body.required_text("reason");
        break;
    case decision_kind::result:
        result.value = body.required_value("value");
        break;
    case decision_kind::error:
        result.text = body.required_text("text");
        break;
    case decision_kind::add_input:
        result.messages = read_messages(body.required_array("messages"));
        break;
    case decision_kind::cancel_call:
        result.text = body.required_text("call");
        break;
    }
    return result;
}

}  // namespace dedalus::handoff_core
