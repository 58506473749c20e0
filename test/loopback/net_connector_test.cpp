#include <dedalus/error.hpp>

#include "net/connector.hpp"
#include "support/cancel_when.hpp"
#include "support/catch.hpp"
#include "support/full_listener.hpp"
#include "support/loopback_peer.hpp"
#include "support/net_client.hpp"
#include "support/run_coro.hpp"
#include "support/slow_lookup.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace net_connector_test {

namespace asio = boost::asio;
namespace net = dedalus::net;
using Catch::Matchers::Contains;
using dedalus::call_phase;
using namespace std::chrono_literals;

namespace {

using change = std::function<void(net::connect_request&)>;

/// A TLS server and a client that trusts its authority.
struct tls_pair
{
    explicit tls_pair(const test::leaf_options& options = test::leaf_options(), int max_version = TLS1_3_VERSION)
        : context(test::server_context(ca.issue(options), max_version))
    {}

    test::test_ca ca;
    test::openssl_ptr<SSL_CTX> context;
    std::atomic<bool> accepted = false;
    std::string server_name = "(no handshake)";
    test::loopback_peer server{[this](test::peer_connection& peer) {
        const bool done = peer.start_tls(context.get());
        if (done)
            server_name = peer.server_name();
        accepted = done;  // publishes server_name
        peer.wait_for_end();
    }};
};

/// A connection and the context that it must not outlive.
struct connection
{
    std::unique_ptr<asio::io_context> context = std::make_unique<asio::io_context>();
    net::connected made;
    std::shared_ptr<dedalus::timings> times{};
};

connection connect(std::uint16_t port, std::shared_ptr<const net::tls_context> tls, const change& adapt = {})
{
    connection result;
    auto request = test::connect_to(result.context->get_executor(), port, tls);
    if (adapt)
        adapt(request);
    result.times = request.times;
    result.made = test::run_coro_on(*result.context, net::connect(std::move(request)));
    return result;
}

template <class Error, class Function>
std::optional<Error> caught(Function function)
{
    try {
        function();
    }
    catch (const Error& e) {
        return e;
    }
    return std::nullopt;
}

// Looks at the exception on the thread that it came to: TSan does not see how exception_ptr counts its owners.
boost::system::error_code code_of(std::exception_ptr failure)
{
    if (!failure)
        return {};
    const auto error = caught<boost::system::system_error>([&] { std::rethrow_exception(failure); });
    return error ? error->code() : boost::system::error_code(asio::error::fault);
}

change host(std::string name)
{
    return [name](net::connect_request& request) { request.host = name; };
}

change limit(std::chrono::milliseconds value)
{
    return [value](net::connect_request& request) { request.limit = value; };
}

void check_refused(const tls_pair& pair, std::shared_ptr<const net::tls_context> tls, const std::string& problem)
{
    const auto error = caught<dedalus::connection_error>([&] { connect(pair.server.port(), tls); });
    REQUIRE(error);
    CHECK(error->phase() == call_phase::tls);
    CHECK(error->code() == dedalus::errc::connection);
    CHECK(error->cause().failed());
    CHECK_THAT(error->what(), Contains(problem));
    CHECK_THAT(error->what(), Contains("127.0.0.1:" + std::to_string(pair.server.port())));
}

asio::awaitable<void> connect_and_drop(net::connect_request request)
{
    const net::connected made = co_await net::connect(std::move(request));
}

}  // namespace

TEST_CASE("connecting tells where the time went")
{
    tls_pair pair;
    const connection secure = connect(pair.server.port(), test::trust(pair.ca), host("localhost"));
    CHECK(secure.made.stream);
    CHECK(secure.times->dns.count() > 0);
    CHECK(secure.times->connect.count() > 0);
    CHECK(secure.times->tls.count() > 0);

    const test::loopback_peer plain_server([](test::peer_connection& peer) { peer.wait_for_end(); });
    const connection plain = connect(plain_server.port(), nullptr);
    CHECK(plain.made.stream);
    CHECK(plain.times->tls.count() == 0);
}

TEST_CASE("the server is told the name of the host, but no IP address")
{
    const auto [name, expected] = GENERATE(
        std::pair<std::string, std::string>("localhost", "localhost"),
        std::pair<std::string, std::string>("name.test.", "name.test"),
        std::pair<std::string, std::string>("127.0.0.1", ""),
        std::pair<std::string, std::string>("[127.0.0.1]", "")
    );
    CAPTURE(name);
    test::leaf_options leaf;
    leaf.subject_alternative_names += ",DNS:name.test";
    std::string told;
    {
        tls_pair pair(leaf);
        connect(pair.server.port(), test::trust(pair.ca), host(name));
        while (!pair.accepted)
            std::this_thread::yield();
        told = pair.server_name;
    }
    CHECK(told == expected);
}

TEST_CASE("a certificate for another host is refused")
{
    test::leaf_options leaf;
    leaf.subject_alternative_names = "DNS:example.test,IP:127.0.0.2";
    tls_pair pair(leaf);
    check_refused(pair, test::trust(pair.ca), "not valid for this IP address");
    const auto error = caught<dedalus::connection_error>([&] {
        connect(pair.server.port(), test::trust(pair.ca), host("localhost"));
    });
    REQUIRE(error);
    CHECK(error->phase() == call_phase::tls);
    CHECK_THAT(error->what(), Contains("not valid for this host name"));
    CHECK_THAT(error->what(), Contains("localhost:"));
}

TEST_CASE("a wildcard stands for a whole label only")
{
    test::leaf_options leaf;
    leaf.subject_alternative_names = "DNS:local*";
    tls_pair pair(leaf);
    const auto error = caught<dedalus::connection_error>([&] {
        connect(pair.server.port(), test::trust(pair.ca), host("localhost"));
    });
    REQUIRE(error);
    CHECK_THAT(error->what(), Contains("not valid for this host name"));
}

TEST_CASE("an expired certificate is refused")
{
    test::leaf_options leaf;
    leaf.expired = true;
    tls_pair pair(leaf);
    check_refused(pair, test::trust(pair.ca), "certificate has expired");
}

TEST_CASE("a self-signed certificate is refused")
{
    test::leaf_options leaf;
    leaf.self_signed = true;
    tls_pair pair(leaf);
    check_refused(pair, test::trust(pair.ca), "self-signed certificate");
}

TEST_CASE("a certificate of an unknown issuer is refused")
{
    tls_pair pair;
    check_refused(pair, test::trust(test::test_ca("another CA")), "unable to get local issuer certificate");
    // The same against the certificates of the system.
    const auto system = std::make_shared<const net::tls_context>(dedalus::tls_options());
    check_refused(pair, system, "unable to get local issuer certificate");
}

TEST_CASE("a server that speaks TLS 1.1 at most is refused")
{
    tls_pair pair(test::leaf_options(), TLS1_1_VERSION);
    check_refused(pair, test::trust(pair.ca), "protocol version");
    CHECK_FALSE(pair.accepted);
}

TEST_CASE("TLS 1.2 is spoken, too")
{
    tls_pair pair(test::leaf_options(), TLS1_2_VERSION);
    CHECK(connect(pair.server.port(), test::trust(pair.ca)).made.stream);
}

TEST_CASE("a server that closes, or talks something else, in the handshake fails it")
{
    test::test_ca ca;
    const bool talks = GENERATE(false, true);
    const test::loopback_peer server([talks](test::peer_connection& peer) {
        char hello = 0;
        peer.read(std::span(&hello, 1));
        if (talks)
            peer.write(std::string_view("HTTP/1.1 400 Bad Request\r\n\r\n"));
        peer.cut();
        peer.wait_for_end();
    });
    const auto error = caught<dedalus::connection_error>([&] { connect(server.port(), test::trust(ca)); });
    REQUIRE(error);
    CHECK(error->phase() == call_phase::tls);
    CHECK_THAT(error->what(), Contains(talks ? "wrong version number" : "closed the connection during the handshake"));
}

TEST_CASE("a refused connection names the peer and the cause")
{
    std::uint16_t port = 0;
    {
        const test::loopback_peer gone([](test::peer_connection&) {});
        port = gone.port();
    }
    const auto error = caught<dedalus::connection_error>([&] { connect(port, nullptr); });
    REQUIRE(error);
    CHECK(error->phase() == call_phase::connect);
    CHECK(error->cause() == asio::error::connection_refused);
    CHECK_THAT(error->what(), Contains("127.0.0.1:" + std::to_string(port)));
}

TEST_CASE("the next address is tried when one refuses, or does not answer")
{
    const test::loopback_peer server([](test::peer_connection& peer) { peer.wait_for_end(); });
    std::optional<test::full_listener> silent;
    if (GENERATE(false, true))
        silent.emplace("127.0.0.2", server.port());
    const auto two_addresses = [](net::connect_request& request) {
        request.host = "two.test";
        request.limit = 2s;  // half of it is for the first address
    };
    CHECK(connect(server.port(), nullptr, two_addresses).made.stream);
}

TEST_CASE("the limit holds for all addresses together")
{
    const test::full_listener silent("127.0.0.1");
    const test::full_listener silent_too("127.0.0.2", silent.port());
    const auto error = caught<dedalus::timeout_error>([&] {
        connect(silent.port(), nullptr, [](net::connect_request& request) {
            request.host = "two.test";
            request.limit = 60ms;
        });
    });
    REQUIRE(error);
    CHECK(error->phase() == call_phase::connect);
    CHECK(error->elapsed() > 0ms);
}

TEST_CASE("a name that does not exist is an error of the resolve phase")
{
    const std::string name = GENERATE("nonexistent.invalid", "");
    const auto error = caught<dedalus::connection_error>([&] { connect(1, nullptr, host(name)); });
    REQUIRE(error);
    CHECK(error->phase() == call_phase::resolve);
    CHECK(error->cause().failed());
    CHECK_THAT(error->what(), Contains("cannot resolve " + name));
}

TEST_CASE("a silent peer in the handshake runs into the connect limit")
{
    test::test_ca ca;
    const test::loopback_peer server([](test::peer_connection& peer) { peer.wait_for_end(); });
    const auto error = caught<dedalus::timeout_error>([&] { connect(server.port(), test::trust(ca), limit(50ms)); });
    REQUIRE(error);
    CHECK(error->phase() == call_phase::tls);
    CHECK(error->elapsed() > 0ms);
}

TEST_CASE("a peer that does not answer runs into the connect limit")
{
    const test::full_listener nobody;
    const auto error = caught<dedalus::timeout_error>([&] { connect(nobody.port(), nullptr, limit(50ms)); });
    REQUIRE(error);
    CHECK(error->phase() == call_phase::connect);
}

TEST_CASE("a name server that does not answer runs into the connect limit, and its late answer is dropped")
{
    std::optional<test::slow_lookup> slow(std::in_place);
    asio::io_context context;
    auto request = test::connect_to(context.get_executor(), 1);
    request.host = "slow.test";
    request.limit = 50ms;
    bool ended = false;
    std::exception_ptr failure;
    asio::co_spawn(context, connect_and_drop(std::move(request)), [&](std::exception_ptr e) {
        ended = true;
        failure = e;
    });
    while (!ended)
        context.run_one_for(test::coro_deadline);
    // The coroutine has ended while the lookup still goes on.
    const auto error = caught<dedalus::timeout_error>([&] { std::rethrow_exception(failure); });
    REQUIRE(error);
    CHECK(error->phase() == call_phase::resolve);
    slow.reset();
    context.run_for(test::coro_deadline);
    CHECK(context.stopped());
}

TEST_CASE("the limit of the whole call comes first when it is shorter")
{
    const test::full_listener nobody;
    const auto error = caught<dedalus::timeout_error>([&] {
        connect(nobody.port(), nullptr, [](net::connect_request& request) {
            request.limit = 1h;
            request.total.start = std::chrono::steady_clock::now() - 1s;
            request.total.at = request.total.start + 1050ms;
        });
    });
    REQUIRE(error);
    CHECK(error->phase() == call_phase::total);
    CHECK(error->elapsed() >= 1050ms);  // from a start that lies in the past
}

TEST_CASE("a limit that has passed already stops the attempt")
{
    const test::full_listener nobody;
    const auto error = caught<dedalus::timeout_error>([&] {
        connect(nobody.port(), nullptr, [](net::connect_request& request) {
            request.total.at = std::chrono::steady_clock::now() - 1s;
        });
    });
    REQUIRE(error);
    CHECK(error->phase() == call_phase::total);
}

TEST_CASE("cancellation ends each phase of connecting")
{
    test::test_ca ca;
    asio::io_context context;
    auto request = test::connect_to(context.get_executor(), 1);
    // By Asio's cancellation of the coroutine, and by the guard.
    const bool by_guard = GENERATE(false, true);
    const auto guard = request.guard;
    const auto act = [&](asio::cancellation_signal& signal) {
        if (by_guard)
            guard->cancel();
        else
            signal.emit(asio::cancellation_type::terminal);
    };
    std::optional<test::slow_lookup> slow;
    int turns = 0;
    std::atomic<bool> greeted = false;

    SECTION("resolve")
    {
        slow.emplace();
        request.host = "slow.test";
        const auto error = caught<boost::system::system_error>([&] {
            test::act_when(
                context,
                connect_and_drop(std::move(request)),
                [&] { return ++turns == 10; },
                [&](asio::cancellation_signal& signal) {
                    test::slow_lookup::wait_until_asked();
                    act(signal);
                    // The coroutine must end without the answer: it is given only after the wait is cancelled.
                    asio::post(context, [&] { slow.reset(); });
                }
            );
        });
        REQUIRE(error);
        CHECK(error->code() == asio::error::operation_aborted);
    }
    SECTION("connect")
    {
        const test::full_listener nobody;
        request.port = nobody.port();
        const auto error = caught<boost::system::system_error>([&] {
            test::act_when(
                context, connect_and_drop(std::move(request)), [&] { return ++turns == 10; }, act
            );
        });
        REQUIRE(error);
        CHECK(error->code() == asio::error::operation_aborted);
    }
    SECTION("TLS handshake")
    {
        const test::loopback_peer server([&](test::peer_connection& peer) {
            char hello = 0;
            peer.read(std::span(&hello, 1));
            greeted = true;
            peer.wait_for_end();
        });
        request.port = server.port();
        request.tls = test::trust(ca);
        const auto error = caught<boost::system::system_error>([&] {
            test::act_when(
                context, connect_and_drop(std::move(request)), [&] { return greeted.load(); }, act
            );
        });
        REQUIRE(error);
        CHECK(error->code() == asio::error::operation_aborted);
    }
}

TEST_CASE("a guard that was cancelled before lets nothing begin")
{
    const auto error = caught<dedalus::error>([&] {
        connect(1, nullptr, [](net::connect_request& request) { request.guard->cancel(); });
    });
    REQUIRE(error);
    CHECK(error->code() == asio::error::operation_aborted);
}

TEST_CASE("an io_context may be destroyed while a coroutine connects")
{
    test::test_ca ca;
    std::atomic<bool> greeted = false;
    const test::loopback_peer server([&](test::peer_connection& peer) {
        char hello = 0;
        peer.read(std::span(&hello, 1));
        greeted = true;
        peer.wait_for_end();
    });
    const test::full_listener nobody;
    std::optional<test::slow_lookup> slow;
    asio::io_context context;
    auto request = test::connect_to(context.get_executor(), server.port());
    const auto never = [](std::exception_ptr) { FAIL("the coroutine must not end"); };

    SECTION("in resolve")
    {
        slow.emplace();
        request.host = "slow.test";
        asio::co_spawn(context, connect_and_drop(std::move(request)), never);
        context.poll();
        test::slow_lookup::wait_until_asked();
        slow.reset();  // the destructor of the context waits for the lookup, as Asio does
    }
    SECTION("in connect")
    {
        request.port = nobody.port();
        asio::co_spawn(context, connect_and_drop(std::move(request)), never);
        context.poll();
    }
    SECTION("in the handshake")
    {
        request.tls = test::trust(ca);
        asio::co_spawn(context, connect_and_drop(std::move(request)), never);
        while (!greeted)
            context.run_one_for(1ms);
    }
}

TEST_CASE("cancelling and time limits may come at any moment, on any thread")
{
    tls_pair pair;
    const auto trusted = test::trust(pair.ca);
    asio::thread_pool pool(3);
    for (int i = 0; i < 60; ++i) {
        auto request = test::connect_to(pool.get_executor(), pair.server.port(), trusted);
        const auto guard = request.guard;
        const bool cancels = i % 2 == 0;
        if (!cancels)
            request.limit = std::chrono::milliseconds(1 + i / 20);
        std::promise<boost::system::error_code> outcome;
        asio::co_spawn(pool, connect_and_drop(std::move(request)), [&](std::exception_ptr e) {
            outcome.set_value(code_of(e));
        });
        const auto until = std::chrono::steady_clock::now() + std::chrono::microseconds(20 * i);
        while (cancels && std::chrono::steady_clock::now() < until)
            std::this_thread::yield();
        if (cancels)
            guard->cancel();
        auto future = outcome.get_future();
        REQUIRE(future.wait_for(test::coro_deadline) == std::future_status::ready);
        const boost::system::error_code code = future.get();
        const auto expected = cancels ? boost::system::error_code(asio::error::operation_aborted)
                                      : make_error_code(dedalus::errc::timeout);
        CHECK((!code || code == expected));
    }
    pool.join();
}

}  // namespace net_connector_test
