#include "handoff/normalise.hpp"

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
        if (same && counts_as_known(*earlier))
            node.known = earlier->key;
        else if (!contains(context_.registered_names, node.call.name))
            node.decided = unknown_tool_end(node.call.name, context_.registered_names);
        else if (!node.call.arguments)
            node.decided = invalid_arguments_end(node.call.arguments_problem);
        else if (const std::string problem = problem_of(node.call); !problem.empty())
            node.decided = unfit_arguments_end(problem);
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
            resolve(node, dependency);
        }
    }

    void resolve(batch_node& node, const std::string& dependency)
    {
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
            skip_for(node, *server_call);
        else
            note("unknown_dependency", "the call " + id + " depends on " + dependency + ", which is not known");
    }

    void skip_for(batch_node& node, const deferred_call& server_call)
    {
        if (!node.decided)
            node.decided = skipped_for_server_end(server_call.id, server_call.name);
        if (contains(server_call.blocked_by, node.call.id)) {
            note(
                "cross_venue_cycle",
                "the call " + node.call.id + " and the server call " + server_call.id + " wait for each other"
            );
        }
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
        std::string ids;
        for (std::size_t i = 0; i < members.size(); ++i) {
            batch_node& node = result_.nodes[members[i]];
            std::erase_if(node.needs, [&members](std::size_t needed) {
                return std::binary_search(members.begin(), members.end(), needed);
            });
            if (i > 0)
                node.after.push_back(members[i - 1]);
            ids += (i > 0 ? ", " : "") + node.call.id;
        }
        note("dependency_cycle", "these calls depend on each other and run one after another: " + ids);
    }

    const batch_context& context_;
    bool is_handoff_;
    id_index index_;
    batch result_;
};

}  // namespace

batch normalise(std::vector<requested_call> calls, const batch_context& context)
{
    return normalisation(std::move(calls), context).result();
}

}  // namespace dedalus::handoff_core
