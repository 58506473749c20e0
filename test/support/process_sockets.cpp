#include "support/process_sockets.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <malloc.h>
#include <netinet/in.h>
#include <stdexcept>
#include <string>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

namespace test {

std::vector<int> sockets_to(std::uint16_t port)
{
    std::vector<int> found;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
        const std::string name = entry.path().filename();
        int fd = -1;
        std::from_chars(name.data(), name.data() + name.size(), fd);
        sockaddr_in6 peer{};  // large enough for both families, which have the port at the same place
        socklen_t size = sizeof(peer);
        if (::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) != 0)
            continue;
        if ((peer.sin6_family == AF_INET || peer.sin6_family == AF_INET6) && ntohs(peer.sin6_port) == port)
            found.push_back(fd);
    }
    return found;
}

void require_descriptors(std::size_t n)
{
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur >= n)
        return;
    limit.rlim_cur = n;
    limit.rlim_max = std::max<rlim_t>(limit.rlim_max, n);
    if (::setrlimit(RLIMIT_NOFILE, &limit) != 0)
        throw std::runtime_error(
            "this test needs " + std::to_string(n) + " descriptors: raise the hard limit (ulimit -Hn)"
        );
}

std::int64_t resident_bytes()
{
    ::malloc_trim(0);
    std::ifstream file("/proc/self/statm");
    std::int64_t total = 0;
    std::int64_t resident = 0;
    file >> total >> resident;
    return resident * ::sysconf(_SC_PAGESIZE);
}

}  // namespace test
