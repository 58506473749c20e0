#include "testing/tool_schema.hpp"

#include "testing/text_patterns.hpp"

namespace dedalus::testing {

using namespace checks;
namespace json = boost::json;

namespace {

checker tool_name()
{
    return text_matching("[A-Za-z0-9_-]{1,64}", is_identifier);
}

checker grammar_format()
{
    return object(
        {required("grammar", object({required("definition", text()), required("syntax", one_of({"lark", "regex"}))}))}
    );
}

checker custom_tool()
{
    return object({required(
        "custom",
        object(
            {required("name", tool_name()),
             optional("description", text()),
             optional("format", tagged("type", {{"text", free_object()}, {"grammar", grammar_format()}}))}
        )
    )});
}

checker named(std::string kind)
{
    return object({required(std::move(kind), object({required("name", tool_name())}))});
}

checker one_tool_switch()
{
    return object({optional("disable_parallel_tool_use", boolean())});
}

void check_server_source(const json::value& value, const location& where, validation_report& report)
{
    if (!value.is_object())
        return;
    const auto given = [&](const char* key) {
        const json::value* found = value.get_object().if_contains(key);
        return found != nullptr && !found->is_null();
    };
    if (given("slug") == given("url"))
        report.add(where, "value_error", "Value error, exactly one of slug and url is needed", value);
}

checker mcp_server_spec()
{
    return all(
        {object(
             {optional("name", text({.min = 1})),
              nullable("slug", text_matching("[a-zA-Z0-9_-]+/[a-zA-Z0-9_-]+", is_slug)),
              nullable("url", text_matching("https?://.+", is_http_url)),
              nullable("version", text()),
              nullable("credentials", map(text()))},
             extra_keys::refused
         ),
         check_server_source}
    );
}

checker credential()
{
    const checker value =
        either({.string = text(), .number = integer(), .boolean = boolean()}, "a valid string, integer or boolean");
    return object({required("connection_name", text({.min = 1})), required("values", map(value))}, extra_keys::refused);
}

}  // namespace

checker function_check()
{
    return object(
        {required("name", tool_name()),
         optional("description", text()),
         optional("parameters", free_object()),
         nullable("strict", boolean())}
    );
}

checker tool_check()
{
    return tagged(
        "type", {{"function", object({required("function", function_check())})}, {"custom", custom_tool()}}, "function"
    );
}

checker tool_choice_check()
{
    const checker allowed_tools = object({required(
        "allowed_tools",
        object({required("mode", one_of({"auto", "required"})), required("tools", list(free_object(), {.min = 1}))})
    )});
    const checker tool = object({required("name", tool_name()), optional("disable_parallel_tool_use", boolean())});
    return either(
        {.string = one_of({"auto", "none", "required", "any"}),
         .object = tagged(
             "type",
             {{"auto", one_tool_switch()},
              {"any", one_tool_switch()},
              {"tool", tool},
              {"none", free_object()},
              {"function", named("function")},
              {"custom", named("custom")},
              {"allowed_tools", allowed_tools}}
         )},
        "a valid string or tool choice object"
    );
}

checker deferred_call_check()
{
    return object(
        {required("id", text({.min = 1})),
         required("name", text({.min = 1})),
         optional("arguments", free_object()),
         optional("venue", one_of({"server", "client"})),
         optional("dependencies", list(text())),
         optional("blocked_by", list(text()))}
    );
}

checker mcp_servers_check()
{
    const checker spec = mcp_server_spec();
    const checker item = either({.string = text({.min = 1}), .object = spec}, "a valid string or MCP server");
    return either(
        {.string = text({.min = 1}), .object = spec, .array = list(item)}, "a valid string, MCP server or list"
    );
}

checker credentials_check()
{
    const checker one = credential();
    return either({.object = one, .array = list(one)}, "a credential or a list of credentials");
}

}  // namespace dedalus::testing
