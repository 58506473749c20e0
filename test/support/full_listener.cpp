#include "support/full_listener.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>

namespace test {

full_listener::full_listener(const char* ip, std::uint16_t port)
{
    sockets_.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    ::inet_pton(AF_INET, ip, &address.sin_addr);
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof(address);
    if (::bind(sockets_.front(), generic, size) != 0 || ::listen(sockets_.front(), 0) != 0 ||
        ::getsockname(sockets_.front(), generic, &size) != 0)
        throw std::runtime_error("cannot listen on the port");
    port_ = ntohs(address.sin_port);
    // A queue of length 0 holds one or two, depending on the kernel.
    for (int i = 0; i < 4; ++i) {
        sockets_.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        ::connect(sockets_.back(), generic, size);
    }
}

full_listener::~full_listener()
{
    for (const int socket : sockets_)
        ::close(socket);
}

}  // namespace test
