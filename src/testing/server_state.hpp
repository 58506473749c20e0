#pragma once

#include <dedalus/testing/server.hpp>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

namespace dedalus::testing {

using request_handler = std::function<std::optional<reply>(const received_request&, const boost::json::object& body)>;

/// What the server's thread shares with the threads of the tests. All members may be called from any thread.
class server_state
{
public:
    void enqueue(reply r);
    std::optional<reply> next_scripted_reply();
    void enqueue_lookup(reply r);
    std::optional<reply> next_scripted_lookup();

    void set_handler(request_handler handler);
    request_handler handler() const;

    void record(received_request request);
    std::vector<received_request> requests() const;
    void record_lookup(received_request request);
    std::vector<received_request> lookups() const;
    bool wait_for_requests(std::size_t n, std::chrono::milliseconds at_most) const;

    /// Counts an accepted connection as open; returns its number, from 1.
    std::size_t connection_opened();
    void connection_closed();
    std::size_t connections_accepted() const;
    std::size_t connections_open() const;
    bool wait_for_connections_open(std::size_t n, std::chrono::milliseconds at_most) const;

private:
    mutable std::mutex mutex_;
    mutable std::condition_variable changed_;
    std::deque<reply> scripted_;
    std::deque<reply> scripted_lookups_;
    request_handler handler_;
    std::vector<received_request> requests_;
    std::vector<received_request> lookups_;
    std::size_t accepted_ = 0;
    std::size_t open_ = 0;
};

}  // namespace dedalus::testing
