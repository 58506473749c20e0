#include "handoff/call_gates.hpp"

#include <boost/json/object.hpp>

#include <exception>
#include <string>
#include <utility>

namespace dedalus::handoff_engine {

namespace {

bool needs_approval(const tool_options& options, const boost::json::object& arguments)
{
    if (options.needs_approval || !options.needs_approval_when)
        return options.needs_approval;
    try {
        return options.needs_approval_when(arguments);
    }
    catch (const std::exception&) {
        return true;
    }
}

}  // namespace

handoff_core::check_arguments argument_checks(std::shared_ptr<const tool_registry> tools)
{
    return [tools = std::move(tools)](const std::string& name, const boost::json::object& arguments) {
        const tool_registry::entry* entry = tools->find(name);
        return entry != nullptr && entry->check ? entry->check(arguments) : std::string();
    };
}

handoff_core::call_gates gates_of(const tool_registry& tools, const handoff_core::requested_call& call, bool ask)
{
    handoff_core::call_gates gates;
    const tool_registry::entry* entry = tools.find(call.name);
    if (entry == nullptr)
        return gates;
    gates.approval = ask && needs_approval(entry->options, call.arguments.value_or(boost::json::object()));
    gates.confirm_repeat = entry->options.confirm_repeat;
    gates.external = entry->options.effect == tool_effect::external && !entry->handler;
    return gates;
}

}  // namespace dedalus::handoff_engine
