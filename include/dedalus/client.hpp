#pragma once

#include <dedalus/chat/completion.hpp>
#include <dedalus/chat/request.hpp>
#include <dedalus/chat/stream.hpp>
#include <dedalus/client_options.hpp>
#include <dedalus/config.hpp>
#include <dedalus/error.hpp>
#include <dedalus/pool_stats.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <memory>

namespace dedalus {

/// A client of `POST /v1/chat/completions`. A cheap handle on shared state: copies share the configuration and the
/// connection pool.
///
/// Thread safety: distinct objects and shared objects may be used from many threads and coroutines at once.
/// Executors: sockets, time limits and waits between attempts live on the executor given here, whose context somebody
/// has to run; an operation runs on the executor of the coroutine that awaits it, which may be a pool of threads. Asio
/// resolves names in one thread per execution context of its own, and a lookup that is under way cannot be stopped: an
/// operation does not wait for it, but the context does. Besides that no thread is started and nothing runs on after
/// its operation has ended. The execution context must outlive the client, its copies and its streams. Cancellation: as
/// everywhere in Asio, a signal is to be emitted on the strand (or the only thread) of the coroutine that awaits;
/// chat_completion_stream::cancel() may be called from any thread. Lifetime: an operation copies what it needs before
/// it returns its awaitable; neither the request nor the client has to outlive it.
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
    /// and its classes, connection_error, timeout_error, response_format_error.
    /// Cancellation: terminal, in every phase; throws error with asio::error::operation_aborted and closes the
    /// connection.
    boost::asio::awaitable<chat_completion> chat_completions(const chat_completion_request& request) const;

    /// Sends the request with `stream: true` and gives the stream once a 2xx header has come. Errors before that, and
    /// retries, as in chat_completions(). A server that answers with one JSON completion instead of a stream gives a
    /// stream of one chunk.
    boost::asio::awaitable<chat_completion_stream> chat_completions_stream(const chat_completion_request& request
    ) const;

#if DEDALUS_COROUTINE_TEMPORARIES_BROKEN
    /// g++ 12 destroys a temporary request inside a co_await expression twice: name the request first.
    boost::asio::awaitable<chat_completion> chat_completions(chat_completion_request&& request) const = delete;
    boost::asio::awaitable<chat_completion_stream> chat_completions_stream(chat_completion_request&& request
    ) const = delete;
#endif

    /// The connections of this client and its copies, as they are at one moment. Any thread; does not wait.
    dedalus::pool_stats pool_stats() const;

    /// Closes the connections that no call uses. For a client that will not be used for a while: it closes nothing by
    /// itself then. Calls under way go on. Any thread; does not wait.
    void close_idle_connections() const;

    /// The executor given at construction.
    boost::asio::any_io_executor get_executor() const noexcept;

    class impl;

private:
    std::shared_ptr<impl> impl_;
};

}  // namespace dedalus
