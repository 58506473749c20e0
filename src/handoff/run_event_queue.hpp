#pragma once

#include <dedalus/handoff/run_event.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/experimental/concurrent_channel.hpp>
#include <boost/system/error_code.hpp>

#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>

namespace dedalus::handoff_engine {

/// Events on their way from a run to whoever takes them. put() never waits, so that nothing that has to be stored waits
/// for a consumer; the run waits for room where it can be held up. What is put between two such places is what bounds
/// the queue. Any thread; one taker and one waiter for room at a time.
class run_event_queue
{
public:
    run_event_queue(const boost::asio::any_io_executor& executor, std::size_t limit);

    void put(run_event event);

    /// Drops the event when there is no room.
    void put_if_room(run_event event);

    /// Waits until fewer events than the limit are there, or nobody takes them any more. Throws system_error when it is
    /// cancelled (terminal).
    static boost::asio::awaitable<void> room(std::shared_ptr<run_event_queue> self);

    /// The next event; nothing when the last one was taken. Throws likewise, and loses no event then.
    static boost::asio::awaitable<std::optional<run_event>> take(std::shared_ptr<run_event_queue> self);

    /// Nothing more comes.
    void end();

    /// Nobody takes events any more.
    void abandon();

private:
    using signal =
        boost::asio::experimental::concurrent_channel<boost::asio::any_io_executor, void(boost::system::error_code)>;

    bool has_room() const;
    bool nothing_to_take() const;
    static void notify(signal& s);

    mutable std::mutex mutex_;
    std::deque<run_event> events_;
    std::size_t limit_;
    bool ended_ = false;
    bool abandoned_ = false;
    signal filled_;
    signal emptied_;
};

}  // namespace dedalus::handoff_engine
