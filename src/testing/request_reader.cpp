#include "testing/request_reader.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/field.hpp>

namespace dedalus::testing {

namespace http = boost::beast::http;

request_reader::request_reader()
{
    start();
}

void request_reader::start()
{
    parser_.emplace();
    parser_->eager(true);
    parser_->body_limit(max_body_bytes);
    parser_->header_limit(static_cast<std::uint32_t>(max_header_bytes));
    started_ = false;
    continue_reported_ = false;
}

request_reader::state request_reader::step()
{
    while (!buffer_.empty() && !parser_->is_done()) {
        started_ = true;
        boost::system::error_code ec;
        const std::size_t used = parser_->put(boost::asio::buffer(buffer_), ec);
        buffer_.erase(0, used);
        if (ec == http::error::need_more)
            break;
        if (ec)
            return failure(ec);
    }
    if (parser_->is_done())
        return state::complete;
    if (parser_->is_header_done() && !continue_reported_ &&
        boost::beast::iequals(parser_->get()[http::field::expect], "100-continue"))
    {
        continue_reported_ = true;
        return state::expects_continue;
    }
    return state::incomplete;
}

request_reader::state request_reader::failure(const boost::system::error_code& ec) const
{
    if (ec == http::error::body_limit)
        return state::body_too_large;
    if (ec == http::error::header_limit)
        return state::header_too_large;
    return state::malformed;
}

received_request request_reader::take()
{
    http::request<http::string_body> message = parser_->release();
    keep_alive_ = message.keep_alive();
    received_request request;
    request.method = std::string(message.method_string());
    request.target = std::string(message.target());
    for (const auto& field : message)
        request.headers.add(std::string(field.name_string()), std::string(field.value()));
    request.body = std::move(message.body());
    start();
    return request;
}

}  // namespace dedalus::testing
