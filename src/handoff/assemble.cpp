#include "handoff/assemble.hpp"

#include "handoff/classify.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

namespace dedalus::handoff_core {

namespace json = boost::json;

namespace {

void set_call_id(tool_call& call, const std::string& id)
{
    std::visit(
        [&id](auto& alternative) {
            if constexpr (std::is_same_v<std::decay_t<decltype(alternative)>, json::object>)
                alternative["id"] = id;
            else
                alternative.id = id;
        },
        call
    );
}

bool ran_on_server(const chat_completion& answer, std::string_view name)
{
    const auto& results = answer.mcp_tool_results;
    return std::find(answer.tools_executed.begin(), answer.tools_executed.end(), name) != answer.tools_executed.end() ||
           std::any_of(results.begin(), results.end(), [name](const mcp_tool_result& r) {
               return r.tool_name == name;
           });
}

template <class Calls>
bool has_id(const Calls& calls, std::string_view id)
{
    return std::any_of(calls.begin(), calls.end(), [id](const auto& call) { return call.id == id; });
}

function_tool_call synthetic_call(const pending_call& pending)
{
    function_tool_call call;
    call.id = pending.id;
    call.function.name = pending.name;
    call.function.arguments =
        pending.arguments_raw.empty() ? json::serialize(pending.arguments) : pending.arguments_raw;
    return call;
}

class assembly
{
public:
    assembly(
        const chat_completion& answer,
        const std::vector<std::string>& registered_names,
        int turn,
        const std::function<std::string()>& make_call_id
    )
        : answer_(answer), registered_names_(registered_names), turn_(turn), make_call_id_(make_call_id)
    {
        for (const pending_call& call : answer_.pending_tools)
            result_.requested.push_back(to_requested_call(call));
        if (const assistant_message* message = answer_.first_message())
            result_.message = message->for_request();
        std::vector<tool_call> received = std::move(result_.message.tool_calls);
        result_.message.tool_calls.clear();
        find_missing(received);
        for (tool_call& call : received)
            take(std::move(call));
        add_missing_calls(!received.empty());
    }

    assembled_turn result() && { return std::move(result_); }

private:
    void note(std::string code, std::string text)
    {
        run_diagnostic& diagnostic = result_.diagnostics.emplace_back();
        diagnostic.code = std::move(code);
        diagnostic.turn = turn_;
        diagnostic.text = std::move(text);
    }

    // The pending calls that no call of the message has the id of.
    void find_missing(const std::vector<tool_call>& received)
    {
        for (const requested_call& pending : result_.requested) {
            const bool there = std::any_of(received.begin(), received.end(), [&pending](const tool_call& call) {
                return call_id(call) == pending.id;
            });
            if (!there)
                missing_.emplace(fingerprint(pending), pending.id);
        }
    }

    void take(tool_call call)
    {
        if (!give_unique_id(call))
            return;
        const std::string id = call_id(call);
        const std::string name = called_name(call);
        const json::value* server_result = answer_.server_results ? answer_.server_results->if_contains(id) : nullptr;
        const bool registered =
            std::find(registered_names_.begin(), registered_names_.end(), name) != registered_names_.end();

        const bool answered_elsewhere =
            has_id(answer_.pending_tools, id) || server_result != nullptr || has_id(answer_.deferred, id);
        if (!answered_elsewhere && !registered && ran_on_server(answer_, name)) {
            note("server_call_seen", "the server ran " + name + " for the call " + id + " and gave no result for it");
            return;
        }
        if (!answered_elsewhere && !take_as_ours(call))
            return;
        if (server_result != nullptr && !has_id(answer_.pending_tools, id))
            result_.server_answers[id] = server_result_text(answer_, id, *server_result);
        result_.message.tool_calls.push_back(std::move(call));
    }

    // False: it is a pending call under another id, and would run twice.
    bool take_as_ours(const tool_call& call)
    {
        requested_call requested = to_requested_call(call);
        if (!missing_.empty()) {
            if (const auto same = missing_.find(fingerprint(requested)); same != missing_.end()) {
                note("call_under_other_id", "the call " + requested.id + " is the pending call " + same->second);
                return false;
            }
        }
        result_.requested.push_back(std::move(requested));
        return true;
    }

    // Tool messages name their call by its id, so every call needs one of its own. False: the call is a repetition.
    bool give_unique_id(tool_call& call)
    {
        const std::string id = call_id(call);
        if (!id.empty() && ids_.insert(id).second)
            return true;
        if (!id.empty()) {
            const auto same = std::find_if(
                result_.message.tool_calls.begin(),
                result_.message.tool_calls.end(),
                [&id](const tool_call& other) { return call_id(other) == id; }
            );
            const bool repeated = same == result_.message.tool_calls.end() || has_id(answer_.pending_tools, id) ||
                                  fingerprint(to_requested_call(*same)) == fingerprint(to_requested_call(call));
            if (repeated)
                return false;
            note("duplicate_call_id", "two calls of the message have the id " + id + "; the second got a new one");
        }
        const std::string fresh = make_call_id_();
        set_call_id(call, fresh);
        ids_.insert(fresh);
        return true;
    }

    void add_missing_calls(bool message_had_calls)
    {
        for (const pending_call& pending : answer_.pending_tools) {
            if (pending.id.empty() || !ids_.insert(pending.id).second)
                continue;
            result_.message.tool_calls.emplace_back(synthetic_call(pending));
            if (message_had_calls)
                note("missing_tool_call", "the message lacked the pending call " + pending.id);
        }
    }

    const chat_completion& answer_;
    const std::vector<std::string>& registered_names_;
    int turn_;
    const std::function<std::string()>& make_call_id_;
    std::map<std::string, std::string> missing_;  // fingerprint to id
    std::set<std::string, std::less<>> ids_;
    assembled_turn result_;
};

}  // namespace

assembled_turn assemble_turn(
    const chat_completion& answer,
    const std::vector<std::string>& registered_names,
    int turn,
    const std::function<std::string()>& make_call_id
)
{
    return assembly(answer, registered_names, turn, make_call_id).result();
}

std::string server_result_text(const json::value& result, std::string_view raw)
{
    if (const json::string* text = result.if_string())
        return std::string(*text);
    return raw.empty() ? json::serialize(result) : std::string(raw);
}

std::string server_result_text(const chat_completion& answer, std::string_view call_id, const json::value& result)
{
    const auto raw = answer.server_results_raw.find(call_id);
    return server_result_text(
        result, raw == answer.server_results_raw.end() ? std::string_view() : std::string_view(raw->second)
    );
}

std::string call_id(const tool_call& call)
{
    return std::visit(
        [](const auto& alternative) {
            if constexpr (std::is_same_v<std::decay_t<decltype(alternative)>, json::object>) {
                const json::value* id = alternative.if_contains("id");
                return id != nullptr && id->is_string() ? std::string(id->get_string()) : std::string();
            }
            else {
                return alternative.id;
            }
        },
        call
    );
}

}  // namespace dedalus::handoff_core
