#pragma once

#include <dedalus/chat/events.hpp>

#include "protocol/partial_json.hpp"

#include <boost/json/value.hpp>

#include <utility>
#include <vector>

namespace dedalus::protocol {

/// The events of one chunk, and the JSON that is kept only for their `done` events.
struct event_batch
{
    std::vector<chat_completion_event> events{};
    std::vector<partial_json> finished_json{};

    void clear()
    {
        events.clear();
        finished_json.clear();
    }

    /// The value of a text that ended; valid until clear().
    const boost::json::value* finish(partial_json json)
    {
        json.finish();
        return finished_json.emplace_back(std::move(json)).value();
    }
};

}  // namespace dedalus::protocol
