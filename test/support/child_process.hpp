#pragma once

#include <string>
#include <sys/types.h>
#include <vector>

namespace test {

/// Another program, spoken to line by line over its standard input and output. Its end of input tells it to go; the
/// destructor waits for that.
class child_process
{
public:
    /// Throws runtime_error when it cannot be started.
    explicit child_process(std::vector<std::string> command);
    ~child_process();

    child_process(const child_process&) = delete;
    child_process& operator=(const child_process&) = delete;

    void write_line(std::string line);

    /// Ends it at once, wherever it is (SIGKILL). What it has written can still be read.
    void kill() noexcept;

    /// Lets it stand still until it is told to go on.
    void pause() noexcept;
    void go_on() noexcept;

    /// Throws runtime_error at the end of its output.
    std::string read_line();

private:
    pid_t pid_ = -1;
    int input_ = -1;
    int output_ = -1;
    std::string buffered_;
};

}  // namespace test
