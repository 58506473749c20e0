// A server of event streams over TLS, for what a static file cannot be: a record of TLS for each event, streams of any
// length, many slow streams. One thread, epoll, OpenSSL on the socket.
//
// Usage: event_server <port> <certificate> <key> <file with a stream>
//
// POST /events/<n>/... is answered with the first n events of the file, over and over, then its last three: a chunk and
// a record each, and many records a write, so that no client is faster.
//
// POST /singles/<n>/...: the same, and a write for each, as a gateway does that passes on what it gets.
//
// POST /blocks/<n>/...: the same events in pieces of 16 KiB.
//
// POST /slow/<ms>/...: an event every so many milliseconds, "<number> <monotonic time in ns>", without an end.

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <functional>
#include <iostream>
#include <iterator>
#include <memory>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <queue>
#include <string>
#include <string_view>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <unordered_map>
#include <utility>
#include <vector>

namespace {

constexpr std::size_t tail_events = 3;  // the finish reason, the usage, [DONE]
constexpr std::size_t block_bytes = 16 * 1024 - 16;
constexpr int pieces_per_turn = 256;
constexpr long write_buffer_bytes = 64 * 1024;
constexpr std::string_view head =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";

void require(bool done, const char* what)
{
    if (done)
        return;
    std::perror(what);
    std::exit(1);
}

std::int64_t monotonic_ns()
{
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return std::int64_t(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

std::string chunk(std::string_view data)
{
    std::array<char, 24> size{};
    std::snprintf(size.data(), size.size(), "%zx\r\n", data.size());
    return std::string(size.data()).append(data).append("\r\n");
}

std::string slow_event(std::uint64_t number)
{
    return chunk(
        R"(data: {"id":"chatcmpl-slow","object":"chat.completion.chunk","created":1760000000,"model":"gpt-5-nano",)"
        R"("service_tier":"default","system_fingerprint":null,"choices":[{"index":0,"delta":{"content":")" +
        std::to_string(number) + ' ' + std::to_string(monotonic_ns()) +
        "\"},\"logprobs\":null,\"finish_reason\":null}],\"usage\":null}\n\n"
    );
}

std::vector<std::string> read_events(const char* path)
{
    std::ifstream file(path, std::ios::binary);
    const std::string all{std::istreambuf_iterator<char>(file), {}};
    std::vector<std::string> events;
    for (std::size_t begin = 0, end = 0; (end = all.find("\n\n", begin)) != std::string::npos; begin = end + 2)
        events.push_back(all.substr(begin, end + 2 - begin));
    require(events.size() > tail_events, path);
    return events;
}

struct connection
{
    enum class state
    {
        handshake,
        request,
        counted,
        slow,
    };

    int fd = -1;
    std::unique_ptr<SSL, void (*)(SSL*)> tls{nullptr, SSL_free};
    state now = state::handshake;
    std::string input{};
    std::string output{};  // what could not be written yet
    bool in_blocks = false;
    bool in_single_writes = false;
    std::uint64_t events = 0;  // of this answer
    std::uint64_t sent = 0;
    std::int64_t interval_ns = 0;
};

class server
{
public:
    server(int port, const char* certificate, const char* key, const char* file)
        : events_(read_events(file)), context_(SSL_CTX_new(TLS_server_method()), SSL_CTX_free), epoll_(epoll_create1(0))
    {
        require(SSL_CTX_use_certificate_chain_file(context_.get(), certificate) == 1, certificate);
        require(SSL_CTX_use_PrivateKey_file(context_.get(), key, SSL_FILETYPE_PEM) == 1, key);
        SSL_CTX_set_mode(
            context_.get(),
            SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS
        );
        listener_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        const int on = 1;
        setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(static_cast<std::uint16_t>(port));
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        require(bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0, "bind");
        require(listen(listener_, 4096) == 0, "listen");
        watch(listener_, EPOLLIN, EPOLL_CTL_ADD);
    }

    void run()
    {
        std::array<epoll_event, 256> ready{};
        for (;;) {
            const int count = epoll_wait(epoll_, ready.data(), static_cast<int>(ready.size()), next_wait_ms());
            for (int i = 0; i < count; ++i) {
                const int fd = ready[static_cast<std::size_t>(i)].data.fd;
                if (fd == listener_)
                    accept_all();
                else
                    go_on(fd);
            }
            send_due();
        }
    }

private:
    void watch(int fd, std::uint32_t what, int how) const
    {
        epoll_event wanted{};
        wanted.events = what;
        wanted.data.fd = fd;
        epoll_ctl(epoll_, how, fd, &wanted);
    }

    int next_wait_ms() const
    {
        if (due_.empty())
            return -1;
        return static_cast<int>(std::max<std::int64_t>(0, (due_.top().first - monotonic_ns() + 999'999) / 1'000'000));
    }

    void accept_all()
    {
        for (int fd = 0; (fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK)) >= 0;) {
            const int on = 1;
            setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
            connection& c = connections_[fd];
            c = connection{};
            c.fd = fd;
            c.tls.reset(SSL_new(context_.get()));
            BIO* const socket_bio = BIO_new_socket(fd, BIO_NOCLOSE);
            BIO* const buffer = BIO_new(BIO_f_buffer());
            BIO_set_write_buffer_size(buffer, write_buffer_bytes);
            BIO_up_ref(socket_bio);
            SSL_set_bio(c.tls.get(), socket_bio, BIO_push(buffer, socket_bio));
            SSL_set_accept_state(c.tls.get());
            watch(fd, EPOLLIN, EPOLL_CTL_ADD);
        }
    }

    void go_on(int fd)
    {
        const auto found = connections_.find(fd);
        if (found == connections_.end())
            return;
        connection& c = found->second;
        if (!read(c) || !write(c)) {
            connections_.erase(found);
            close(fd);
        }
    }

    // Whether a call of OpenSSL that did not succeed is only to be repeated.
    static bool try_later(const connection& c, int returned)
    {
        const int kind = SSL_get_error(c.tls.get(), returned);
        ERR_clear_error();
        return kind == SSL_ERROR_WANT_READ || kind == SSL_ERROR_WANT_WRITE;
    }

    bool read(connection& c)
    {
        if (c.now == connection::state::handshake) {
            const int done = SSL_do_handshake(c.tls.get());
            if (done != 1)
                return try_later(c, done);
            c.now = connection::state::request;
        }
        std::array<char, 4096> buffer{};
        int n = 0;
        while ((n = SSL_read(c.tls.get(), buffer.data(), static_cast<int>(buffer.size()))) > 0)
            c.input.append(buffer.data(), static_cast<std::size_t>(n));
        if (!try_later(c, n))
            return false;
        return c.now != connection::state::request || begin_answer(c);
    }

    bool begin_answer(connection& c)
    {
        const std::size_t end = c.input.find("\r\n\r\n");
        if (end == std::string::npos)
            return true;
        std::string fields = c.input.substr(0, end);
        std::transform(fields.begin(), fields.end(), fields.begin(), [](char x) {
            return x >= 'A' && x <= 'Z' ? static_cast<char>(x + 32) : x;
        });
        const std::size_t length = fields.find("content-length:");
        if (length == std::string::npos)
            return false;
        if (c.input.size() < end + 4 + std::strtoull(fields.c_str() + length + 15, nullptr, 10))
            return true;

        std::array<char, 16> kind{};
        unsigned long long number = 0;
        if (std::sscanf(c.input.c_str(), "POST /%15[a-z]/%llu", kind.data(), &number) != 2)
            return false;
        c.input.clear();
        c.input.shrink_to_fit();
        c.output = head;
        c.sent = 0;
        if (std::strcmp(kind.data(), "slow") == 0) {
            c.now = connection::state::slow;
            c.interval_ns = static_cast<std::int64_t>(number) * 1'000'000;
            c.output += slow_event(c.sent++);
            due_.emplace(monotonic_ns() + c.interval_ns, c.fd);
            return true;
        }
        c.now = connection::state::counted;
        c.in_blocks = std::strcmp(kind.data(), "blocks") == 0;
        c.in_single_writes = std::strcmp(kind.data(), "singles") == 0;
        c.events = std::max<std::uint64_t>(number, tail_events);
        return true;
    }

    const std::string& event(const connection& c) const
    {
        if (c.events - c.sent <= tail_events)
            return events_[events_.size() - (c.events - c.sent)];
        return events_[c.sent % (events_.size() - tail_events)];
    }

    // Puts what comes next into the empty output; false when the answer is at its end.
    bool produce(connection& c)
    {
        if (c.now != connection::state::counted)
            return false;
        if (c.sent == c.events) {
            c.output = "0\r\n\r\n";
            c.now = connection::state::request;
            return true;
        }
        std::string data;
        do
            data += event(c);
        while (++c.sent < c.events && c.in_blocks && data.size() + event(c).size() <= block_bytes);
        c.output = chunk(data);
        return true;
    }

    bool write(connection& c)
    {
        for (int piece = 0; piece < pieces_per_turn; ++piece) {
            if (c.output.empty() && !produce(c))
                return flush(c);
            const int n = SSL_write(c.tls.get(), c.output.data(), static_cast<int>(c.output.size()));
            if (n <= 0) {
                if (!try_later(c, n))
                    return false;
                break;
            }
            c.output.erase(0, static_cast<std::size_t>(n));
            if (!c.in_single_writes || BIO_flush(SSL_get_wbio(c.tls.get())) == 1)
                continue;
            if (!BIO_should_retry(SSL_get_wbio(c.tls.get())))
                return false;
            break;
        }
        watch(c.fd, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
        return true;
    }

    bool flush(connection& c) const
    {
        BIO* const written = SSL_get_wbio(c.tls.get());
        const bool done = BIO_flush(written) == 1;
        watch(c.fd, done ? EPOLLIN : EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
        return done || BIO_should_retry(written);
    }

    void send_due()
    {
        while (!due_.empty() && due_.top().first <= monotonic_ns()) {
            const auto [time, fd] = due_.top();
            due_.pop();
            const auto found = connections_.find(fd);
            if (found == connections_.end() || found->second.now != connection::state::slow)
                continue;
            connection& c = found->second;
            c.output += slow_event(c.sent++);
            due_.emplace(time + c.interval_ns, fd);
            go_on(fd);
        }
    }

    using due_time = std::pair<std::int64_t, int>;

    std::vector<std::string> events_;
    std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context_;
    int epoll_;
    int listener_ = -1;
    std::unordered_map<int, connection> connections_{};
    std::priority_queue<due_time, std::vector<due_time>, std::greater<>> due_{};
};

}  // namespace

int main(int argc, char** argv)
{
    if (argc != 5) {
        std::cerr << "usage: " << argv[0] << " <port> <certificate> <key> <file with a stream>\n";
        return 2;
    }
    std::signal(SIGPIPE, SIG_IGN);
    server(std::atoi(argv[1]), argv[2], argv[3], argv[4]).run();
}
