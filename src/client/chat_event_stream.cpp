#include <dedalus/chat/event_stream.hpp>

#include "client/chat_stream.hpp"
#include "protocol/chat_events.hpp"

#include <cstddef>
#include <limits>
#include <utility>

namespace asio = boost::asio;

namespace dedalus {

class chat_completion_events::impl
{
public:
    impl(chat_completion_stream stream, chat_event_options options) : stream_(std::move(stream)), events_(options) {}

    static asio::awaitable<std::optional<chat_completion_event>> next(std::shared_ptr<impl> self);

    const chat_completion_stream& stream() const noexcept { return stream_; }

    void cancel() noexcept { stream_.cancel(); }

private:
    void take(boxed_optional<chat_completion_chunk> chunk);

    chat_completion_stream stream_;
    chat_completion_accumulator whole_{std::numeric_limits<std::size_t>::max()};  // of an answer that came whole
    protocol::chat_events events_;
    boxed_optional<chat_completion_chunk> chunk_{};  // the events show into it
    std::size_t given_ = 0;                          // of the events
    bool ended_ = false;
};

asio::awaitable<std::optional<chat_completion_event>> chat_completion_events::impl::next(std::shared_ptr<impl> self)
{
    while (true) {
        if (self->given_ < self->events_.events().size())
            co_return self->events_.events()[self->given_++];
        if (self->ended_)
            co_return std::nullopt;
        boxed_optional<chat_completion_chunk> chunk = co_await self->stream_.next();
        if (!chunk && !chat_stream_access::complete(self->stream_))
            co_return std::nullopt;
        self->take(std::move(chunk));
    }
}

// The end of the stream comes as no chunk.
void chat_completion_events::impl::take(boxed_optional<chat_completion_chunk> chunk)
{
    const chat_completion_accumulator* accumulated = chat_stream_access::accumulated(stream_);
    given_ = 0;
    events_.clear();
    chunk_ = std::move(chunk);
    ended_ = !chunk_;
    if (accumulated == nullptr) {
        accumulated = &whole_;
        if (chunk_)
            whole_.add(*chunk_);
    }
    if (chunk_)
        events_.add(*chunk_, *accumulated);
    else
        events_.finish(*accumulated);
}

chat_completion_events::chat_completion_events(chat_completion_stream stream, chat_event_options options)
    : impl_(std::make_shared<impl>(std::move(stream), options))
{}

// A next() that is still pending keeps the state alive; cancelling ends it and closes the socket.
chat_completion_events::~chat_completion_events()
{
    if (impl_)
        impl_->cancel();
}

chat_completion_events::chat_completion_events(chat_completion_events&&) noexcept = default;

chat_completion_events& chat_completion_events::operator=(chat_completion_events&& other) noexcept
{
    if (this != &other) {
        if (impl_)
            impl_->cancel();
        impl_ = std::move(other.impl_);
    }
    return *this;
}

asio::awaitable<std::optional<chat_completion_event>> chat_completion_events::next()
{
    return impl::next(impl_);
}

chat_completion chat_completion_events::completion() const
{
    return impl_->stream().completion();
}

const response_info& chat_completion_events::info() const noexcept
{
    return impl_->stream().info();
}

void chat_completion_events::cancel() noexcept
{
    impl_->cancel();
}

}  // namespace dedalus
