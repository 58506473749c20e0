#include "support/captured_stderr.hpp"

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <unistd.h>

namespace test {

namespace {

int unnamed_file()
{
    char path[] = "/tmp/dedalus-test-XXXXXX";
    const int file = ::mkstemp(path);
    if (file < 0)
        throw std::runtime_error("cannot make a temporary file");
    ::unlink(path);
    return file;
}

}  // namespace

captured_stderr::captured_stderr() : original_(::dup(STDERR_FILENO)), file_(unnamed_file())
{
    std::fflush(stderr);
    ::dup2(file_, STDERR_FILENO);
}

captured_stderr::~captured_stderr()
{
    std::fflush(stderr);
    ::dup2(original_, STDERR_FILENO);
    ::close(original_);
    ::close(file_);
}

std::string captured_stderr::text() const
{
    std::fflush(stderr);
    std::string all(static_cast<std::size_t>(::lseek(file_, 0, SEEK_END)), '\0');
    const ssize_t n = ::pread(file_, all.data(), all.size(), 0);
    all.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    return all;
}

}  // namespace test
