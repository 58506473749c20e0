#include "transport/http_connection.hpp"

#include <dedalus/error.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include <exception>
#include <new>
#include <span>
#include <utility>

namespace asio = boost::asio;

namespace dedalus::transport {

namespace {

// A request up to this size is sent in one piece.
constexpr std::size_t max_joined_bytes = 16 * 1024;

// What is worth reading to save a handshake.
constexpr std::size_t max_drained_bytes = 64 * 1024;

// What is read at most before others on the executor have a turn: a server that never pauses must not starve them.
constexpr std::size_t turn_bytes = 256 * 1024;

// A read that brought no more, and all there was, comes from a server that is slower than we are: to wait at once saves
// a read that finds nothing, for each event of a slow stream. One that is faster has sent more meanwhile.
constexpr std::size_t small_read_bytes = 1024;

// What a look at a connection cannot tell anyway: the time that bytes and ends are on their way.
constexpr std::chrono::microseconds moment(250);

}  // namespace

http_connection::http_connection(std::unique_ptr<net::byte_stream> stream, std::size_t max_header_bytes)
    : stream_(std::move(stream)), max_header_bytes_(max_header_bytes)
{}

http_connection::~http_connection()
{
    const close_reason reason = limits_ ? close_reason::abandoned : reason_;
    end_exchange();
    stream_.reset();
    if (observer_)
        observer_(reason);
}

void http_connection::begin(call_limits limits)
{
    limits_ = std::move(limits);
    limits_->guard->watch(stream_.get());
    reader_.emplace(max_header_bytes_);
    ++exchanges_;
    input_ = {};
    body_ = {};
    failure_ = {};
    last_read_ = 0;
    drained_ = 0;
    request_sent_ = false;
    reason_ = close_reason::not_reusable;
}

void http_connection::end_exchange() noexcept
{
    if (!limits_)
        return;
    limits_->guard->disarm();
    limits_->guard->watch(nullptr);
    limits_.reset();
    give_buffer_back();
}

void http_connection::give_buffer_back() noexcept
{
    if (input_.empty())
        buffer_.give_back();
}

asio::awaitable<void> http_connection::send(
    std::string_view head,  // borrowed
    std::string_view body   // borrowed
)
{
    boost::system::error_code ec;
    // One write for a small request, so that it leaves in one packet and one TLS record.
    if (head.size() + body.size() <= max_joined_bytes) {
        std::string whole;
        whole.reserve(head.size() + body.size());
        whole.append(head).append(body);
        std::string_view rest = whole;
        write_some(rest, ec);
        // Nearly always all of it was written, and a coroutine is spared.
        if (ec || !rest.empty())
            co_await write(rest, ec);
    }
    else {
        co_await write(head, ec);
        if (input_.empty())
            co_await write(body, ec);
    }
    request_sent_ = input_.empty();
}

void http_connection::write_some(std::string_view& bytes, boost::system::error_code& ec)
{
    const std::size_t n = stream_->try_write(std::span(bytes.data(), bytes.size()), ec);
    bytes.remove_prefix(n);
    limits_->times->bytes_sent += n;
}

// @param ec  of the try before this one.
asio::awaitable<void> http_connection::write(std::string_view bytes, boost::system::error_code ec)  // borrowed
{
    bool armed = false;
    while (!bytes.empty()) {
        if (!ec) {
            const std::size_t before = bytes.size();
            write_some(bytes, ec);
            armed = armed && bytes.size() == before;
        }
        if (!ec)
            continue;
        limits_->guard->throw_if_fired();
        if (try_early_answer(std::exchange(ec, {})))
            break;
        if (!std::exchange(armed, true))
            arm(call_phase::write, limits_->timeouts.write);
        co_await stream_->wait_either();
        read_without_wait_ = 0;
    }
    limits_->guard->disarm();
    limits_->guard->throw_if_fired();
}

// Whether bytes of an answer came although the request could not be sent any further, because of `obstacle`. Throws
// when there is no more to hope for: the connection is broken, or the server has closed it.
bool http_connection::try_early_answer(boost::system::error_code obstacle)
{
    boost::system::error_code ec;
    read(ec);
    check_refusal(ec);
    limits_->times->bytes_received += input_.size();
    if (obstacle == asio::error::would_block)
        obstacle = ec;
    if (!input_.empty())
        return true;
    limits_->guard->throw_if_fired();
    if (obstacle != asio::error::would_block)
        throw connection_error(call_phase::write, obstacle, "sending the request failed");
    return false;
}

asio::awaitable<void> http_connection::read_header()
{
    arm(call_phase::response_header, limits_->timeouts.response_header);
    while (!reader_->header_done()) {
        if (!more_at_once(call_phase::response_header)) {
            co_await stream_->wait();
            read_without_wait_ = 0;
        }
        consume();
        // What is wrong behind the header is told by read_body(), so that the status is not lost.
        if (!reader_->header_done())
            check_readable();
    }
    limits_->guard->disarm();
    limits_->guard->throw_if_fired();
}

asio::awaitable<std::string_view> http_connection::read_body(call_phase phase)
{
    const auto now = std::chrono::steady_clock::now();
    return read_body(protocol::phase_deadline(phase, now, limits_->timeouts.stream_idle));
}

asio::awaitable<std::string_view> http_connection::read_body(protocol::deadline limit)
{
    bool armed = false;
    while (body_.empty() && !reader_->done()) {
        check_readable();
        if (read_without_wait_ > turn_bytes)
            co_await let_others_run();
        if (!more_at_once(limit.phase)) {
            if (!std::exchange(armed, true))
                limits_->guard->arm(protocol::earliest(limit, limits_->total));
            co_await stream_->wait();
            read_without_wait_ = 0;
        }
        consume();
    }
    if (armed) {
        limits_->guard->disarm();
        limits_->guard->throw_if_fired();
    }
    co_return std::exchange(body_, {});
}

std::string_view http_connection::buffered_body()
{
    while (body_.empty() && !input_.empty() && !reader_->done() && !failure_)
        consume();
    return std::exchange(body_, {});
}

asio::awaitable<void> http_connection::let_others_run()
{
    read_without_wait_ = 0;
    co_await asio::post(asio::use_awaitable);
}

reuse http_connection::verdict(std::chrono::steady_clock::time_point now) noexcept
{
    reason_ = close_reason::not_reusable;
    if (!request_sent_)
        return reuse::never;
    try {
        const reuse found = drain(now);
        give_buffer_back();
        stream_->release_memory();
        if (found != reuse::never)
            reason_ = close_reason::idle;
        return found;
    }
    catch (const std::exception&) {
        return reuse::never;
    }
}

reuse http_connection::drain(std::chrono::steady_clock::time_point now)
{
    while (!reader_->done()) {
        if (input_.empty()) {
            if (!try_fill(call_phase::body))
                return reuse::later;
            drained_ += input_.size();
        }
        if (drained_ > max_drained_bytes)
            return reuse::never;
        consume();
        check_readable();
        body_ = {};
    }
    if (!reader_->keep_alive() || !input_.empty())
        return reuse::never;
    if (stream_->drained() && (now - last_read_at_ < moment || stream_->quiet()))
        return reuse::now;
    boost::system::error_code ec;
    char surplus = 0;
    stream_->try_read(std::span(&surplus, 1), ec);
    return ec == asio::error::would_block ? reuse::now : reuse::never;
}

void http_connection::consume()
{
    input_.remove_prefix(reader_->consume(input_, body_, failure_));
}

void http_connection::check_readable() const
{
    if (!failure_)
        return;
    if (failure_ == errc::limit_exceeded)
        throw response_format_error(
            errc::limit_exceeded, "the response header is larger than limits.max_header_bytes", status(), {}, {}
        );
    const char* const problem =
        reader_->header_done() ? "the framing of the body is broken" : "the answer is not HTTP/1.1";
    throw response_format_error(problem, status(), {}, {});
}

// A server that wants a certificate of the client says so when the handshake is over for the client. Later an alert is
// the end of the connection, and the server may have acted on the request.
void http_connection::check_refusal(boost::system::error_code ec) const
{
    if (exchanges_ == 1 && net::is_tls_alert(ec) && !reader_->got_some())
        throw connection_error(call_phase::tls, ec, "the server refused the TLS connection");
}

void http_connection::arm(call_phase phase, std::chrono::milliseconds limit)
{
    limits_->guard->arm(limits_->next(phase, limit));
}

void http_connection::read(boost::system::error_code& ec)
{
    const std::span<char> room = buffer_.get();
    if (room.empty())
        throw std::bad_alloc();
    last_read_ = stream_->try_read(room, ec);
    last_read_at_ = std::chrono::steady_clock::now();
    input_ = {room.data(), last_read_};
}

// Whether there is something to consume without a wait.
bool http_connection::more_at_once(call_phase phase)
{
    if (!input_.empty())
        return true;
    if (last_read_ > small_read_bytes || !stream_->drained())
        return try_fill(phase);
    give_buffer_back();
    return false;
}

bool http_connection::try_fill(call_phase phase)
{
    if (limits_)
        limits_->check();
    boost::system::error_code ec;
    read(ec);
    if (ec == asio::error::would_block) {
        give_buffer_back();
        return false;
    }
    read_without_wait_ += input_.size();
    if (limits_)
        limits_->times->bytes_received += input_.size();
    if (!ec)
        return true;
    if (limits_)
        limits_->guard->throw_if_fired();
    boost::system::error_code incomplete = ec;
    if (ec == asio::error::eof)
        reader_->finish(incomplete = {});
    check_refusal(incomplete);
    if (incomplete)
        throw connection_error(
            phase, incomplete, reader_->got_some() ? "the answer was cut off" : "the server closed the connection"
        );
    return true;
}

}  // namespace dedalus::transport
