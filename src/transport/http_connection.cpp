#include "transport/http_connection.hpp"

#include <dedalus/error.hpp>

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include <exception>
#include <span>
#include <utility>

namespace asio = boost::asio;

namespace dedalus::transport {

namespace {

// A TLS record holds at most this much, so a larger buffer would not be filled by one read.
constexpr std::size_t read_buffer_bytes = 16 * 1024;

// What is worth reading to save a handshake.
constexpr std::size_t max_drained_bytes = 64 * 1024;

[[noreturn]] void throw_unreadable(boost::system::error_code ec)
{
    if (ec == errc::limit_exceeded)
        throw response_format_error(errc::limit_exceeded, "the response header is larger than allowed", 0, {}, {});
    throw response_format_error("the answer is not HTTP/1.1", 0, {}, {});
}

}  // namespace

http_connection::http_connection(std::unique_ptr<net::byte_stream> stream, std::size_t max_header_bytes)
    : stream_(std::move(stream)), max_header_bytes_(max_header_bytes)
{}

http_connection::~http_connection()
{
    end_exchange();
}

void http_connection::begin(call_limits limits)
{
    limits_ = std::move(limits);
    limits_->guard->watch(stream_.get());
    reader_.emplace(max_header_bytes_);
    buffer_.resize(read_buffer_bytes);
    input_ = {};
    body_ = {};
}

void http_connection::end_exchange() noexcept
{
    if (!limits_)
        return;
    limits_->guard->disarm();
    limits_->guard->watch(nullptr);
    limits_.reset();
    if (input_.empty())
        buffer_ = std::vector<char>();
}

asio::awaitable<void> http_connection::send(std::string_view head /* borrowed */, std::string_view body /* borrowed */)
{
    std::exception_ptr failure;
    try {
        // One write for a small request, so that it leaves in one packet and one TLS record.
        if (head.size() + body.size() <= read_buffer_bytes) {
            const std::string whole = std::string(head).append(body);
            co_await write(whole);
        }
        else {
            co_await write(head);
            co_await write(body);
        }
    }
    catch (const connection_error&) {
        failure = std::current_exception();
    }
    if (!failure)
        co_return;

    // A server that refuses a request may answer, and close, before it has read all of it.
    bool answered = false;
    try {
        answered = try_fill(call_phase::write) && !reader_->done();
    }
    catch (const connection_error&) {
        answered = false;
    }
    if (!answered)
        std::rethrow_exception(failure);
}

asio::awaitable<void> http_connection::write(std::string_view bytes /* borrowed */)
{
    while (!bytes.empty()) {
        boost::system::error_code ec;
        bytes.remove_prefix(stream_->try_write(std::span(bytes.data(), bytes.size()), ec));
        if (ec == asio::error::would_block) {
            arm(call_phase::write, limits_->timeouts.write);
            co_await wait();
        }
        else if (ec) {
            limits_->guard->throw_if_fired();
            throw connection_error(call_phase::write, ec, "sending the request failed");
        }
    }
}

asio::awaitable<void> http_connection::read_header()
{
    arm(call_phase::response_header, limits_->timeouts.response_header);
    while (!reader_->header_done()) {
        if (input_.empty() && !try_fill(call_phase::response_header))
            co_await wait();
        consume();
    }
    limits_->guard->disarm();
}

asio::awaitable<std::string_view> http_connection::read_body(call_phase phase)
{
    bool armed = false;
    while (body_.empty() && !reader_->done()) {
        if (input_.empty() && !try_fill(phase)) {
            // Armed at the first wait alone: framing bytes without a body do not extend the time.
            if (!std::exchange(armed, true))
                arm(phase, limits_->timeouts.stream_idle);
            co_await wait();
        }
        consume();
    }
    if (armed)
        limits_->guard->disarm();
    co_return std::exchange(body_, {});
}

bool http_connection::reusable() noexcept
{
    try {
        buffer_.resize(read_buffer_bytes);
        std::size_t drained = 0;
        while (!reader_->done() && drained <= max_drained_bytes) {
            if (input_.empty() && !try_fill(call_phase::body))
                return false;
            drained += input_.size();
            consume();
            body_ = {};
        }
        if (!reader_->keep_alive() || !input_.empty())
            return false;
        boost::system::error_code ec;
        char surplus = 0;
        stream_->try_read(std::span(&surplus, 1), ec);
        buffer_ = std::vector<char>();
        return ec == asio::error::would_block;
    }
    catch (const std::exception&) {
        return false;
    }
}

void http_connection::consume()
{
    boost::system::error_code ec;
    input_.remove_prefix(reader_->consume(input_, body_, ec));
    if (ec)
        throw_unreadable(ec);
}

void http_connection::arm(call_phase phase, std::chrono::milliseconds limit)
{
    limits_->guard->arm(limits_->next(phase, limit));
}

asio::awaitable<void> http_connection::wait()
{
    std::exception_ptr failure;
    try {
        co_await stream_->wait();
    }
    catch (const std::exception&) {
        failure = std::current_exception();
    }
    limits_->guard->throw_if_fired();
    if (failure)
        std::rethrow_exception(failure);
}

bool http_connection::try_fill(call_phase phase)
{
    if (limits_)
        limits_->check();
    boost::system::error_code ec;
    const std::size_t n = stream_->try_read(buffer_, ec);
    if (ec == asio::error::would_block)
        return false;
    input_ = {buffer_.data(), n};
    if (!ec)
        return true;
    if (limits_)
        limits_->guard->throw_if_fired();
    boost::system::error_code incomplete = ec;
    if (ec == asio::error::eof)
        reader_->finish(incomplete = {});
    if (incomplete)
        throw connection_error(
            phase, incomplete, reader_->got_some() ? "the answer was cut off" : "the server closed the connection"
        );
    return true;
}

}  // namespace dedalus::transport
