#include <dedalus/error.hpp>
#include <dedalus/handoff/tool_registry.hpp>

#include "handoff/record_names.hpp"
#include "support/ascii.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace dedalus {

namespace {

constexpr std::size_t max_name_length = 64;
constexpr int most_retries = 10;

bool is_name(std::string_view text) noexcept
{
    return !text.empty() && text.size() <= max_name_length && std::all_of(text.begin(), text.end(), [](char c) {
        return support::ascii_is_alnum(c) || c == '_' || c == '-';
    });
}

argument_check both_checks(argument_check first, argument_check second)
{
    if (!first)
        return second;
    return [first = std::move(first), second = std::move(second)](const boost::json::object& arguments) {
        std::string problem = first(arguments);
        return problem.empty() ? second(arguments) : problem;
    };
}

void check_retries(const tool_registry::entry& added)
{
    const std::string& name = added.definition.name;
    const tool_options& options = added.options;
    if (options.max_retries < 0 || options.max_retries > most_retries)
        throw config_error("max_retries of the tool " + name + " must be 0 to 10");
    const bool never_again = options.effect == tool_effect::once || options.effect == tool_effect::external;
    if (options.max_retries > 0 && never_again)
        throw config_error("the tool " + name + " must not happen twice, and cannot be tried again");
    if (options.retry_backoff < std::chrono::milliseconds::zero())
        throw config_error("retry_backoff of the tool " + name + " must not be negative");
}

}  // namespace

void tool_registry::add(function_definition definition, tool_handler handler, tool_options options)
{
    entry added;
    added.definition = std::move(definition);
    added.handler = std::move(handler);
    added.options = std::move(options);
    add_entry(std::move(added));
}

void tool_registry::add_entry(entry added)
{
    const std::string& name = added.definition.name;
    if (!is_name(name))
        throw config_error("the name of a tool must be 1 to 64 letters, digits, '_' or '-'");
    if (find(name) != nullptr)
        throw config_error("a tool named " + name + " is registered already");
    const tool_options& options = added.options;
    if (!added.handler && options.effect != tool_effect::external)
        throw config_error("the tool " + name + " has no handler");
    if (options.timeout <= std::chrono::milliseconds::zero())
        throw config_error("the time limit of the tool " + name + " must be positive");
    if (options.wait_limit <= std::chrono::milliseconds::zero())
        throw config_error("the wait limit of the tool " + name + " must be positive");
    if (options.idle_timeout <= std::chrono::milliseconds::zero())
        throw config_error("the idle time limit of the tool " + name + " must be positive");
    if (options.max_concurrency == 0)
        throw config_error("max_concurrency of the tool " + name + " must be at least 1");
    check_retries(added);
    if (options.dispatch && options.effect != tool_effect::external)
        throw config_error("the tool " + name + " runs here, and has no use for a dispatch");
    if (options.on_expiry == wait_expiry::auto_approve && options.effect == tool_effect::once)
        throw config_error("the tool " + name + " must not happen twice, and cannot be approved by nobody");
    if (options.do_not_store_value && options.effect != tool_effect::pure)
        throw config_error("a result of the tool " + name + " that is not stored could not be made again");
    if (options.early_start && options.effect != tool_effect::pure)
        throw config_error("the tool " + name + " has an effect, and must not start before its answer is whole");
    if ((options.effect == tool_effect::probe) != static_cast<bool>(options.probe))
        throw config_error(
            "the tool " + name + " must have a probe if its effect is tool_effect::probe, and only then"
        );
    if (added.options.check)
        added.check = both_checks(std::move(added.check), added.options.check);
    entries_.push_back(std::make_shared<const entry>(std::move(added)));
}

const tool_registry::entry* tool_registry::find(std::string_view name) const noexcept
{
    const auto found =
        std::find_if(entries_.begin(), entries_.end(), [name](const auto& e) { return e->definition.name == name; });
    return found == entries_.end() ? nullptr : found->get();
}

std::vector<tool> tool_registry::definitions() const
{
    std::vector<tool> tools;
    tools.reserve(entries_.size());
    for (const std::shared_ptr<const entry>& e : entries_) {
        function_tool definition;
        definition.function = e->definition;
        tools.emplace_back(std::move(definition));
    }
    return tools;
}

std::string_view to_string(tool_effect effect) noexcept
{
    return handoff_core::effect_names.name_of(effect);
}

}  // namespace dedalus
