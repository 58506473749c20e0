#include "support/child_process.hpp"

#include <csignal>
#include <fcntl.h>
#include <spawn.h>
#include <stdexcept>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

extern char** environ;

namespace test {

child_process::child_process(std::vector<std::string> command)
{
    int to_child[2];
    int from_child[2];
    if (::pipe2(to_child, O_CLOEXEC) != 0 || ::pipe2(from_child, O_CLOEXEC) != 0)
        throw std::runtime_error("cannot make pipes");
    input_ = to_child[1];
    output_ = from_child[0];
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, to_child[0], STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, from_child[1], STDOUT_FILENO);
    std::vector<char*> arguments;
    for (std::string& word : command)
        arguments.push_back(word.data());
    arguments.push_back(nullptr);
    const int failed = ::posix_spawn(&pid_, arguments[0], &actions, nullptr, arguments.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(to_child[0]);
    ::close(from_child[1]);
    if (failed == 0)
        return;
    ::close(input_);
    ::close(output_);
    throw std::runtime_error("cannot start " + command[0]);
}

child_process::~child_process()
{
    ::close(input_);
    ::waitpid(pid_, nullptr, 0);
    ::close(output_);
}

void child_process::write_line(std::string line)
{
    line += '\n';
    if (::write(input_, line.data(), line.size()) != static_cast<ssize_t>(line.size()))
        throw std::runtime_error("the child does not listen");
}

void child_process::kill() noexcept
{
    ::kill(pid_, SIGKILL);
}

void child_process::pause() noexcept
{
    ::kill(pid_, SIGSTOP);
}

void child_process::go_on() noexcept
{
    ::kill(pid_, SIGCONT);
}

std::string child_process::read_line()
{
    std::size_t end = buffered_.find('\n');
    while (end == std::string::npos) {
        char piece[512];
        const ssize_t n = ::read(output_, piece, sizeof(piece));
        if (n <= 0)
            throw std::runtime_error("the child has ended");
        buffered_.append(piece, static_cast<std::size_t>(n));
        end = buffered_.find('\n');
    }
    std::string line = buffered_.substr(0, end);
    buffered_.erase(0, end + 1);
    return line;
}

}  // namespace test
