#pragma once

#include <dedalus/testing/server.hpp>

#include "faults/fault.hpp"
#include "support/loopback_peer.hpp"

#include <functional>
#include <string>

namespace test {

/// No limit that could pass by accident on a busy machine, and one retry without much of a wait.
dedalus::client_options patient(dedalus::client_options options);

/// Changes one option.
using option_change = std::function<void(dedalus::client_options&)>;

/// The test server answers every attempt with this reply.
std::function<fault_scene(bool, bool)>
replying(std::function<dedalus::testing::reply(bool stream)> make, option_change change = nullptr);

/// A server that handles each connection with this function, over TCP alone.
std::function<fault_scene(bool, bool)> handled_by(loopback_peer::handler handle);

/// A whole answer of either kind, "whole".
dedalus::testing::reply whole_answer(bool stream);

/// The same, of which half the body is sent.
dedalus::testing::reply half_answer(bool stream, dedalus::testing::reply_end end);

/// These bytes and no others, and then this end.
dedalus::testing::reply
raw_reply(std::string bytes, dedalus::testing::reply_end end = dedalus::testing::reply_end::close);

}  // namespace test
