#include "handoff/check_options.hpp"

#include <dedalus/error.hpp>
#include <dedalus/stores/memory.hpp>

#include "support/catch.hpp"

#include <chrono>
#include <memory>

namespace check_options_test {

namespace {

boost::asio::awaitable<boost::json::value> nothing(boost::json::object, dedalus::tool_context&)
{
    co_return nullptr;
}

}  // namespace

TEST_CASE("A call can be held back only where the server takes partial answers")
{
    dedalus::handoff_options options;
    options.scheduling.deferred_dependency = dedalus::deferred_dependency_rule::hold_back;
    CHECK_THROWS_AS(dedalus::handoff_core::check_options(options, {}), dedalus::config_error);
    options.profile.partial_answers = true;
    CHECK_NOTHROW(dedalus::handoff_core::check_options(options, {}));
}

TEST_CASE("Waits between requests that a clock cannot hold are refused")
{
    dedalus::handoff_options options;
    options.retry.max_backoff = std::chrono::hours(24);
    options.retry.retry_after_cap = std::chrono::hours(24);
    CHECK_NOTHROW(dedalus::handoff_core::check_options(options, {}));
    (GENERATE(true, false) ? options.retry.max_backoff : options.retry.retry_after_cap) += std::chrono::milliseconds(1);
    CHECK_THROWS_AS(dedalus::handoff_core::check_options(options, {}), dedalus::config_error);
}

TEST_CASE("A tool whose repetitions a person confirms needs a store")
{
    dedalus::tool_registry tools;
    dedalus::function_definition definition;
    definition.name = "book";
    tools.add(definition, nothing, {.confirm_repeat = true});
    dedalus::handoff_options options;
    CHECK_THROWS_AS(dedalus::handoff_core::check_options(options, tools), dedalus::config_error);
    options.store = std::make_shared<dedalus::memory_run_store>();
    CHECK_NOTHROW(dedalus::handoff_core::check_options(options, tools));
}

}  // namespace check_options_test
