#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace dedalus::testing {

/// A fresh directory, readable by its owner alone, that goes with the object.
class temporary_directory
{
public:
    temporary_directory();
    ~temporary_directory();

    temporary_directory(const temporary_directory&) = delete;
    temporary_directory& operator=(const temporary_directory&) = delete;

    /// Writes a file; returns its path.
    std::string write(std::string_view name, std::string_view content) const;

private:
    std::filesystem::path path_;
};

}  // namespace dedalus::testing
