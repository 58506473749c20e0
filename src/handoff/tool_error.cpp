#include <dedalus/handoff/tool_error.hpp>

#include <utility>

namespace dedalus {

tool_error::tool_error(std::string kind, const std::string& text, tool_error_facts facts)
    : std::runtime_error(text), kind_(std::move(kind)), facts_(facts)
{}

}  // namespace dedalus
