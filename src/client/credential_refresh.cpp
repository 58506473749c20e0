#include "client/credential_refresh.hpp"

#include <dedalus/error.hpp>

#include "net/wake_up.hpp"
#include "protocol/http_request_head.hpp"
#include "support/ascii.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/this_coro.hpp>

#include <exception>
#include <string>
#include <utility>

namespace asio = boost::asio;

namespace dedalus {

namespace {

/// A question to the provider. It may outlive the call, which does not wait for a provider that ignores cancellation.
struct question
{
    question(const asio::any_io_executor& timers, const asio::any_io_executor& runs_on, credential_provider asked)
        : provider(std::move(asked)), strand(asio::make_strand(runs_on)), answered(timers)
    {}

    credential_provider provider;
    asio::any_io_executor strand;  // of the provider's coroutine, and so of the signal
    asio::cancellation_signal give_up;
    net::wake_up answered;
    std::string key;
    std::exception_ptr failure;
};

asio::awaitable<void> ask(std::shared_ptr<question> asked)
{
    try {
        asio::awaitable<std::string> answer = asked->provider();
        asked->key = co_await std::move(answer);
    }
    catch (...) {
        asked->failure = std::current_exception();
    }
    asked->answered.notify();
}

void begin(const std::shared_ptr<question>& asked)
{
    asio::awaitable<void> asking = ask(asked);
    asio::co_spawn(
        asked->strand,
        std::move(asking),
        asio::bind_cancellation_slot(asked->give_up.slot(), [asked](std::exception_ptr) {})
    );
}

void abandon(const std::shared_ptr<question>& asked)
{
    asio::dispatch(asked->strand, [asked] { asked->give_up.emit(asio::cancellation_type::terminal); });
}

void check_key(const question& asked)
{
    if (asked.failure)
        throw credential_error("the credential provider failed", asked.failure);
    if (support::trimmed(asked.key).empty())
        throw credential_error("the credential provider gave an empty key", nullptr);
    if (!protocol::valid_header_value(asked.key))
        throw credential_error("the credential provider gave a key that holds CR, LF or NUL", nullptr);
}

}  // namespace

bool refreshes_credential(const chat_call& call)
{
    return call.client->config.credential_provider && call.target.server.empty();
}

asio::awaitable<void> refresh_credential(std::shared_ptr<chat_call> call)
{
    const credential_provider& provider = call->client->config.credential_provider;
    const asio::any_io_executor runs_on = co_await asio::this_coro::executor;
    auto asked = std::make_shared<question>(call->client->executor, runs_on, provider);
    begin(asked);
    net::watchdog& guard = *call->limits.guard;
    std::exception_ptr interrupted;
    {
        const net::watch_scope watched(guard, asked->answered);
        guard.arm(call->limits.total);
        try {
            co_await asked->answered.wait();
        }
        catch (const boost::system::system_error&) {
            interrupted = std::current_exception();
        }
        guard.disarm();
    }
    if (interrupted)
        abandon(asked);
    guard.throw_if_fired();
    if (interrupted)
        std::rethrow_exception(interrupted);
    check_key(*asked);
    call->credential = std::move(asked->key);
}

}  // namespace dedalus
