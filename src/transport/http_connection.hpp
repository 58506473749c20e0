#pragma once

#include <dedalus/client_hooks.hpp>

#include "net/byte_stream.hpp"
#include "net/read_buffer.hpp"
#include "protocol/http_response_reader.hpp"
#include "transport/call_limits.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/system/error_code.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace dedalus::transport {

/// Whether a connection may serve another exchange.
enum class reuse
{
    now,
    later,  ///< the end of the last answer has not come yet
    never,
};

/// One HTTP/1.1 connection, for one exchange after another. Between begin() and end_exchange() it serves one call and
/// is bounded by that call's limits. It throws connection_error, timeout_error, response_format_error, and
/// operation_aborted when the call was cancelled; afterwards only the destructor may be called, which closes the
/// socket.
class http_connection
{
public:
    /// @param stream  connected. @param max_header_bytes  limit on a response header.
    http_connection(std::unique_ptr<net::byte_stream> stream, std::size_t max_header_bytes);
    ~http_connection();

    http_connection(const http_connection&) = delete;
    http_connection& operator=(const http_connection&) = delete;

    /// Calls this when the connection is closed.
    void observe_close(std::function<void(close_reason)> observer) { observer_ = std::move(observer); }

    /// A new exchange begins.
    void begin(call_limits limits);

    /// Sends head and body, with the write limit as a limit on waiting without progress. The views must stay valid.
    /// Stops when the server answers before it has all, as one does that refuses a request by its head.
    boost::asio::awaitable<void> send(std::string_view head, std::string_view body);

    /// From now on this is the limit of the whole call.
    void limit_total(const protocol::deadline& total) { limits_->total = total; }

    /// Waits for the complete response header.
    boost::asio::awaitable<void> read_header();

    /// The next piece of the body, a view that lasts until the next call; empty at the end of the body.
    /// @param limit  of the wait for it; its phase is that of errors.
    boost::asio::awaitable<std::string_view> read_body(protocol::deadline limit);

    /// The same with timeouts.stream_idle as the limit.
    boost::asio::awaitable<std::string_view> read_body(call_phase phase);

    /// The next piece of the body that was read already, a view that lasts until the next call; empty when there is
    /// none: then read_body() knows more.
    std::string_view buffered_body();

    /// Whether read_body() would give nothing, because all of the body was given.
    bool body_over() const noexcept { return body_.empty() && reader_->done(); }

    /// The exchange is over for its call; the answer may not have been read to its end.
    void end_exchange() noexcept;

    /// Whether another exchange may begin, without waiting: reads what is left of a body that is as good as over
    /// (at most 64 KiB), and sees whether the server has closed the connection or sent what nobody asked for.
    /// @param now  a connection from which was read a moment ago (a quarter of a millisecond) is not looked at: no look
    /// sees what is under way, and that is as long.
    reuse reusable(std::chrono::steady_clock::time_point now) noexcept { return verdict(now); }

    /// The same when the exchange has just ended, for whether to keep the connection: without another look at a
    /// stream that had no more when the end of the answer was read.
    reuse reusable_later() noexcept { return verdict(last_read_at_); }

    int status() const noexcept { return reader_->status(); }

    /// Those of the answer; once.
    http_headers take_headers() noexcept { return reader_->take_headers(); }

    /// Whether nothing of the request is left to send; also after a failure.
    bool sent_whole() const noexcept { return request_sent_; }

    /// Whether a byte of the answer has come.
    bool answered() const noexcept { return reader_->got_some(); }

private:
    void arm(call_phase phase, std::chrono::milliseconds limit);
    void write_some(std::string_view& bytes, boost::system::error_code& ec);
    boost::asio::awaitable<void> write(std::string_view bytes, boost::system::error_code ec);
    boost::asio::awaitable<void> let_others_run();
    reuse verdict(std::chrono::steady_clock::time_point now) noexcept;
    reuse drain(std::chrono::steady_clock::time_point now);
    bool more_at_once(call_phase phase);
    bool try_fill(call_phase phase);
    void read(boost::system::error_code& ec);
    void give_buffer_back() noexcept;
    bool try_early_answer(boost::system::error_code obstacle);
    void consume();
    void check_readable() const;
    void check_refusal(boost::system::error_code ec) const;

    std::unique_ptr<net::byte_stream> stream_;
    std::size_t max_header_bytes_;
    std::optional<call_limits> limits_;  // while an exchange goes on
    std::optional<protocol::http_response_reader> reader_;
    net::read_buffer buffer_;            // given back between exchanges, and while a wait goes on
    std::string_view input_;             // what of buffer_ has not been consumed
    std::string_view body_;              // the piece of the body that was consumed last
    boost::system::error_code failure_;  // of the reader
    std::size_t last_read_ = 0;          // bytes that the last read has brought
    std::chrono::steady_clock::time_point last_read_at_{};
    std::size_t drained_ = 0;            // bytes read after the exchange
    std::size_t exchanges_ = 0;          // that have begun
    std::size_t read_without_wait_ = 0;  // bytes since this coroutine was last suspended
    bool request_sent_ = false;
    close_reason reason_ = close_reason::not_reusable;  // if it were closed now, between exchanges
    std::function<void(close_reason)> observer_{};
};

}  // namespace dedalus::transport
