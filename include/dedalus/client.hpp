#pragma once

#include <dedalus/api_error.hpp>
#include <dedalus/call_options.hpp>
#include <dedalus/chat/completion.hpp>
#include <dedalus/chat/deferred.hpp>
#include <dedalus/chat/request.hpp>
#include <dedalus/chat/stream.hpp>
#include <dedalus/client_changes.hpp>
#include <dedalus/client_options.hpp>
#include <dedalus/config.hpp>
#include <dedalus/detail/parse_answer.hpp>
#include <dedalus/error.hpp>
#include <dedalus/parsed_completion.hpp>
#include <dedalus/pool_stats.hpp>
#include <dedalus/schema/json_schema.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <memory>
#include <string>

namespace dedalus {

/// A client of `POST /v1/chat/completions` and of the deferred answers to it. A cheap handle on shared state: copies
/// share the configuration and the connection pool.
///
/// Thread safety: distinct objects and shared objects may be used from many threads and coroutines at once.
/// Executors: sockets, time limits and waits between attempts live on the executor given here, whose context somebody
/// has to run; an operation runs on the executor of the coroutine that awaits it, which may be a pool of threads. Asio
/// resolves names in one thread per execution context of its own, and a lookup that is under way cannot be stopped: an
/// operation does not wait for it, but the context does. Besides that no thread is started and nothing runs on after
/// its operation has ended, but for a credential_provider that ignores its cancellation. The execution context must
/// outlive the client, its copies and its streams. Cancellation: as everywhere in Asio, a signal is to be emitted on
/// the strand (or the only thread) of the coroutine that awaits; chat_completion_stream::cancel() may be called from
/// any thread. Lifetime: an operation copies what it needs before it returns its awaitable; neither the request nor the
/// client has to outlive it.
class DEDALUS_EXPORT client
{
public:
    /// Configured from the environment. Throws config_error.
    explicit client(boost::asio::any_io_executor executor);

    /// Throws config_error: no credential, contradictory options, a base URL without http or https or host, CR, LF or
    /// NUL in a header, a limit that is zero or negative, an unreadable CA file.
    client(boost::asio::any_io_executor executor, client_options options);

    /// Sends the request and gives the whole answer. Failed attempts are repeated as client_options::retry says.
    ///
    /// Throws: from the call itself invalid_request_error (invalid UTF-8, NaN, infinity); from the awaitable api_error
    /// and its classes, connection_error, timeout_error, response_format_error, credential_error.
    ///
    /// With `mcp_servers` and `credentials`, the credentials are encrypted for the MCP authorization server and put
    /// into each server; see client_options::mcp_authorization_server. What is wrong with them is an
    /// invalid_request_error of the call itself; a key that cannot be had is an error of the awaitable, of the same
    /// classes as the rest.
    ///
    /// With `deferred: true` the answer has a `request_id` and no choices, unless the server answered at once; see
    /// deferred_completion().
    ///
    /// Cancellation: terminal, in every phase; throws error with asio::error::operation_aborted and closes the
    /// connection.
    boost::asio::awaitable<chat_completion> chat_completions(const chat_completion_request& request) const;

    /// Likewise, with what is different for this call. Throws from the call itself also config_error.
    boost::asio::awaitable<chat_completion>
    chat_completions(const chat_completion_request& request, const call_options& options) const;

    /// The answer to a request that was sent with `deferred: true`, by the `request_id` of its answer, from this or
    /// another process. Asks until the answer is there, with the waits of `options`; each question is repeated as
    /// client_options::retry says when it fails for a moment.
    ///
    /// The server gives the answer once. A question whose answer has been read is never repeated, and an answer that
    /// cannot be read is thrown as a whole, with unreadable_result_error.
    ///
    /// Throws: from the call itself config_error (an option out of range) and invalid_request_error (an id that is
    /// empty or longer than 1024 bytes); from the awaitable as chat_completions(), not_found_error for an id that is
    /// unknown or whose answer was given before, timeout_error of call_phase::deferred at the deadline,
    /// unreadable_result_error. client_options::timeouts.total holds as well. Cancellation: terminal, in every phase,
    /// the waits included.
    boost::asio::awaitable<chat_completion> deferred_completion(std::string request_id) const;
    boost::asio::awaitable<chat_completion> deferred_completion(std::string request_id, deferred_options options) const;

    /// Likewise, with what is different for this call: its limits are those of the whole call, its retries those of
    /// each question. `body` is an invalid_request_error, `idempotency_key` is not sent.
    boost::asio::awaitable<chat_completion>
    deferred_completion(std::string request_id, deferred_options options, const call_options& call) const;

    /// Sends the request with `stream: true` and gives the stream once a 2xx header has come. Errors before that, and
    /// retries, as in chat_completions(). A server that answers with one JSON completion instead of a stream gives a
    /// stream of one chunk. A request with `deferred: true` is an invalid_request_error: it has no stream.
    boost::asio::awaitable<chat_completion_stream> chat_completions_stream(const chat_completion_request& request
    ) const;
    boost::asio::awaitable<chat_completion_stream>
    chat_completions_stream(const chat_completion_request& request, const call_options& options) const;

    /// Asks for an answer that is a T, a struct described with BOOST_DESCRIBE_STRUCT, and reads it: sends
    /// response_format_for<T>() as `response_format`. A json_schema format of the request itself goes first: only what
    /// it leaves empty of name, schema and `strict` is filled in. The choices are read as parse_completion() says.
    ///
    /// Throws: from the call itself what chat_completions() throws, and invalid_request_error for tools that are not
    /// function tools with `strict: true`; from the awaitable what chat_completions() and parse_completion() throw.
    /// Cancellation: as chat_completions().
    template <class T>
    boost::asio::awaitable<parsed_completion<T>> parse(const chat_completion_request& request) const
    {
        return detail::parse_answer<T>(structured_answer(request, response_format_for<T>(), nullptr));
    }

    /// Likewise, with what is different for this call; a `response_format` in call_options::body wins.
    template <class T>
    boost::asio::awaitable<parsed_completion<T>>
    parse(const chat_completion_request& request, const call_options& options) const
    {
        return detail::parse_answer<T>(structured_answer(request, response_format_for<T>(), &options));
    }

#if DEDALUS_COROUTINE_TEMPORARIES_BROKEN
    /// g++ 12 destroys a temporary request inside a co_await expression twice: name the request first.
    boost::asio::awaitable<chat_completion> chat_completions(chat_completion_request&& request) const = delete;
    boost::asio::awaitable<chat_completion_stream> chat_completions_stream(chat_completion_request&& request
    ) const = delete;
    template <class T>
    boost::asio::awaitable<parsed_completion<T>> parse(chat_completion_request&& request) const = delete;
    boost::asio::awaitable<chat_completion>
    deferred_completion(std::string request_id, deferred_options options, call_options&& call) const = delete;
    boost::asio::awaitable<chat_completion>
    chat_completions(const chat_completion_request& request, call_options&& options) const = delete;
    boost::asio::awaitable<chat_completion>
    chat_completions(chat_completion_request&& request, const call_options& options) const = delete;
    boost::asio::awaitable<chat_completion>
    chat_completions(chat_completion_request&& request, call_options&& options) const = delete;
    template <class T>
    boost::asio::awaitable<parsed_completion<T>>
    parse(const chat_completion_request& request, call_options&& options) const = delete;
    template <class T>
    boost::asio::awaitable<parsed_completion<T>>
    parse(chat_completion_request&& request, const call_options& options) const = delete;
    template <class T>
    boost::asio::awaitable<parsed_completion<T>>
    parse(chat_completion_request&& request, call_options&& options) const = delete;
    boost::asio::awaitable<chat_completion_stream>
    chat_completions_stream(const chat_completion_request& request, call_options&& options) const = delete;
    boost::asio::awaitable<chat_completion_stream>
    chat_completions_stream(chat_completion_request&& request, const call_options& options) const = delete;
    boost::asio::awaitable<chat_completion_stream>
    chat_completions_stream(chat_completion_request&& request, call_options&& options) const = delete;
#endif

    /// The connections of this client and its copies, as they are at one moment. Any thread; does not wait.
    dedalus::pool_stats pool_stats() const;

    /// Closes the connections that no call uses. For a client that will not be used for a while: it closes nothing by
    /// itself then. Calls under way go on. Any thread; does not wait.
    void close_idle_connections() const;

    /// The executor given at construction.
    boost::asio::any_io_executor get_executor() const noexcept;

    /// client_options::dialect: the form in which requests are sent.
    dedalus::dialect dialect() const noexcept;

    /// A client that differs from this one in what `changes` says and shares its connections, hooks and logger.
    /// Destroying either leaves the other as it is. Throws config_error.
    client with_options(const client_changes& changes) const;

    /// client_options::logger, or the one that is used by default; never null.
    std::shared_ptr<dedalus::logger> logger() const noexcept;

    /// The limits of its calls, to begin with when one call is to have another.
    const timeout_options& timeouts() const noexcept;

    class impl;

private:
    explicit client(std::shared_ptr<impl> state);
    boost::asio::awaitable<chat_completion> structured_answer(
        const chat_completion_request& request, response_format_json_schema format, const call_options* options
    ) const;

    std::shared_ptr<impl> impl_;
};

}  // namespace dedalus
