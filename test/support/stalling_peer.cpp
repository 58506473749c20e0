#include "support/stalling_peer.hpp"

#include <cstddef>
#include <span>
#include <string_view>

namespace test {

namespace {

constexpr std::string_view completion =
    R"({"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":)"
    R"({"role":"assistant","content":"whole"},"finish_reason":"stop"}]})";

constexpr std::string_view first_event = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"first\"}}]}\n\n";

constexpr std::string_view last_events =
    "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";

std::string header(std::string_view status, std::string_view more)
{
    return std::string("HTTP/1.1 ").append(status).append("\r\nConnection: close\r\n").append(more) + "\r\n";
}

/// "" at the end of the connection.
std::string read_head(peer_connection& client)
{
    std::string head;
    char c = 0;
    while (!head.ends_with("\r\n\r\n")) {
        if (client.read(std::span(&c, 1)) == 0)
            return {};
        head += c;
    }
    return head;
}

std::string read_body(peer_connection& client, std::string_view head)
{
    constexpr std::string_view field = "Content-Length: ";
    const std::size_t at = head.find(field);
    std::string body(at == head.npos ? 0 : std::stoul(std::string(head.substr(at + field.size(), 10))), '\0');
    for (std::span<char> rest = body; !rest.empty();) {
        const std::size_t n = client.read(rest);
        if (n == 0)
            break;
        rest = rest.subspan(n);
    }
    return body;
}

}  // namespace

stalling_peer::stalling_peer(stall at, bool tls)
    : at_(at), tls_(tls || at == stall::tls || at == stall::proxy),
      context_(server_context(ca_.issue({.subject_alternative_names = "DNS:api.test,IP:127.0.0.1"}))),
      peer_([this](peer_connection& client) { serve(client); })
{}

stalling_peer::~stalling_peer()
{
    heal();
}

dedalus::client_options stalling_peer::options() const
{
    const std::string address = "127.0.0.1:" + std::to_string(port());
    dedalus::client_options options;
    options.api_key = "k";
    options.base_url = (tls_ ? "https://" : "http://") + address;
    options.tls.ca_pem = ca_.pem();
    if (at_ == stall::proxy) {
        options.base_url = "https://api.test";
        options.proxy.url = "http://" + address;
    }
    return options;
}

void stalling_peer::heal() noexcept
{
    healthy_ = true;
    let_go();
}

void stalling_peer::let_go() noexcept
{
    ++let_go_of_;
    let_go_of_.notify_all();
}

void stalling_peer::stop(peer_connection& client)
{
    reached_ = true;
    if (at_ != stall::write)
        return client.wait_for_end();
    ++stops_;
    for (int seen = let_go_of_; !healthy_ && seen < stops_; seen = let_go_of_)
        let_go_of_.wait(seen);
}

void stalling_peer::serve(peer_connection& client)
{
    const bool healthy = healthy_;
    if (at_ == stall::proxy) {
        read_head(client);
        if (!healthy)
            return stop(client);
        client.write(std::string_view("HTTP/1.1 200 OK\r\n\r\n"));
    }
    if (at_ == stall::tls && !healthy) {
        char first = 0;
        client.read(std::span(&first, 1));
        return stop(client);
    }
    if (tls_ && !client.start_tls(context_.get()))
        return;
    if (at_ == stall::write && !healthy)
        return stop(client);
    const std::string head = read_head(client);
    if (head.empty())
        return;
    const bool stream = read_body(client, head).find("\"stream\":true") != std::string::npos;
    if (at_ == stall::header && !healthy)
        return stop(client);
    answer(client, stream);
}

void stalling_peer::answer(peer_connection& client, bool stream)
{
    const bool healthy = healthy_;
    if (!healthy && at_ == stall::never) {
        client.write(header("503 Busy", "Retry-After: 20\r\nContent-Length: 2\r\n") + "{}");
        return client.finish();
    }
    std::string head = header("200 OK", "Content-Type: application/json\r\n");
    std::string body(completion);
    if (stream) {
        head = header("200 OK", "Content-Type: text/event-stream\r\n");
        body = first_event;
    }
    if (!healthy && at_ == stall::refusal) {
        head = header("503 Busy", "X-Should-Retry: false\r\n");
        body = completion;
    }
    if (!healthy && (at_ == stall::body || at_ == stall::refusal))
        body.resize(body.size() / 2);
    client.write(head + body);
    if (!healthy)
        return stop(client);
    if (stream)
        client.write(last_events);
    client.finish();
}

}  // namespace test
