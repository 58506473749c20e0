#include "support/background_program.hpp"

#include <arpa/inet.h>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <netinet/in.h>
#include <spawn.h>
#include <sstream>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

extern char** environ;

namespace test {

namespace {

constexpr std::chrono::seconds patience(10);

sockaddr_in loopback(std::uint16_t port)
{
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    return address;
}

bool accepts(std::uint16_t port)
{
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = loopback(port);
    const bool accepted = ::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
    ::close(socket);
    return accepted;
}

pid_t spawn(const std::vector<std::string>& command)
{
    std::vector<char*> arguments;
    for (const std::string& each : command)
        arguments.push_back(const_cast<char*>(each.c_str()));
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
        posix_spawn_file_actions_addopen(&actions, stream, "/dev/null", O_RDWR, 0);
    pid_t process = 0;
    const int failure = ::posix_spawnp(&process, arguments[0], &actions, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (failure != 0)
        throw std::runtime_error("cannot start " + command.front() + ": is it installed?");
    return process;
}

}  // namespace

temporary_folder::temporary_folder()
{
    std::string name = (std::filesystem::temp_directory_path() / "dedalus-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr)
        throw std::runtime_error("cannot make a temporary folder");
    path_ = name;
}

temporary_folder::~temporary_folder()
{
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

std::string temporary_folder::write(const std::string& name, const std::string& content) const
{
    std::ofstream(path(name)) << content;
    return path(name);
}

std::string temporary_folder::read(const std::string& name) const
{
    std::ostringstream content;
    content << std::ifstream(path(name)).rdbuf();
    return content.str();
}

std::uint16_t free_port()
{
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof(address);
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    const bool found = ::bind(socket, generic, size) == 0 && ::getsockname(socket, generic, &size) == 0;
    ::close(socket);
    if (!found)
        throw std::runtime_error("there is no free port");
    return ntohs(address.sin_port);
}

background_program::background_program(const std::vector<std::string>& command, std::uint16_t port)
    : process_(spawn(command))
{
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (!accepts(port)) {
        const bool ended = ::waitpid(process_, nullptr, WNOHANG) == process_;
        if (ended)
            process_ = 0;
        if (ended || std::chrono::steady_clock::now() > deadline) {
            stop();
            throw std::runtime_error(command.front() + " does not serve");
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
}

background_program::~background_program()
{
    stop();
}

void background_program::stop() noexcept
{
    if (process_ == 0)
        return;
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
}

}  // namespace test
