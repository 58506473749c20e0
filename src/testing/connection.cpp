#include "testing/connection.hpp"

#include "testing/reply_encoding.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <array>
#include <random>
#include <string_view>
#include <utility>

namespace dedalus::testing {

namespace asio = boost::asio;
using boost::system::error_code;
using std::chrono::milliseconds;

namespace {

constexpr std::string_view continue_reply = "HTTP/1.1 100 Continue\r\n\r\n";

/// A pause looks this often whether the client has gone.
constexpr milliseconds pause_step{5};

/// How much of a refused request is read, so that the client gets to see the answer instead of a reset.
constexpr std::size_t max_discarded_bytes = std::size_t{256} * 1024 * 1024;
constexpr std::chrono::seconds max_discarding_time{5};

std::string new_request_id()
{
    static thread_local std::mt19937_64 random{std::random_device{}()};
    std::string id = "req_";
    for (int i = 0; i < 16; ++i)
        id.push_back("0123456789abcdef"[random() % 16]);
    return id;
}

reply refusal_of(request_reader::state state)
{
    if (state == request_reader::state::body_too_large)
        return error_reply(413, "The request body is too large", "invalid_request_error");
    if (state == request_reader::state::header_too_large)
        return error_reply(431, "The request header is too large", "invalid_request_error");
    return error_reply(400, "This is not an HTTP/1.1 request", "invalid_request_error");
}

bool asks_to_close(const reply& r)
{
    const std::optional<std::string_view> value = r.headers.find("connection");
    return value && (*value == "close" || *value == "Close");
}

}  // namespace

connection::connection(
    asio::any_io_executor executor, std::unique_ptr<server_stream> stream, std::size_t number, answerer answer
)
    : executor_(std::move(executor)), stream_(std::move(stream)), number_(number), answer_(std::move(answer))
{}

void connection::close_if_idle()
{
    if (waiting_for_request_ && reader_.idle())
        stream_->cancel();
}

asio::awaitable<void> connection::run()
{
    const error_code handshake_error = co_await stream_->handshake();
    if (handshake_error)
        co_return;
    step next = step::next_request;
    while (next == step::next_request)
        next = co_await serve_request();
    if (next == step::finish)
        co_await stream_->finish();
}

asio::awaitable<connection::step> connection::serve_request()
{
    const request_reader::state state = co_await read_request();
    if (input_failed_)
        co_return step::finish;
    if (state != request_reader::state::complete) {
        reply refusal = refusal_of(state);
        const step after_refusal = co_await refuse(std::move(refusal));
        co_return after_refusal;
    }
    received_request request = reader_.take();
    request.connection = number_;
    const bool close_after = !reader_.keep_alive();
    const bool without_body = request.method == "HEAD";
    reply r = answer_(request);
    const step next = co_await send(std::move(r), close_after, without_body);
    co_return next;
}

asio::awaitable<request_reader::state> connection::read_request()
{
    std::array<char, 16 * 1024> buffer;
    request_reader::state state = reader_.step();
    while (state == request_reader::state::incomplete || state == request_reader::state::expects_continue) {
        if (state == request_reader::state::expects_continue) {
            const error_code ec = co_await stream_->write(asio::buffer(continue_reply));
            input_failed_ = input_failed_ || ec;
        }
        waiting_for_request_ = true;
        const read_result result = co_await stream_->read_some(asio::buffer(buffer));
        waiting_for_request_ = false;
        if (result.ec) {
            input_failed_ = true;
            co_return state;
        }
        reader_.feed(std::string_view(buffer.data(), result.bytes));
        state = reader_.step();
    }
    co_return state;
}

asio::awaitable<connection::step> connection::send(reply r, bool close_after, bool without_body)
{
    const bool ends_body_by_close = r.framing == body_framing::until_close && r.raw.empty();
    const bool close = close_after || ends_body_by_close || asks_to_close(r);
    const reply_context context{new_request_id(), close, without_body};
    const std::vector<reply_piece> pieces = encode_reply(r, context);

    const bool still_there = co_await pause(r.delay);
    if (!still_there)
        co_return step::finish;
    for (const reply_piece& piece : pieces) {
        bool peer_there = true;
        if (piece.pause_before)
            peer_there = co_await pause(r.piece_delay);
        if (!peer_there)
            co_return step::finish;
        const error_code ec = co_await stream_->write(asio::buffer(piece.bytes));
        if (ec)
            co_return step::ended;
    }
    const reply_end end = r.end == reply_end::keep_alive && close ? reply_end::close : r.end;
    const step next = co_await perform_end(end);
    co_return next;
}

asio::awaitable<connection::step> connection::perform_end(reply_end end)
{
    switch (end) {
    case reply_end::keep_alive:
        co_return step::next_request;
    case reply_end::close:
        co_return step::finish;
    case reply_end::cut:
        stream_->cut();
        co_return step::ended;
    case reply_end::reset:
        stream_->reset();
        co_return step::ended;
    case reply_end::silence:
        co_await discard_input();
        co_return step::finish;
    }
    co_return step::ended;
}

asio::awaitable<connection::step> connection::refuse(reply r)
{
    const reply_context context{new_request_id(), true, false};
    const std::vector<reply_piece> pieces = encode_reply(r, context);
    for (const reply_piece& piece : pieces) {
        const error_code ec = co_await stream_->write(asio::buffer(piece.bytes));
        if (ec)
            co_return step::ended;
    }
    asio::steady_timer limit(executor_, max_discarding_time);
    limit.async_wait([stream = stream_](const error_code& ec) {
        if (!ec)
            stream->cancel();
    });
    co_await discard_input();
    co_return step::finish;
}

asio::awaitable<void> connection::discard_input()
{
    std::array<char, 16 * 1024> buffer;
    for (std::size_t discarded = 0; discarded < max_discarded_bytes;) {
        const read_result result = co_await stream_->read_some(asio::buffer(buffer));
        if (result.ec)
            co_return;
        discarded += result.bytes;
    }
}

/// Returns false when the client ended the connection meanwhile.
asio::awaitable<bool> connection::pause(milliseconds duration)
{
    if (duration <= milliseconds(0))
        co_return true;
    const auto until = std::chrono::steady_clock::now() + duration;
    asio::steady_timer timer(executor_);
    while (std::chrono::steady_clock::now() < until) {
        timer.expires_at(std::min(until, std::chrono::steady_clock::now() + pause_step));
        error_code ignored;
        co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        if (stream_->peer_gone())
            co_return false;
    }
    co_return true;
}

}  // namespace dedalus::testing
