#include <dedalus/chat/event_accumulator.hpp>

#include "protocol/chat_events.hpp"

#include <utility>

namespace dedalus {

class chat_completion_event_accumulator::impl
{
public:
    impl(chat_event_options options, std::size_t max_bytes) : accumulator(max_bytes), events(options) {}

    chat_completion_accumulator accumulator;
    protocol::chat_events events;
    chat_completion_chunk chunk{};  // the events show into it
};

chat_completion_event_accumulator::chat_completion_event_accumulator(chat_event_options options, std::size_t max_bytes)
    : impl_(std::make_unique<impl>(options, max_bytes))
{}

chat_completion_event_accumulator::~chat_completion_event_accumulator() = default;
chat_completion_event_accumulator::chat_completion_event_accumulator(chat_completion_event_accumulator&&) noexcept =
    default;
chat_completion_event_accumulator&
chat_completion_event_accumulator::operator=(chat_completion_event_accumulator&&) noexcept = default;

const std::vector<chat_completion_event>& chat_completion_event_accumulator::add(chat_completion_chunk chunk)
{
    impl_->events.clear();
    impl_->chunk = std::move(chunk);
    impl_->accumulator.add(impl_->chunk);
    impl_->events.add(impl_->chunk, impl_->accumulator);
    return impl_->events.events();
}

const std::vector<chat_completion_event>& chat_completion_event_accumulator::finish()
{
    impl_->events.finish(impl_->accumulator);
    return impl_->events.events();
}

const chat_completion_accumulator& chat_completion_event_accumulator::accumulated() const noexcept
{
    return impl_->accumulator;
}

}  // namespace dedalus
