// Usage: dedalus_fuzz_replay <target> <runs> <folder>...
// Gives every file of the folders to a fuzz target, and then so many inputs that are made of them by small changes.
// Needs no fuzzing engine: any compiler builds it, and it runs the same inputs each time.
#include "fuzz/fuzz_targets.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fs = std::filesystem;

namespace {

using target = void (*)(std::string_view);

const std::map<std::string_view, target> targets{
    {"request", dedalus::fuzz::fuzz_request},
    {"completion", dedalus::fuzz::fuzz_completion},
    {"chunk", dedalus::fuzz::fuzz_chunk},
    {"stream", dedalus::fuzz::fuzz_stream},
    {"http", dedalus::fuzz::fuzz_http},
    {"url", dedalus::fuzz::fuzz_url},
    {"proxy", dedalus::fuzz::fuzz_proxy},
};

constexpr std::array<std::string_view, 24> tokens{
    "null",
    "true",
    "[]",
    "{}",
    "\"\"",
    "-1",
    "0.5",
    "1e999",
    "18446744073709551616",
    "\"\\ud83d\\ude00\"",
    "\\u0000",
    "data: ",
    "\n\n",
    "\r",
    "[DONE]",
    ",",
    "\r\n",
    "\r\n\r\n",
    ": ",
    "://",
    "@",
    "%0a",
    "[::1]",
    "/../"};

std::vector<std::string> read_files(const std::vector<std::string>& folders)
{
    std::vector<fs::path> paths;
    for (const std::string& folder : folders)
        std::copy(fs::directory_iterator(folder), fs::directory_iterator(), std::back_inserter(paths));
    std::sort(paths.begin(), paths.end());
    std::vector<std::string> contents;
    for (const fs::path& path : paths) {
        std::ifstream file(path, std::ios::binary);
        contents.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    }
    return contents;
}

class mutator
{
public:
    explicit mutator(std::vector<std::string> seeds) : seeds_(std::move(seeds)) {}

    std::string next()
    {
        std::string text = seeds_[below(seeds_.size())];
        for (std::size_t changes = below(3) + 1; changes > 0; --changes)
            change(text);
        return text;
    }

private:
    std::size_t below(std::size_t end) { return end == 0 ? 0 : random_() % end; }

    void change(std::string& text)
    {
        const std::size_t at = below(text.size());
        const std::size_t length = std::min(below(32), text.size() - at);
        switch (below(5)) {
        case 0:
            text.insert(at, 1, static_cast<char>(below(256)));
            break;
        case 1:
            text.erase(at, length);
            break;
        case 2:
            text.insert(below(text.size()), text.substr(at, length));
            break;
        case 3:
            text.replace(at, length, tokens[below(tokens.size())]);
            break;
        default:
            const std::string& other = seeds_[below(seeds_.size())];
            text.replace(at, length, other, below(other.size()), below(64));
        }
    }

    std::vector<std::string> seeds_;
    std::mt19937 random_{1};  // NOLINT: the same inputs each time
};

void replay(target run, std::size_t runs, std::vector<std::string> seeds)
{
    if (seeds.empty())
        throw std::runtime_error("there is no input");
    for (const std::string& seed : seeds)
        run(seed);
    std::printf("%zu files", seeds.size());
    mutator mutate(std::move(seeds));
    for (std::size_t i = 0; i < runs; ++i)
        run(mutate.next());
    std::printf(", %zu changed inputs\n", runs);
}

}  // namespace

int main(int argc, char** argv)
{
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    if (arguments.size() < 3 || !targets.contains(arguments[0])) {
        std::fputs("usage: dedalus_fuzz_replay <target> <runs> <folder>...\n", stderr);
        return 2;
    }
    try {
        replay(
            targets.at(arguments[0]), std::stoul(arguments[1]), read_files({arguments.begin() + 2, arguments.end()})
        );
        return EXIT_SUCCESS;
    }
    catch (const std::exception& e) {
        std::fprintf(stderr, "%s\n", e.what());
        return EXIT_FAILURE;
    }
}
