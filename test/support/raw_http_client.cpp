#include "support/raw_http_client.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

namespace test {

namespace asio = boost::asio;
namespace http = boost::beast::http;
namespace json = boost::json;
using asio::ip::tcp;
using boost::system::error_code;
using boost::system::system_error;

json::value http_answer::json() const
{
    return json::parse(body);
}

std::string http_answer::error_member(std::string_view name) const
{
    const json::value parsed = json();
    const json::value* found = parsed.at("error").as_object().if_contains(name);
    return found != nullptr && found->is_string() ? std::string(found->get_string()) : std::string();
}

class raw_http_client::impl
{
public:
    impl(const dedalus::testing::server& server, tls_choice choice)
        : tls_(server.url().starts_with("https")), socket_(context_)
    {
        error_code ec;
        const tcp::endpoint endpoint(asio::ip::address_v4::loopback(), server.port());
        socket_.async_connect(endpoint, [&ec](const error_code& e) { ec = e; });
        wait();
        check(ec, "connect");
        if (!tls_)
            return;
        ssl_context_.load_verify_file(server.ca_file());
        if (choice.only_version != 0) {
            SSL_CTX_set_min_proto_version(ssl_context_.native_handle(), choice.only_version);
            // The default level refuses versions before 1.2 on this side already.
            SSL_CTX_set_cipher_list(ssl_context_.native_handle(), "DEFAULT@SECLEVEL=0");
            SSL_CTX_set_max_proto_version(ssl_context_.native_handle(), choice.only_version);
        }
        stream_.emplace(socket_, ssl_context_);
        stream_->set_verify_mode(asio::ssl::verify_peer);
        SSL_set1_host(stream_->native_handle(), "localhost");
        // What SSL_set_tlsext_host_name does, without the casts of that macro.
        char name[] = "localhost";
        SSL_ctrl(stream_->native_handle(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, &name[0]);
        stream_->async_handshake(asio::ssl::stream_base::client, [&ec](const error_code& e) { ec = e; });
        wait();
        if (ec)
            throw handshake_error(ec, SSL_get_verify_result(stream_->native_handle()));
    }

    void write(std::string_view bytes)
    {
        error_code ec;
        const auto done = [&ec](const error_code& e, std::size_t) { ec = e; };
        if (tls_)
            asio::async_write(*stream_, asio::buffer(bytes), done);
        else
            asio::async_write(socket_, asio::buffer(bytes), done);
        wait();
        check(ec, "write");
    }

    /// Appends to `unused`.
    error_code read_some(std::chrono::milliseconds at_most = std::chrono::seconds(10))
    {
        std::array<char, 8192> buffer;
        error_code ec;
        std::size_t size = 0;
        const auto done = [&](const error_code& e, std::size_t n) {
            ec = e;
            size = n;
        };
        if (tls_)
            stream_->async_read_some(asio::buffer(buffer), done);
        else
            socket_.async_read_some(asio::buffer(buffer), done);
        wait(at_most);
        unused.append(buffer.data(), size);
        return ec;
    }

    std::string tls_version() { return tls_ ? SSL_get_version(stream_->native_handle()) : ""; }

    static void check(const error_code& ec, const char* step)
    {
        if (ec)
            throw system_error(ec, step);
    }

    std::string unused;

private:
    /// Runs the pending operation; cancels it when it takes too long.
    void wait(std::chrono::milliseconds at_most = std::chrono::seconds(10))
    {
        context_.restart();
        context_.run_for(at_most);
        if (context_.stopped())
            return;
        error_code ignored;
        socket_.cancel(ignored);
        context_.run();
    }

    bool tls_;
    asio::io_context context_;
    tcp::socket socket_;
    asio::ssl::context ssl_context_{asio::ssl::context::tls_client};
    std::optional<asio::ssl::stream<tcp::socket&>> stream_;
};

raw_http_client::raw_http_client(const dedalus::testing::server& server, tls_choice choice)
    : impl_(std::make_unique<impl>(server, choice))
{}

raw_http_client::~raw_http_client() = default;

void raw_http_client::send(std::string_view bytes)
{
    impl_->write(bytes);
}

http_answer raw_http_client::read_answer()
{
    http::response_parser<http::string_body> parser;
    parser.eager(true);
    parser.body_limit(boost::none);
    error_code read_error;
    while (!parser.is_done()) {
        error_code ec;
        const std::size_t used = parser.put(asio::buffer(impl_->unused), ec);
        impl_->unused.erase(0, used);
        if (ec && ec != http::error::need_more)
            throw system_error(ec, "answer");
        if (parser.is_done())
            break;
        if (read_error == asio::error::eof) {
            parser.put_eof(ec);
            impl::check(ec, "answer");
            break;
        }
        impl::check(read_error, "read");
        read_error = impl_->read_some();
    }
    http_answer answer;
    answer.status = static_cast<int>(parser.get().result_int());
    for (const auto& field : parser.get())
        answer.headers.add(std::string(field.name_string()), std::string(field.value()));
    answer.body = parser.get().body();
    return answer;
}

std::string raw_http_client::read_at_least(std::size_t n)
{
    while (impl_->unused.size() < n)
        impl::check(impl_->read_some(), "read");
    return std::exchange(impl_->unused, std::string());
}

connection_tail raw_http_client::read_to_end()
{
    error_code ec;
    while (!ec)
        ec = impl_->read_some();
    return {std::exchange(impl_->unused, std::string()), ec};
}

bool raw_http_client::silent_for(std::chrono::milliseconds duration)
{
    const error_code ec = impl_->read_some(duration);
    return impl_->unused.empty() && ec == asio::error::operation_aborted;
}

http_answer raw_http_client::request(
    std::string_view method, std::string_view target, std::string_view body, const dedalus::http_headers& headers
)
{
    std::string text;
    text.append(method).append(" ").append(target).append(" HTTP/1.1\r\nHost: localhost\r\n");
    for (const dedalus::http_header& field : headers)
        text.append(field.name).append(": ").append(field.value).append("\r\n");
    text.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n\r\n").append(body);
    send(text);
    return read_answer();
}

http_answer raw_http_client::post(std::string_view body, const dedalus::http_headers& headers)
{
    dedalus::http_headers all = headers;
    all.add("Content-Type", "application/json");
    return request("POST", "/v1/chat/completions", body, all);
}

http_answer raw_http_client::post(const json::value& body, const dedalus::http_headers& headers)
{
    return post(std::string_view(json::serialize(body)), headers);
}

std::string raw_http_client::tls_version() const
{
    return impl_->tls_version();
}

http_answer post_once(const dedalus::testing::server& server, const json::value& body)
{
    raw_http_client client(server);
    return client.post(body);
}

std::string chat_request_text(std::string_view body)
{
    std::string text = "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
    return text.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n\r\n").append(body);
}

std::vector<std::string> event_data(std::string_view stream)
{
    std::vector<std::string> events;
    std::optional<std::string> data;
    while (!stream.empty()) {
        const std::string_view line = stream.substr(0, stream.find('\n'));
        stream.remove_prefix(std::min(stream.size(), line.size() + 1));
        if (line.empty() && data) {
            events.push_back(std::move(*data));
            data.reset();
        }
        else if (line.starts_with("data: "))
            data = data ? *data + "\n" + std::string(line.substr(6)) : std::string(line.substr(6));
        else if (!line.empty())
            throw std::runtime_error("not a line of the expected form: " + std::string(line));
    }
    return events;
}

}  // namespace test
