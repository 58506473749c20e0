#pragma once

#include <dedalus/chat/chunk.hpp>

#include <functional>

namespace dedalus::handoff_engine {

/// From who reads an answer to who may start tools while it is still coming. To be used on the strand of the run.
struct early_feed
{
    std::function<void(const chat_completion_chunk&)> on_chunk{};  ///< empty: nobody listens
};

}  // namespace dedalus::handoff_engine
