#include "client/chat_stream.hpp"

#include <dedalus/error.hpp>

#include "client/api_errors.hpp"
#include "client/read_completion.hpp"
#include "protocol/chat_stream_decoder.hpp"
#include "protocol/chunk_from_completion.hpp"
#include "protocol/stream_meter.hpp"

#include <boost/asio/error.hpp>

#include <atomic>
#include <chrono>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace asio = boost::asio;

namespace dedalus {

namespace {

using clock = std::chrono::steady_clock;

protocol::chat_stream_options decoder_options(const configuration& config)
{
    return {
        .max_event_bytes = config.limits.max_event_bytes,
        .max_completion_bytes = config.limits.max_completion_bytes,
        .tolerate_missing_done = config.tolerate_missing_done,
        .max_error_body_bytes = config.limits.max_error_body_bytes,
    };
}

}  // namespace

class chat_completion_stream::impl
{
public:
    impl(std::shared_ptr<const chat_call> call, chat_answer answer)
        : call_(std::move(call)), info_(*answer.info), connection_(std::move(answer.connection)),
          decoder_(decoder_options(call_->client->config), error_details(info_)), meter_(call_->start, read_)
    {
        if (!connection_)
            whole_ = read_completion(answer.body, info_, call_->client->config.limits);
    }

    static asio::awaitable<boxed_optional<chat_completion_chunk>> next(std::shared_ptr<impl> self);

    chat_completion completion() const
    {
        chat_completion result = whole_ ? *whole_ : decoder_.accumulated().completion();
        result.info = info_;
        return result;
    }

    chat_completion whole_completion() const
    {
        if (!ended_)
            throw error(make_error_code(errc::operation_in_progress), "parsed() before the end of the stream");
        if (!complete_)
            throw incomplete_stream_error(std::make_shared<const chat_completion>(completion()));
        return completion();
    }

    const response_info& info() const noexcept { return info_; }

    const stream_latency& latency() const noexcept { return meter_.latency(); }

    const chat_completion_accumulator* accumulated() const noexcept
    {
        return whole_ ? nullptr : &decoder_.accumulated();
    }

    bool complete() const noexcept { return complete_; }

    const std::vector<assistant_message>& earlier_messages() const noexcept
    {
        return decoder_.accumulated().earlier_messages();
    }

    bool got_end_marker() const noexcept { return whole_ ? complete_ : decoder_.got_end_marker(); }

    void cancel() noexcept
    {
        cancelled_ = true;
        call_->limits.guard->cancel();
    }

private:
    bool advance();
    boxed_optional<chat_completion_chunk> take();
    protocol::deadline limit_of_wait(clock::time_point start) const;
    void feed(std::string_view piece, clock::time_point start);
    void note_chunk();
    void end();

    std::shared_ptr<const chat_call> call_;
    response_info info_;
    transport::connection_lease connection_;  // empty at the end
    clock::time_point read_ = clock::now();   // when the bytes of the next chunk were read, the header at first
    protocol::chat_stream_decoder decoder_;
    std::optional<chat_completion> whole_;  // a JSON answer in place of a stream
    protocol::stream_meter meter_;
    bool begun_ = false;
    bool ended_ = false;
    bool complete_ = false;  // ended well
    std::atomic<bool> pulling_ = false;
    std::atomic<bool> cancelled_ = false;
};

asio::awaitable<boxed_optional<chat_completion_chunk>> chat_completion_stream::impl::next(std::shared_ptr<impl> self)
{
    // Two next() never run side by side, by contract; one may be pending while the other begins. So no exchange, which
    // would cost each chunk a locked instruction, twice.
    if (self->pulling_.load(std::memory_order_relaxed))
        throw error(make_error_code(errc::operation_in_progress), "next() while another next() is pending");
    self->pulling_.store(true, std::memory_order_relaxed);

    struct release
    {
        std::atomic<bool>& flag;

        ~release() { flag.store(false, std::memory_order_relaxed); }
    } const released{self->pulling_};

    if (self->ended_)
        co_return std::nullopt;
    try {
        if (self->cancelled_)
            throw error(asio::error::make_error_code(asio::error::operation_aborted), "the stream was cancelled");
        while (!self->advance()) {
            if (self->ended_)
                co_return std::nullopt;
            const clock::time_point start = clock::now();
            const protocol::deadline limit = self->limit_of_wait(start);
            const std::string_view piece = co_await self->connection_->read_body(limit);
            self->feed(piece, start);
        }
        co_return self->take();
    }
    catch (...) {
        self->ended_ = true;
        self->connection_.reset();
        rethrow_as_error(*self->call_);
    }
}

// Goes to the next chunk of what is here; false when there is none. Notes the end.
bool chat_completion_stream::impl::advance()
{
    // What was read together is not waited for: saves a coroutine for each event that is an HTTP chunk of its own.
    if (!whole_ && decoder_.starved())
        decoder_.feed(connection_->buffered_body());
    const bool found = whole_ ? !begun_ : decoder_.next();
    if (found)
        note_chunk();
    else if (whole_ || decoder_.done())
        end();
    return found;
}

// The chunk that advance() went to.
boxed_optional<chat_completion_chunk> chat_completion_stream::impl::take()
{
    if (whole_)
        return protocol::chunk_from_completion(*whole_);
    return decoder_.take();
}

// How long a wait for the server that begins at `start` may take. A limit on events began to count with the last one,
// but what the consumer took in between is not in meter_.waiting(). Throws when it may not begin.
protocol::deadline chat_completion_stream::impl::limit_of_wait(clock::time_point start) const
{
    const timeout_options& timeouts = call_->limits.timeouts;
    const clock::time_point waiting_since = start - meter_.waiting();
    const protocol::deadline limit =
        begun_ ? protocol::phase_deadline(
                     call_phase::stream_idle, timeouts.idle_counts_events ? waiting_since : start, timeouts.stream_idle
                 )
               : protocol::phase_deadline(
                     call_phase::first_event, waiting_since, timeouts.first_event.value_or(timeouts.response_header)
                 );
    // A server that never pauses is not waited for, so that nothing else ends what is not an event.
    if (start >= limit.at)
        throw timeout_error(limit.phase, std::chrono::duration_cast<std::chrono::milliseconds>(start - limit.start));
    return limit;
}

/// @param piece  of the body, empty at its end. @param start  when the wait for it began.
void chat_completion_stream::impl::feed(std::string_view piece, clock::time_point start)
{
    read_ = clock::now();
    meter_.waited(start, read_);
    if (piece.empty())
        decoder_.finish();
    else
        decoder_.feed(piece);
}

void chat_completion_stream::impl::note_chunk()
{
    begun_ = true;
    meter_.chunk(read_);
    timings& times = *call_->limits.times;
    times.first_event = meter_.first_event();
    times.last_event = meter_.last_event();
    info_.timings = times;
}

void chat_completion_stream::impl::end()
{
    ended_ = true;
    complete_ = true;
    meter_.end();
    if (connection_)
        call_->target.transport->release(std::move(connection_));
    dedalus::complete(*call_, info_);
}

chat_completion_stream open_chat_stream(std::shared_ptr<const chat_call> call, chat_answer answer)
{
    return chat_completion_stream(std::make_shared<chat_completion_stream::impl>(std::move(call), std::move(answer)));
}

const chat_completion_accumulator* chat_stream_access::accumulated(const chat_completion_stream& stream) noexcept
{
    return stream.impl_->accumulated();
}

bool chat_stream_access::complete(const chat_completion_stream& stream) noexcept
{
    return stream.impl_->complete();
}

chat_completion_stream::chat_completion_stream(std::shared_ptr<impl> state) : impl_(std::move(state)) {}

// A next() that is still pending keeps the state alive; cancelling ends it and closes the socket.
chat_completion_stream::~chat_completion_stream()
{
    if (impl_)
        impl_->cancel();
}

chat_completion_stream::chat_completion_stream(chat_completion_stream&&) noexcept = default;

chat_completion_stream& chat_completion_stream::operator=(chat_completion_stream&& other) noexcept
{
    if (this != &other) {
        if (impl_)
            impl_->cancel();
        impl_ = std::move(other.impl_);
    }
    return *this;
}

asio::awaitable<boxed_optional<chat_completion_chunk>> chat_completion_stream::next()
{
    return impl::next(impl_);
}

chat_completion chat_completion_stream::completion() const
{
    return impl_->completion();
}

chat_completion chat_completion_stream::whole_completion() const
{
    return impl_->whole_completion();
}

const std::vector<assistant_message>& chat_completion_stream::earlier_messages() const noexcept
{
    return impl_->earlier_messages();
}

bool chat_completion_stream::got_end_marker() const noexcept
{
    return impl_->got_end_marker();
}

const response_info& chat_completion_stream::info() const noexcept
{
    return impl_->info();
}

const stream_latency& chat_completion_stream::latency() const noexcept
{
    return impl_->latency();
}

void chat_completion_stream::cancel() noexcept
{
    impl_->cancel();
}

}  // namespace dedalus
