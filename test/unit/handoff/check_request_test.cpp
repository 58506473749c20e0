#include "handoff/check_request.hpp"

#include <dedalus/error.hpp>

#include "support/catch.hpp"

#include <string>
#include <vector>

namespace check_request_test {

using dedalus::invalid_request_error;
using dedalus::handoff_core::check_storable;

TEST_CASE("A request whose MCP server has a secret in its URL cannot be stored")
{
    dedalus::chat_completion_request request;
    const std::string url = GENERATE(
        "https://me@mcp.example.com/mcp",
        "https://me:password@mcp.example.com/mcp",
        "https://mcp.example.com/sse?v=2&api_key=abc",
        "https://mcp.example.com/sse?x=sk-0123456789abcdef",
        "https://mcp.example.com/sk-0123456789abcdef/sse"
    );
    request.mcp_servers = url;
    CHECK_THROWS_AS(check_storable(request), invalid_request_error);
    dedalus::mcp_server_spec spec;
    spec.url = url;
    request.mcp_servers = spec;
    CHECK_THROWS_AS(check_storable(request), invalid_request_error);
    request.mcp_servers = std::vector<dedalus::mcp_server>{"org/server", url};
    CHECK_THROWS_AS(check_storable(request), invalid_request_error);
}

TEST_CASE("Slugs and URLs without secrets can be stored")
{
    dedalus::chat_completion_request request;
    request.mcp_servers = std::string(GENERATE(
        "org/server@v1.0.0", "https://mcp.example.com/mcp", "https://mcp.example.com/@org/server?version=2&flat"
    ));
    CHECK_NOTHROW(check_storable(request));
}

}  // namespace check_request_test
