#pragma once

#include <string>

namespace test {

/// Keeps what is written to standard error while it lives.
class captured_stderr
{
public:
    captured_stderr();
    ~captured_stderr();

    captured_stderr(const captured_stderr&) = delete;
    captured_stderr& operator=(const captured_stderr&) = delete;

    /// All of it so far.
    std::string text() const;

private:
    int original_;
    int file_;
};

}  // namespace test
