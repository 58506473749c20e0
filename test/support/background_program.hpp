#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <sys/types.h>
#include <vector>

namespace test {

/// A folder that is gone, with what is in it, with the object.
class temporary_folder
{
public:
    temporary_folder();
    ~temporary_folder();

    temporary_folder(const temporary_folder&) = delete;
    temporary_folder& operator=(const temporary_folder&) = delete;

    std::string path(const std::string& name) const { return (path_ / name).string(); }

    /// Makes a file in it; returns its path.
    std::string write(const std::string& name, const std::string& content) const;

    /// The content of a file in it, "" when there is none.
    std::string read(const std::string& name) const;

private:
    std::filesystem::path path_;
};

/// A port of 127.0.0.1 on which nobody listens at the moment.
std::uint16_t free_port();

/// A server program that runs as long as the object lives.
class background_program
{
public:
    /// Starts the program and waits until something accepts connections on the port of 127.0.0.1. Throws when that does
    /// not happen within ten seconds, or the program ends.
    background_program(const std::vector<std::string>& command, std::uint16_t port);
    ~background_program();

    background_program(const background_program&) = delete;
    background_program& operator=(const background_program&) = delete;

private:
    void stop() noexcept;

    pid_t process_ = 0;
};

}  // namespace test
