#pragma once

#include <dedalus/handoff/handoff_loop.hpp>

#include "stores/stored_bytes.hpp"
#include "support/background_program.hpp"
#include "support/catch.hpp"
#include "support/client_fixture.hpp"
#include "support/run_coro.hpp"

#include <boost/asio/this_coro.hpp>
#include <boost/json/parse.hpp>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace test {

/// Stands in every secret of a run_with_secrets(). In base64 it is the other one.
inline constexpr std::string_view secret_word = "s3cret";
inline constexpr std::string_view secret_word_in_base64 = "czNjcmV0";

/// Stands in its prompt, which is stored.
inline constexpr std::string_view visible_word = "planted-visible";

inline dedalus::client_options options_with_secrets(const dedalus::testing::server& server)
{
    dedalus::client_options options = options_for(server);
    options.api_key = "sk-s3cret-api-key-0123456789";
    options.x_api_key = "s3cret-x-api-key";
    options.provider_key = "s3cret-provider-key";
    options.headers = {{"X-Tenant", "s3cret-tenant"}, {"Cookie", "session=s3cret"}};
    options.plaintext_mcp_credentials = true;
    return options;
}

inline dedalus::chat_completion_request request_with_secrets()
{
    dedalus::chat_completion_request request = hello();
    request.messages = {dedalus::user_message{std::string(visible_word)}};
    request.mcp_servers = std::string("org/server");
    dedalus::credential credential;
    credential.connection_name = "github";
    credential.values["token"] = std::string("s3cret-mcp-token");
    request.credentials = std::move(credential);
    request.max_turns = 1;
    return request;
}

/// Each with a secret in another place where the store would keep it: none of them begins a run.
inline std::vector<dedalus::chat_completion_request> requests_that_would_be_stored()
{
    std::vector<dedalus::chat_completion_request> requests;
    for (const char* url : {"https://me:s3cret@mcp.example.com/mcp", "https://mcp.example.com/sse?api_key=s3cret"}) {
        dedalus::mcp_server_spec spec;
        spec.url = url;
        requests.emplace_back(request_with_secrets()).mcp_servers = std::string(url);
        requests.emplace_back(request_with_secrets()).mcp_servers = spec;
        requests.emplace_back(request_with_secrets()).mcp_servers =
            std::vector<dedalus::mcp_server>{"org/server", spec};
    }
    for (const char* name : {"auth_token", "private_key", "x-auth-token", "api_secret"})
        requests.emplace_back(request_with_secrets()).extra["nested"] = boost::json::object{{name, "s3cret"}};
    return requests;
}

/// Refuses one key and quotes it, then asks for a tool that fails and one that needs an approval.
inline std::optional<dedalus::testing::reply>
serve_with_secrets(const dedalus::testing::received_request& request, const boost::json::object& body)
{
    if (request.headers.find("authorization").value_or("").find("wrong") != std::string_view::npos)
        return dedalus::testing::error_reply(401, "Incorrect API key: sk-s3cret-wrong-key-0123456789");
    if (body.at("messages").get_array().size() > 1)
        return dedalus::testing::text_reply("Done.");
    return dedalus::testing::json_reply(boost::json::parse(
        R"({"id":"1","object":"chat.completion","created":1,"model":"m","choices":[],"turns_consumed":1,
            "pending_tools":[{"id":"a","name":"leak","arguments":{}},{"id":"b","name":"pay","arguments":{}}]})"
    ));
}

inline boost::asio::awaitable<boost::json::value> leak()
{
    throw std::runtime_error("GET https://me:s3cret@host/?api_key=s3cret refused, Authorization: Bearer s3cret-token");
    co_return nullptr;
}

inline boost::asio::awaitable<boost::json::value> pay()
{
    co_return "paid";
}

inline dedalus::tool_registry leaking_tools()
{
    dedalus::tool_registry tools;
    dedalus::function_definition definition;
    definition.name = "leak";
    tools.add(definition, [](boost::json::object, dedalus::tool_context&) { return leak(); }, {});
    definition.name = "pay";
    dedalus::tool_options with_approval;
    with_approval.needs_approval = true;
    tools.add(
        std::move(definition),
        [](boost::json::object, dedalus::tool_context&) { return pay(); },
        std::move(with_approval)
    );
    return tools;
}

inline boost::asio::awaitable<dedalus::run_result> follow_with_secrets(
    dedalus::client_options options, std::shared_ptr<dedalus::run_store> store, dedalus::chat_completion_request request
)
{
    dedalus::handoff_options handoff;
    handoff.store = std::move(store);
    handoff.retry.max_retries = 0;
    const dedalus::client client(co_await boost::asio::this_coro::executor, std::move(options));
    const dedalus::handoff_loop loop(client, leaking_tools(), std::move(handoff));
    co_return co_await loop.run_or_resume("order-1", request);
}

inline dedalus::run_result
follow_with_secrets(const dedalus::client_options& options, const std::shared_ptr<dedalus::run_store>& store)
{
    return run_coro(follow_with_secrets(options, store, request_with_secrets()));
}

/// Has requests refused, then leads a run, with a secret wherever one can be, past a proxy that is away, a refused key,
/// a tool that quotes a token and an approval to its end. Gives the token of the approval.
inline std::string run_with_secrets(const std::shared_ptr<dedalus::run_store>& store)
{
    dedalus::testing::server server(plain_http());
    server.on_request(serve_with_secrets);
    dedalus::client_options options = options_with_secrets(server);
    for (const dedalus::chat_completion_request& refused : requests_that_would_be_stored())
        CHECK_THROWS_AS(run_coro(follow_with_secrets(options, store, refused)), dedalus::invalid_request_error);
    options.proxy.url = "http://me:s3cret-proxy@127.0.0.1:" + std::to_string(free_port());
    CHECK(follow_with_secrets(options, store).stop_reason == dedalus::stop_reason::retry_after);
    options = options_with_secrets(server);
    options.api_key = "sk-s3cret-wrong-key-0123456789";
    CHECK(follow_with_secrets(options, store).stop_reason == dedalus::stop_reason::auth);
    options = options_with_secrets(server);
    const dedalus::run_result waits = follow_with_secrets(options, store);
    REQUIRE(waits.waiting.size() == 1);
    std::string token = waits.waiting[0].token;
    CHECK(token.size() > 16);
    const dedalus::run_inbox inbox = dedalus::run_inbox(store).with_token(token);
    CHECK(run_coro(inbox.approve("order-1", "b")) == dedalus::stores::post_outcome::accepted);
    const dedalus::run_result done = follow_with_secrets(options, store);
    CHECK(done.phase == dedalus::run_phase::completed);
    REQUIRE(done.tool_results.size() == 2);
    CHECK(done.tool_results[0].outcome == dedalus::tool_outcome::error);
    CHECK(done.tool_results[1].content == "paid");
    REQUIRE_FALSE(server.requests().empty());
    CHECK(server.requests().back().body.find(secret_word) != std::string::npos);
    return token;
}

/// All that a store gives of the run, as the bytes that it keeps.
inline std::string bytes_of_run_with_secrets(dedalus::run_store& store)
{
    dedalus::stores::load_request request;
    request.run_id = "order-1";
    return bytes_of(run_coro(store.load(std::move(request))).run);
}

/// In how many files below a folder these bytes stand.
inline std::size_t files_with(const std::string& folder, std::string_view bytes)
{
    std::size_t found = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
        if (!entry.is_regular_file())
            continue;
        std::ifstream file(entry.path(), std::ios::binary);
        std::string content(entry.file_size(), '\0');
        file.read(content.data(), static_cast<std::streamsize>(content.size()));
        // A server has some hundred MiB: what the standard library offers takes a minute for them.
        const void* place =
            ::memmem(content.data(), static_cast<std::size_t>(file.gcount()), bytes.data(), bytes.size());
        found += place != nullptr ? 1U : 0U;
    }
    return found;
}

}  // namespace test
