// The floors: a coroutine over Beast and asio::ssl::stream with nothing around it.
// Usage: beast_client A|B <as measurement.hpp says>
//   A  counts the bytes of the bodies
//   B  splits the events and makes a Boost.JSON value of each, in memory that is used again

#include "measurement.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/json/monotonic_resource.hpp>
#include <boost/json/parser.hpp>
#include <boost/json/value.hpp>

#include <array>
#include <chrono>
#include <exception>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace asio = boost::asio;
namespace http = boost::beast::http;
namespace json = boost::json;
using tcp = asio::ip::tcp;
using tls_stream = asio::ssl::stream<tcp::socket>;

namespace {

constexpr std::size_t buffer_bytes = 64 * 1024;

/// Floor B's work on the bytes.
class splitter
{
public:
    template <class OnChunk>
    void feed(std::string_view bytes, OnChunk on_chunk)
    {
        held_.append(bytes);
        std::size_t begin = 0;
        for (std::size_t end = 0; (end = held_.find("\n\n", begin)) != std::string::npos; begin = end + 2) {
            const std::string_view event = std::string_view(held_).substr(begin, end - begin);
            if (event.starts_with("data: ") && event != "data: [DONE]")
                parse(event.substr(6), on_chunk);
        }
        held_.erase(0, begin);
    }

    template <class OnValue>
    void parse(std::string_view text, OnValue on_value)
    {
        json::monotonic_resource memory(room_.data(), room_.size());
        parser_.reset(&memory);
        parser_.write(text.data(), text.size());
        on_value(parser_.release().get_object());
        parser_.reset();
    }

private:
    std::string held_;
    std::vector<unsigned char> room_ = std::vector<unsigned char>(64 * 1024);
    json::parser parser_;
};

void add_usage(const json::object& answer, bench::decoded& result)
{
    if (const json::value* usage = answer.if_contains("usage"); usage != nullptr && usage->is_object())
        result.total_tokens += usage->at("total_tokens").to_number<std::int64_t>();
}

void add_chunk(const json::object& chunk, bench::decoded& result)
{
    ++result.items;
    add_usage(chunk, result);
    for (const json::value& choice : chunk.at("choices").get_array()) {
        const json::object& delta = choice.at("delta").get_object();
        if (const json::value* content = delta.if_contains("content"); content != nullptr && content->is_string())
            result.text += std::string_view(content->get_string());
        if (const json::value* calls = delta.if_contains("tool_calls"); calls != nullptr && calls->is_array()) {
            for (const json::value& call : calls->get_array())
                result.arguments += std::string_view(call.at("function").at("arguments").get_string());
        }
    }
}

void add_answer(const json::object& answer, bench::decoded& result)
{
    ++result.items;
    add_usage(answer, result);
    const json::value& message = answer.at("choices").get_array().at(0).at("message");
    result.text += std::string_view(message.at("content").get_string());
}

struct floor_client
{
    floor_client(const bench::task& what, bool with_json) : work(what), decode(with_json), run(what)
    {
        tls.load_verify_file(what.ca_file);
        tls.set_verify_mode(asio::ssl::verify_peer);
    }

    http::request<http::string_body> request() const
    {
        http::request<http::string_body> post(http::verb::post, work.target, 11);
        post.set(http::field::host, work.host + ':' + work.port);
        post.set(http::field::content_type, "application/json");
        post.set(http::field::authorization, "Bearer bench");
        post.body() = work.body();
        post.prepare_payload();
        return post;
    }

    bench::task work;
    bool decode;
    asio::io_context io{1};
    asio::ssl::context tls{asio::ssl::context::tls_client};
    std::unique_ptr<tls_stream> kept{};  // the connection, while it can be used again
    bench::slow_run run;
    bench::decoded result{};
    std::uint64_t bytes = 0;
};

asio::awaitable<std::unique_ptr<tls_stream>> open_connection(floor_client& /* borrowed */ self)
{
    auto stream = std::make_unique<tls_stream>(self.io, self.tls);
    stream->set_verify_callback(asio::ssl::host_name_verification(self.work.host));
    tcp::resolver resolver(self.io);
    const auto endpoints = co_await resolver.async_resolve(self.work.host, self.work.port, asio::use_awaitable);
    const tcp::endpoint peer = endpoints.begin()->endpoint();
    co_await stream->next_layer().async_connect(peer, asio::use_awaitable);
    stream->next_layer().set_option(tcp::no_delay(true));
    co_await stream->async_handshake(asio::ssl::stream_base::client, asio::use_awaitable);
    co_return stream;
}

asio::awaitable<void> ask(floor_client& /* borrowed */ self, std::size_t count)
{
    std::unique_ptr<tls_stream>& stream = self.kept;
    boost::beast::flat_buffer buffer;
    buffer.reserve(buffer_bytes);  // Beast reads 512 bytes into a buffer without capacity
    splitter parser;
    const http::request<http::string_body> request = self.request();
    for (std::size_t i = 0; i < count; ++i) {
        if (!stream)
            stream = co_await open_connection(self);
        co_await http::async_write(*stream, request, asio::use_awaitable);
        http::response<http::string_body> response;
        co_await http::async_read(*stream, buffer, response, asio::use_awaitable);
        self.bytes += response.body().size();
        if (self.decode)
            parser.parse(response.body(), [&](const json::object& answer) { add_answer(answer, self.result); });
        if (!response.keep_alive()) {
            stream.reset();
            buffer.clear();
        }
    }
}

/// One streamed answer; `on_bytes` gets its body piece by piece.
template <class OnBytes>
asio::awaitable<void> pull(floor_client& /* borrowed */ self, tls_stream& /* borrowed */ stream, OnBytes on_bytes)
{
    const http::request<http::string_body> request = self.request();
    co_await http::async_write(stream, request, asio::use_awaitable);
    boost::beast::flat_buffer buffer;
    buffer.reserve(buffer_bytes);
    http::response_parser<http::buffer_body> parser;
    parser.eager(true);
    parser.body_limit(boost::none);
    co_await http::async_read_header(stream, buffer, parser, asio::use_awaitable);
    std::vector<char> body(buffer_bytes);
    while (!parser.is_done()) {
        http::buffer_body::value_type& room = parser.get().body();
        room.data = body.data();
        room.size = body.size();
        room.more = true;
        boost::system::error_code ec;
        co_await http::async_read_some(stream, buffer, parser, asio::redirect_error(asio::use_awaitable, ec));
        if (ec && ec != http::error::need_buffer)
            throw boost::system::system_error(ec);
        on_bytes(std::string_view(body.data(), body.size() - room.size));
    }
}

asio::awaitable<void> pull_all(floor_client& /* borrowed */ self, std::size_t count)
{
    std::unique_ptr<tls_stream>& stream = self.kept;
    if (!stream)
        stream = co_await open_connection(self);
    splitter events;
    const auto on_bytes = [&](std::string_view bytes) {
        self.bytes += bytes.size();
        if (self.decode)
            events.feed(bytes, [&](const json::object& chunk) { add_chunk(chunk, self.result); });
    };
    for (std::size_t i = 0; i < count; ++i)
        co_await pull(self, *stream, on_bytes);
}

void rethrow(const std::exception_ptr& failure)
{
    if (failure)
        std::rethrow_exception(failure);
}

asio::awaitable<void> measure(floor_client& /* borrowed */ self)
{
    asio::steady_timer timer(self.io, std::chrono::seconds(1));
    co_await timer.async_wait(asio::use_awaitable);
    self.run.start();
    timer.expires_after(std::chrono::seconds(self.work.warm_up));
    co_await timer.async_wait(asio::use_awaitable);
    self.run.stop();
    self.run.print();
    self.io.stop();
}

asio::awaitable<void>
read_slowly(floor_client& /* borrowed */ self, splitter& /* borrowed */ events, std::size_t number)
{
    std::unique_ptr<tls_stream> stream = co_await open_connection(self);
    bool first = true;
    const auto on_content = [&](std::string_view content) {
        self.run.event(number, content);
        if (!std::exchange(first, false))
            return;
        if (const std::optional<std::size_t> next = self.run.next())
            asio::co_spawn(self.io, read_slowly(self, events, *next), rethrow);
        else if (self.run.all_open())
            asio::co_spawn(self.io, measure(self), rethrow);
    };
    const auto on_chunk = [&](const json::object& chunk) {
        on_content(chunk.at("choices").get_array().at(0).at("delta").at("content").get_string());
    };
    const auto on_bytes = [&](std::string_view bytes) {
        if (self.decode)
            return events.feed(bytes, on_chunk);
        constexpr std::string_view mark = R"("content":")";
        for (std::size_t at = 0; (at = bytes.find(mark, at)) != std::string_view::npos;) {
            at += mark.size();
            on_content(bytes.substr(at, bytes.find('"', at) - at));
        }
    };
    co_await pull(self, *stream, on_bytes);
}

void run_slow(floor_client& self)
{
    splitter events;  // each event comes whole, so that one is enough for all
    for (std::size_t i = 0; i < bench::slow_run::openers; ++i) {
        if (const std::optional<std::size_t> next = self.run.next())
            asio::co_spawn(self.io, read_slowly(self, events, *next), rethrow);
    }
    self.io.run();
}

}  // namespace

int main(int argc, char** argv)
{
    const std::string_view floor = argc > 1 ? argv[1] : "";
    const bench::task work = bench::read_command_line(argc - 1, argv + 1);
    floor_client self(work, floor == "B");
    if (work.mode == "slow") {
        run_slow(self);
        return 0;
    }
    const auto go = [&](std::size_t count) {
        self.result = {};
        self.bytes = 0;
        asio::co_spawn(self.io, work.mode == "unary" ? ask(self, count) : pull_all(self, count), rethrow);
        self.io.run();
        self.io.restart();
    };
    go(work.warm_up);
    bench::meter spent;
    spent.start();
    go(work.count);
    spent.stop();
    bench::print_result(spent, self.result.items, self.bytes, self.decode ? self.result.digest() : "");
}
