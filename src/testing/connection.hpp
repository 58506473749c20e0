#pragma once

#include <dedalus/testing/server.hpp>

#include "testing/request_reader.hpp"
#include "testing/server_stream.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>

namespace dedalus::testing {

/// One client connection: reads requests, sends the replies it is told, plays their faults. It decides nothing about
/// their content. Used on the server's thread alone.
class connection
{
public:
    using answerer = std::function<reply(const received_request&)>;

    /// @param number  of this connection, from 1
    connection(
        boost::asio::any_io_executor executor,
        std::unique_ptr<server_stream> stream,
        std::size_t number,
        answerer answer
    );

    /// Serves until either side ends the connection.
    boost::asio::awaitable<void> run();

    /// Ends the connection in order when it waits for a request.
    void close_if_idle();

private:
    enum class step
    {
        next_request,
        finish,
        ended,
    };

    boost::asio::awaitable<request_reader::state> read_request();
    boost::asio::awaitable<step> serve_request();
    boost::asio::awaitable<step> send(reply r, bool close_after, bool without_body);
    boost::asio::awaitable<step> perform_end(reply_end end);
    boost::asio::awaitable<step> refuse(reply r);
    boost::asio::awaitable<bool> pause(std::chrono::milliseconds duration);
    boost::asio::awaitable<void> discard_input();

    boost::asio::any_io_executor executor_;
    std::shared_ptr<server_stream> stream_;
    std::size_t number_;
    answerer answer_;
    request_reader reader_;
    bool waiting_for_request_ = false;
    bool input_failed_ = false;
};

}  // namespace dedalus::testing
