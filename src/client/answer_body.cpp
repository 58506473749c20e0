#include "client/answer_body.hpp"

#include <dedalus/error.hpp>

namespace asio = boost::asio;
using boost::system::error_code;

namespace dedalus {

asio::awaitable<error_code> read_body(
    transport::http_connection& connection,  // borrowed
    protocol::content_coding coding,
    std::string& body,  // borrowed
    std::size_t limit
)
{
    protocol::body_collector collector(coding, limit);
    error_code problem;
    while (!problem.failed()) {
        if (connection.body_over()) {
            collector.finish(problem);
            break;
        }
        const std::string_view piece = co_await connection.read_body(call_phase::body);
        if (piece.empty()) {
            collector.finish(problem);
            break;
        }
        collector.add(piece, body, problem);
    }
    co_return problem;
}

asio::awaitable<bool> read_error_body(
    transport::http_connection& connection,  // borrowed
    protocol::content_coding coding,
    std::string& body,  // borrowed
    std::size_t limit
)
{
    try {
        const error_code problem = co_await read_body(connection, coding, body, limit);
        co_return !problem.failed();
    }
    catch (const connection_error&) {
    }
    catch (const response_format_error&) {
    }
    catch (const timeout_error& e) {
        if (e.phase() == call_phase::total)
            throw;
    }
    co_return false;
}

}  // namespace dedalus
