#include <dedalus/dedalus.hpp>
#include <dedalus/testing/server.hpp>

#include "support/catch.hpp"
#include "support/client_fixture.hpp"

#include <optional>
#include <string>

namespace client_derived_test {

namespace asio = boost::asio;
using namespace dedalus;
using namespace dedalus::testing;
using namespace std::chrono_literals;

namespace {

/// Asks the parent, then a derived client after the parent is gone.
asio::awaitable<void> ask_both(asio::any_io_executor executor, client_options options, client_changes changes)
{
    const chat_completion_request request = test::hello();
    std::optional<client> parent(std::in_place, executor, std::move(options));
    const chat_completion first = co_await parent->chat_completions(request);
    const client derived = parent->with_options(changes);
    parent.reset();
    const chat_completion second = co_await derived.chat_completions(request);
    CHECK(second.info.timings.reused_connection);
}

std::string header_of(const received_request& request, std::string_view name)
{
    return std::string(request.headers.find(name).value_or("(absent)"));
}

}  // namespace

TEST_CASE("derived client: it shares the connections and merges its headers")
{
    server target;
    client_options options = test::options_for(target);
    options.headers = {{"X-A", "1"}, {"X-B", "1"}};
    client_changes changes;
    changes.api_key = "other-key";
    changes.provider_key = "pk";
    changes.headers = {{"x-b", "2"}};
    test::run_coro([&](asio::any_io_executor executor) { return ask_both(executor, options, changes); });

    CHECK(target.connections_accepted() == 1);
    const received_request parents = target.requests().at(0);
    CHECK(header_of(parents, "Authorization") == "Bearer test-key");
    CHECK(header_of(parents, "X-B") == "1");
    const received_request seen = target.requests().at(1);
    CHECK(header_of(seen, "Authorization") == "Bearer other-key");
    CHECK(header_of(seen, "X-Provider-Key") == "pk");
    CHECK(header_of(seen, "X-A") == "1");
    CHECK(header_of(seen, "X-B") == "2");
}

TEST_CASE("derived client: headers can be replaced as a whole")
{
    server target(test::plain_http());
    client_options options = test::options_for(target);
    options.headers = {{"X-A", "1"}};
    client_changes changes;
    changes.headers = {{"X-B", "2"}};
    changes.replace_headers = true;
    test::run_coro([&](asio::any_io_executor executor) { return ask_both(executor, options, changes); });
    const received_request seen = target.requests().at(1);
    CHECK(header_of(seen, "X-A") == "(absent)");
    CHECK(header_of(seen, "X-B") == "2");
    CHECK(header_of(seen, "Authorization") == "Bearer test-key");
    CHECK(header_of(seen, "Content-Type") == "application/json");
}

TEST_CASE("derived client: limits are its own, and bad ones are refused")
{
    asio::io_context context;
    client_options options;
    options.allow_anonymous = true;
    const client parent(context.get_executor(), options);
    client_changes changes;
    changes.timeouts = timeout_options{.total = 7s};
    CHECK(parent.with_options(changes).timeouts().total == 7s);
    CHECK(parent.timeouts().total == no_limit);
    changes.timeouts->total = 0s;
    CHECK_THROWS_AS(parent.with_options(changes), config_error);
    changes = client_changes{};
    changes.headers = {{"X-A", "b\n"}};
    CHECK_THROWS_AS(parent.with_options(changes), config_error);
    changes = client_changes{};
    changes.api_key = " ";
    CHECK_THROWS_AS(parent.with_options(changes), config_error);
}

}  // namespace client_derived_test
