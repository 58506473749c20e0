#include "handoff/normalise.hpp"

#include <dedalus/stores/records.hpp>

#include "handoff/cycles.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace dedalus::handoff_core {

namespace {

using id_index = std::map<std::string, std::size_t, std::less<>>;

bool contains(const std::vector<std::string>& list, std::string_view text)
{
    return std::find(list.begin(), list.end(), text) != list.end();
}

const deferred_call* find_deferred(const std::vector<deferred_call>& deferred, std::string_view id)
{
    const auto found =
        std::find_if(deferred.begin(), deferred.end(), [id](const deferred_call& d) { return d.id == id; });
    return found == deferred.end() ? nullptr : &*found;
}

bool embeds(const boost::json::value& value, std::string_view text)
{
    if (const auto* string = value.if_string())
        return std::string_view(*string).find(text) != std::string_view::npos;
    if (const auto* array = value.if_array())
        return std::any_of(array->begin(), array->end(), [text](const auto& element) { return embeds(element, text); });
    if (const auto* object = value.if_object()) {
        return std::any_of(object->begin(), object->end(), [text](const auto& member) {
            return embeds(member.value(), text);
        });
    }
    return false;
}

class normalisation
{
public:
    normalisation(std::vector<requested_call> calls, const batch_context& context)
        : context_(context),
          is_handoff_(std::any_of(calls.begin(), calls.end(), [](const requested_call& call) { return call.pending; }))
    {
        if (within_limits(calls) && collect(std::move(calls))) {
            for (std::size_t node = 0; node < result_.nodes.size(); ++node)
                resolve(node);
            open_cycles();
            hold_back();
        }
    }

    batch result() && { return std::move(result_); }

private:
    void note(std::string code, std::string text)
    {
        run_diagnostic& diagnostic = result_.diagnostics.emplace_back();
        diagnostic.code = std::move(code);
        diagnostic.turn = context_.turn;
        diagnostic.text = std::move(text);
    }

    bool refuse(std::string text)
    {
        result_.nodes.clear();
        result_.protocol_error = std::move(text);
        return false;
    }

    bool within_limits(const std::vector<requested_call>& calls)
    {
        std::size_t edges = 0;
        for (const requested_call& call : calls)
            edges += call.dependencies.size();
        if (calls.size() > context_.limits.max_calls)
            return refuse("the answer asks for " + std::to_string(calls.size()) + " calls");
        if (edges > context_.limits.max_edges)
            return refuse("the calls of the answer have " + std::to_string(edges) + " dependencies");
        return true;
    }

    bool collect(std::vector<requested_call> calls)
    {
        for (requested_call& call : calls) {
            if (call.id.empty())
                return refuse("a call of the answer has no id");
            if (call.id.size() > stores::max_call_id_bytes)
                return refuse("a call of the answer has an id of " + std::to_string(call.id.size()) + " bytes");
            std::string print = fingerprint(call);
            const auto [place, is_new] = index_.emplace(call.id, result_.nodes.size());
            if (is_new)
                add(std::move(call), std::move(print));
            else if (result_.nodes[place->second].fingerprint == print)
                merge(result_.nodes[place->second].call, call);
            else
                return refuse("two calls of the answer have the id " + call.id);
            if (result_.protocol_error)
                return false;
        }
        return true;
    }

    static void merge(requested_call& first, const requested_call& again)
    {
        first.dependencies.insert(first.dependencies.end(), again.dependencies.begin(), again.dependencies.end());
    }

    void add(requested_call call, std::string print)
    {
        const call_record* earlier = context_.calls.latest(call.id);
        const bool same = earlier != nullptr && earlier->fingerprint == print;
        if (earlier != nullptr && !same && call.pending) {
            refuse("the answer asks for another call with the id of an earlier one, " + call.id);
            return;
        }

        batch_node& node = result_.nodes.emplace_back();
        node.call = std::move(call);
        node.fingerprint = std::move(print);
        node.run_anyway = context_.rules.run_anyway.contains(node.call.name);
        if (same && counts_as_known(*earlier))
            node.known = earlier->key;
        else
            node.decided = end_of_bad(node.call);
    }

    std::optional<tool_end> end_of_bad(const requested_call& call)
    {
        const scheduling_rules& rules = context_.rules.of_run;
        if (!contains(context_.registered_names, call.name)) {
            fail_run_if(rules.unknown_tool, "the call " + call.id + " is of a tool that is not registered");
            return unknown_tool_end(call.name, context_.registered_names);
        }
        const std::string problem = call.arguments ? problem_of(call) : std::string();
        if (call.arguments && problem.empty())
            return {};
        fail_run_if(rules.invalid_arguments, "the arguments of the call " + call.id + " are not right");
        return call.arguments ? unfit_arguments_end(problem) : invalid_arguments_end(call.arguments_problem);
    }

    void fail_run_if(bad_call_rule rule, std::string why)
    {
        if (rule == bad_call_rule::fail_run && !result_.fatal)
            result_.fatal = std::move(why);
    }

    std::string problem_of(const requested_call& call) const
    {
        return context_.check ? context_.check(call.name, *call.arguments) : std::string();
    }

    // A call that was only skipped has no result to give again. Servers without the handoff protocol number the calls
    // of each turn anew, so that their ids say nothing.
    bool counts_as_known(const call_record& earlier) const
    {
        const bool skipped =
            earlier.state == call_state::finished && earlier.end.outcome == tool_outcome::skipped_dependency;
        return is_handoff_ && !skipped;
    }

    void resolve(std::size_t index)
    {
        batch_node& node = result_.nodes[index];
        if (node.known)
            return;
        std::vector<std::string_view> seen;
        for (const std::string& dependency : node.call.dependencies) {
            if (std::find(seen.begin(), seen.end(), dependency) != seen.end())
                continue;
            seen.push_back(dependency);
            resolve(index, dependency);
        }
    }

    void resolve(std::size_t index, const std::string& dependency)
    {
        batch_node& node = result_.nodes[index];
        const std::string& id = node.call.id;
        const call_record* earlier = context_.calls.latest(dependency);
        if (node.call.arguments && !dependency.empty() && embeds(*node.call.arguments, dependency))
            note(
                "dependency_id_in_arguments", "the arguments of " + id + " hold the id of its dependency " + dependency
            );

        if (dependency == id)
            note("self_dependency", "the call " + id + " depends on itself");
        else if (const auto sibling = index_.find(dependency); sibling != index_.end())
            node.needs.push_back(sibling->second);
        else if (context_.server_results.find(dependency) != context_.server_results.end())
            return;
        else if (earlier != nullptr && earlier->state == call_state::finished)
            return;
        else if (const deferred_call* server_call = find_deferred(context_.deferred, dependency))
            wait_for(index, *server_call);
        else
            miss(node, dependency);
    }

    void miss(batch_node& node, const std::string& dependency)
    {
        std::string text = "the call " + node.call.id + " depends on " + dependency + ", which is not known";
        const unknown_dependency_rule rule = context_.rules.of_run.unknown_dependency;
        if (rule == unknown_dependency_rule::fail_run && !result_.fatal)
            result_.fatal = text;
        if (rule != unknown_dependency_rule::drop && !node.decided)
            node.decided = skipped_for_unknown_end(dependency);
        note("unknown_dependency", std::move(text));
    }

    void wait_for(std::size_t index, const deferred_call& server_call)
    {
        batch_node& node = result_.nodes[index];
        const bool each_other = contains(server_call.blocked_by, node.call.id);
        if (each_other) {
            note(
                "cross_venue_cycle",
                "the call " + node.call.id + " and the server call " + server_call.id + " wait for each other"
            );
        }
        const deferred_dependency_rule rule = context_.rules.of_run.deferred_dependency;
        if (node.decided || rule == deferred_dependency_rule::ignore)
            return;
        if (rule == deferred_dependency_rule::hold_back && !each_other)
            held_.insert(index);
        else
            node.decided = skipped_for_server_end(server_call.id, server_call.name);
    }

    void open_cycles()
    {
        std::vector<std::vector<std::size_t>> edges;
        edges.reserve(result_.nodes.size());
        for (const batch_node& node : result_.nodes)
            edges.push_back(node.needs);
        for (const std::vector<std::size_t>& members : find_cycles(edges))
            open_cycle(members);
    }

    void open_cycle(const std::vector<std::size_t>& members)
    {
        const bool fails = context_.rules.of_run.cycle == cycle_rule::fail_component;
        std::string ids;
        for (std::size_t i = 0; i < members.size(); ++i) {
            batch_node& node = result_.nodes[members[i]];
            std::erase_if(node.needs, [&members](std::size_t needed) {
                return std::binary_search(members.begin(), members.end(), needed);
            });
            if (i > 0 && !fails)
                node.after.push_back(members[i - 1]);
            ids += (i > 0 ? ", " : "") + node.call.id;
        }
        if (fails)
            fail_cycle(members, ids);
        const std::string what = fails ? "are not run: " : "run one after another: ";
        note("dependency_cycle", "these calls depend on each other and " + what + ids);
    }

    void fail_cycle(const std::vector<std::size_t>& members, const std::string& ids)
    {
        for (const std::size_t member : members) {
            if (!result_.nodes[member].decided)
                result_.nodes[member].decided = skipped_for_cycle_end(ids);
        }
    }

    void hold_back()
    {
        std::erase_if(held_, [this](std::size_t index) { return result_.nodes[index].decided.has_value(); });
        for (bool found = !held_.empty(); found;)
            found = hold_dependants();
        if (!held_.empty())
            take_out_held();
    }

    bool hold_dependants()
    {
        bool found = false;
        for (std::size_t index = 0; index < result_.nodes.size(); ++index) {
            const batch_node& node = result_.nodes[index];
            const bool held = std::any_of(node.needs.begin(), node.needs.end(), [this](std::size_t needed) {
                return held_.contains(needed);
            });
            if (held && !node.decided)
                found = held_.insert(index).second || found;
        }
        return found;
    }

    void take_out_held()
    {
        std::vector<std::size_t> places;
        std::size_t kept = 0;
        for (std::size_t index = 0; index < result_.nodes.size(); ++index)
            places.push_back(held_.contains(index) ? kept : kept++);
        const auto move_edges = [&](std::vector<std::size_t>& edges) {
            std::erase_if(edges, [this](std::size_t index) { return held_.contains(index); });
            for (std::size_t& index : edges)
                index = places[index];
        };
        std::vector<batch_node> nodes = std::exchange(result_.nodes, {});
        for (std::size_t index = 0; index < nodes.size(); ++index) {
            batch_node& node = nodes[index];
            if (!held_.contains(index)) {
                move_edges(node.needs);
                move_edges(node.after);
                result_.nodes.push_back(std::move(node));
                continue;
            }
            note(
                "call_held_back",
                "the call " + node.call.id + " is not answered yet: the server has deferred what it needs"
            );
            result_.held_back.push_back(std::move(node.call));
        }
    }

    const batch_context& context_;
    bool is_handoff_;
    id_index index_;
    std::set<std::size_t> held_;  // nodes that wait for a deferred call, and those that need them
    batch result_;
};

}  // namespace

batch normalise(std::vector<requested_call> calls, const batch_context& context)
{
    return normalisation(std::move(calls), context).result();
}

}  // namespace dedalus::handoff_core
