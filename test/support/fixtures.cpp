#include "support/fixtures.hpp"

#include <boost/json/parse.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace test {

namespace fs = std::filesystem;

namespace {

const fs::path root = DEDALUS_WIRE_FIXTURES;

}  // namespace

std::vector<std::string> fixture_names(std::string_view folder)
{
    std::vector<std::string> names;
    for (const fs::directory_entry& entry : fs::directory_iterator(root / folder))
        names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
}

std::string fixture_text(std::string_view path)
{
    std::ifstream file(root / path, std::ios::binary);
    if (!file)
        throw std::runtime_error("there is no fixture " + std::string(path));
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

boost::json::value fixture_json(std::string_view path)
{
    return boost::json::parse(fixture_text(path), {}, {.max_depth = 128});
}

}  // namespace test
