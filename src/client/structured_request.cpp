#include "client/structured_request.hpp"

#include <dedalus/error.hpp>

#include <cstddef>
#include <string>
#include <utility>
#include <variant>

namespace dedalus {

void require_strict_tools(const std::vector<tool>& tools)
{
    for (std::size_t i = 0; i < tools.size(); ++i) {
        const auto* function = std::get_if<function_tool>(&tools[i]);
        if (function == nullptr || function->function.strict != true)
            throw invalid_request_error(
                "tools[" + std::to_string(i) + "]: parse() takes function tools with strict: true alone"
            );
    }
}

response_format complete_format(const std::optional<response_format>& set, response_format_json_schema derived)
{
    const auto* given = set ? std::get_if<response_format_json_schema>(&*set) : nullptr;
    if (given == nullptr)
        return derived;
    response_format_json_schema format = *given;
    if (format.json_schema.name.empty())
        format.json_schema.name = std::move(derived.json_schema.name);
    if (!format.json_schema.schema)
        format.json_schema.schema = std::move(derived.json_schema.schema);
    if (!format.json_schema.strict)
        format.json_schema.strict = derived.json_schema.strict;
    return format;
}

}  // namespace dedalus
