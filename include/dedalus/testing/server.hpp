#pragma once

#include <dedalus/config.hpp>
#include <dedalus/http_headers.hpp>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dedalus::testing {

/// What certificate the server shows. All are made at start and signed by a CA made at start.
enum class certificate_kind
{
    valid,           ///< for localhost, 127.0.0.1 and ::1, signed by the CA of ca_file()
    wrong_host,      ///< for another name
    expired,         ///< ended yesterday
    unknown_issuer,  ///< signed by a CA that ca_file() does not hold
    self_signed,     ///< signed by itself
};

struct server_options
{
    bool tls = true;         ///< HTTPS; false: HTTP
    std::uint16_t port = 0;  ///< 0: a free port
    certificate_kind certificate = certificate_kind::valid;
    std::string api_key{};  ///< when set, a request without `Authorization: Bearer <api_key>` is answered with 401
    std::chrono::milliseconds session_lifetime = std::chrono::minutes(10);  ///< how long a correlation_id is known
    std::chrono::milliseconds stream_delay =
        std::chrono::milliseconds(0);  ///< pause between the events of the server's own streams
    int deferred_polls = 1;            ///< how many questions for a deferred completion are answered with 202

    /// A request may leave calls of its last assistant message without a tool message; else that is answered with 400.
    bool partial_answers = false;
};

/// A request as the server received it.
struct received_request
{
    std::string method{};
    std::string target{};  ///< path and query
    http_headers headers{};
    std::string body{};          ///< raw bytes
    std::size_t connection = 0;  ///< number of the connection it came on, from 1 in order of accept
};

/// What the server does after the last byte of a reply, or in place of more bytes.
enum class reply_end
{
    keep_alive,  ///< the connection stays open for the next request, unless a header or the framing says otherwise
    close,       ///< orderly: TLS close_notify, then FIN; not announced, unless `headers` has `Connection: close`
    cut,         ///< FIN without TLS close_notify
    reset,       ///< RST
    silence,     ///< nothing more is sent; the connection stays open until the client closes it
};

/// How the body of a reply is framed.
enum class body_framing
{
    content_length,  ///< Content-Length
    chunked,         ///< Transfer-Encoding: chunked
    until_close,     ///< neither; the end of the connection ends the body
};

/// A scripted answer. With no faults set it is an ordinary HTTP answer. With chunked framing every piece of the body
/// is a chunk of its own.
struct reply
{
    int status = 200;
    http_headers headers{};  ///< added to those the server makes (Content-Type: application/json unless given here)
    std::string body{};
    body_framing framing = body_framing::content_length;
    std::string raw{};  ///< when set: these bytes are sent in place of status line, headers and body (garbage)

    std::chrono::milliseconds delay{0};  ///< before the first byte
    std::size_t piece_bytes =
        0;  ///< the whole reply, or the body when split_body_only, is written in pieces of this size; 0: at once
    bool split_body_only = true;
    std::chrono::milliseconds piece_delay{0};  ///< pause between pieces
    std::vector<std::size_t> split_at{};       ///< body offsets at which a piece ends, in place of piece_bytes
    std::optional<std::size_t> stop_after{};   ///< body bytes sent before `end` happens; unset: all. With chunked
                                               ///< framing the last chunk is then not sent
    bool without_header = false;               ///< `end` happens before any byte is sent
    reply_end end = reply_end::keep_alive;
};

/// 200 with a chat.completion whose first choice has this text.
DEDALUS_EXPORT reply text_reply(std::string text);

/// 200 with this JSON.
DEDALUS_EXPORT reply json_reply(boost::json::value body, int status = 200);

/// 200 text/event-stream, chunked, with these bytes.
DEDALUS_EXPORT reply event_stream_reply(std::string event_stream);

/// text/event-stream of one event for each JSON, and `data: [DONE]` unless `done` is false.
DEDALUS_EXPORT reply chunks_reply(const std::vector<boost::json::value>& chunks, bool done = true);

/// `status` with an OpenAI error body: {"error":{"message","type","code","param"}}.
DEDALUS_EXPORT reply error_reply(int status, std::string message, std::string type = "", std::string code = "");

/// The same reply with its body compressed and `Content-Encoding: gzip`.
DEDALUS_EXPORT reply gzipped(reply r);

/// A real HTTP/1.1 server on loopback that speaks `POST /v1/chat/completions` as the API documents it. It runs in a
/// thread of its own. Without a script it answers any valid request sensibly (see docs/testing.md); scripted replies
/// come first, in the order in which they were enqueued. Requests are validated before either: an invalid one is
/// answered with 4xx (422 and `detail[]` when it does not fit the schema), and uses up no scripted reply.
/// All members may be called from any thread.
class DEDALUS_EXPORT server
{
public:
    /// Starts listening. Throws boost::system::system_error when the port is taken.
    explicit server(server_options options);
    server();

    /// Stops, closes all connections and joins the thread.
    ~server();

    server(const server&) = delete;
    server& operator=(const server&) = delete;

    /// "https://localhost:PORT" or "http://localhost:PORT" (IPv4 loopback is listened on).
    std::string url() const;

    std::uint16_t port() const;

    /// Path of the PEM file of the CA, in a temporary directory that goes with the server. Empty for HTTP.
    std::string ca_file() const;

    /// Adds a reply for the next unanswered valid request.
    void enqueue(reply r);

    /// Adds a reply for the next GET of a deferred completion or of the key set.
    void enqueue_lookup(reply r);

    /// Takes the place of the built-in behaviour (scripted replies still come first). Runs on the server's thread; an
    /// empty optional leaves the request to the built-in behaviour. What it throws is answered with 500.
    void
    on_request(std::function<std::optional<reply>(const received_request&, const boost::json::object& body)> handler);

    /// All requests to the chat endpoint so far, invalid ones included.
    std::vector<received_request> requests() const;

    /// All requests so far for a deferred completion or for the key set.
    std::vector<received_request> lookups() const;

    /// The server is its own MCP authorization server, and this is the plaintext of a credential that a client
    /// encrypted for it: a value of `credentials` of an MCP server. Throws std::invalid_argument when it is none, or
    /// was changed.
    std::string open_credential(std::string_view sealed) const;

    /// Number of connections accepted so far.
    std::size_t connections_accepted() const;

    /// Number of connections open now.
    std::size_t connections_open() const;

    /// Waits until connections_open() is `n` or the time is over; returns whether it is.
    bool wait_for_connections_open(std::size_t n, std::chrono::milliseconds at_most) const;

    /// Waits until requests().size() is at least `n` or the time is over; returns whether it is.
    bool wait_for_requests(std::size_t n, std::chrono::milliseconds at_most) const;

    /// Closes every connection that waits for a request, as a server does with idle keep-alive connections. Returns
    /// before they are closed: see wait_for_connections_open().
    void close_idle_connections();

    /// Forgets every correlation_id: the next resume has to come from `deferred_calls`.
    void expire_sessions();

private:
    class impl;
    std::unique_ptr<impl> impl_;
};

}  // namespace dedalus::testing
