// The limit: OpenSSL on a blocking socket, with nothing but what the bytes cost. It looks for the end of an answer and
// counts; the bytes of slow streams it reads without waiting, over epoll.

#include "measurement.hpp"

#include <openssl/ssl.h>

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <fcntl.h>
#include <iostream>
#include <memory>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <optional>
#include <string>
#include <string_view>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace {

constexpr std::size_t buffer_bytes = 64 * 1024;

void require(bool done, const char* what)
{
    if (done)
        return;
    std::cerr << what << " failed\n";
    std::exit(1);
}

class raw_client
{
public:
    explicit raw_client(bench::task work)
        : work_(std::move(work)), context_(SSL_CTX_new(TLS_client_method()), SSL_CTX_free), buffer_(buffer_bytes)
    {
        require(SSL_CTX_load_verify_file(context_.get(), work_.ca_file.c_str()) == 1, "reading the CA file");
        SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
        SSL_CTX_set_read_ahead(context_.get(), 1);
        SSL_CTX_set_mode(context_.get(), SSL_MODE_RELEASE_BUFFERS);
        if (work_.mode != "slow")
            SSL_CTX_set_default_read_buffer_len(context_.get(), buffer_bytes);
        const std::string body = work_.body();
        request_ = "POST " + work_.target + " HTTP/1.1\r\nHost: " + work_.host + ':' + work_.port +
                   "\r\nContent-Type: application/json\r\nAuthorization: Bearer bench\r\nContent-Length: " +
                   std::to_string(body.size()) + "\r\n\r\n" + body;
    }

    void ask(std::size_t count)
    {
        for (std::size_t i = 0; i < count; ++i) {
            if (!tls_)
                tls_ = open();
            write(*tls_);
            work_.mode == "unary" ? read_unary() : read_stream();
        }
    }

    void run_slow();

    std::uint64_t items = 0;
    std::uint64_t bytes = 0;

private:
    struct close_connection
    {
        void operator()(SSL* tls) const
        {
            const int fd = SSL_get_fd(tls);
            SSL_shutdown(tls);
            SSL_free(tls);
            ::close(fd);
        }
    };

    using connection = std::unique_ptr<SSL, close_connection>;

    connection open() const
    {
        const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
        sockaddr_in peer{};
        peer.sin_family = AF_INET;
        peer.sin_port = htons(static_cast<std::uint16_t>(std::stoi(work_.port)));
        require(::inet_pton(AF_INET, work_.host.c_str(), &peer.sin_addr) == 1, "reading the address");
        require(::connect(fd, reinterpret_cast<const sockaddr*>(&peer), sizeof(peer)) == 0, "connect");
        const int on = 1;
        ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        connection tls(SSL_new(context_.get()));
        SSL_set_fd(tls.get(), fd);
        X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls.get()), work_.host.c_str());
        require(SSL_connect(tls.get()) == 1, "the handshake");
        return tls;
    }

    void write(SSL& tls) const
    {
        require(SSL_write(&tls, request_.data(), static_cast<int>(request_.size())) > 0, "sending the request");
    }

    std::string_view read()
    {
        const int n = SSL_read(tls_.get(), buffer_.data(), static_cast<int>(buffer_.size()));
        require(n > 0, "reading the answer");
        bytes += static_cast<std::uint64_t>(n);
        return {buffer_.data(), static_cast<std::size_t>(n)};
    }

    void read_unary()
    {
        constexpr std::string_view length_name = "Content-Length: ";
        std::string answer;
        std::size_t head = 0;
        do {
            answer += read();
            head = answer.find("\r\n\r\n");
        } while (head == std::string::npos);
        const std::size_t length =
            std::strtoull(answer.c_str() + answer.find(length_name) + length_name.size(), nullptr, 10);
        while (answer.size() < head + 4 + length)
            answer += read();
        ++items;
        if (answer.substr(0, head).find("Connection: close") != std::string::npos)
            tls_.reset();
    }

    void read_stream()
    {
        constexpr std::string_view end = "\r\n0\r\n\r\n";
        std::string last;
        do {
            const std::string_view piece = read();
            last.append(piece.substr(piece.size() - std::min(piece.size(), end.size())));
            if (last.size() > end.size())
                last.erase(0, last.size() - end.size());
        } while (last != end);
        ++items;
    }

    bench::task work_;
    std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context_;
    std::vector<char> buffer_;
    std::string request_;
    connection tls_;
};

void raw_client::run_slow()
{
    using clock = std::chrono::steady_clock;
    constexpr std::string_view mark = R"("content":")";
    bench::slow_run run(work_);
    const int poll = ::epoll_create1(0);
    std::vector<connection> streams;
    const auto open_next = [&](std::size_t number) {
        streams.push_back(open());
        write(*streams.back());
        const int fd = SSL_get_fd(streams.back().get());
        ::fcntl(fd, F_SETFL, O_NONBLOCK);
        epoll_event wanted{};
        wanted.events = EPOLLIN;
        wanted.data.u64 = number;
        ::epoll_ctl(poll, EPOLL_CTL_ADD, fd, &wanted);
    };
    clock::time_point start = clock::time_point::max();
    clock::time_point stop = clock::time_point::max();
    std::array<epoll_event, 256> ready{};
    while (clock::now() < stop) {
        if (const std::optional<std::size_t> next = run.next())
            open_next(*next);
        else if (run.all_open() && start == clock::time_point::max())
            start = clock::now() + std::chrono::seconds(1);
        if (stop == clock::time_point::max() && clock::now() >= start) {
            stop = clock::now() + std::chrono::seconds(work_.warm_up);
            run.start();
        }
        const int timeout = streams.size() < work_.count ? 0 : 10;
        const int count = ::epoll_wait(poll, ready.data(), static_cast<int>(ready.size()), timeout);
        for (int i = 0; i < count; ++i) {
            const std::uint64_t number = ready[static_cast<std::size_t>(i)].data.u64;
            int n = 0;
            while ((n = SSL_read(streams[number].get(), buffer_.data(), static_cast<int>(buffer_.size()))) > 0) {
                const std::string_view got(buffer_.data(), static_cast<std::size_t>(n));
                for (std::size_t at = 0; (at = got.find(mark, at)) != std::string_view::npos;) {
                    at += mark.size();
                    run.event(number, got.substr(at, got.find('"', at) - at));
                }
            }
        }
    }
    run.stop();
    run.print();
    std::cout.flush();
    std::_Exit(0);  // not the time of closing all of them
}

}  // namespace

int main(int argc, char** argv)
{
    const bench::task work = bench::read_command_line(argc, argv);
    raw_client client(work);
    if (work.mode == "slow")
        client.run_slow();
    client.ask(work.warm_up);
    client.items = 0;
    client.bytes = 0;
    bench::meter spent;
    spent.start();
    client.ask(work.count);
    spent.stop();
    bench::print_result(spent, client.items, client.bytes, "");
}
