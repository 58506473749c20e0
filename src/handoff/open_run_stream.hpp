#pragma once

#include <dedalus/handoff/run_stream.hpp>

#include "handoff/run_event_queue.hpp"

#include <boost/asio/awaitable.hpp>

#include <memory>

namespace dedalus::handoff_engine {

/// @param run         not begun; puts its events into the queue
/// @param stop_alone  stop the run when the stream is destroyed
run_stream
open_run_stream(std::shared_ptr<run_event_queue> events, boost::asio::awaitable<run_result> run, bool stop_alone);

}  // namespace dedalus::handoff_engine
