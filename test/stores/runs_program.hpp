#pragma once

#include <dedalus/stores/run_store.hpp>

#include "support/background_program.hpp"
#include "support/durable_scene.hpp"

#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>
#include <sys/wait.h>
#include <utility>
#include <vector>

namespace test {

/// What a program printed, and how it ended.
struct program_end
{
    int status = -1;
    std::string out{};
    std::string err{};
};

inline std::string quoted(const std::string& word)
{
    std::string text = "'";
    for (const char c : word)
        text += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return text + "'";
}

/// Runs a program to its end.
inline program_end run_program(const std::vector<std::string>& command, const std::string& input_file = "/dev/null")
{
    const temporary_folder folder;
    std::string line;
    for (const std::string& word : command)
        line += quoted(word) + ' ';
    line += "<" + quoted(input_file) + " 2>" + quoted(folder.path("err"));
    std::FILE* const pipe = ::popen(line.c_str(), "r");
    if (pipe == nullptr)
        throw std::runtime_error("cannot start a shell");
    program_end end;
    char buffer[4096];
    for (std::size_t n = 0; (n = std::fread(buffer, 1, sizeof(buffer), pipe)) > 0;)
        end.out.append(buffer, n);
    end.status = WEXITSTATUS(::pclose(pipe));
    end.err = folder.read("err");
    return end;
}

/// A scene whose tools take 120 ms each.
struct timed_scene : durable_scene
{
    void add_timed(const std::string& name, dedalus::tool_options options)
    {
        add(name, std::move(options), [this](json::object, dedalus::tool_context& context) {
            passed += std::chrono::milliseconds(120);
            return work(context.call_id());
        });
    }

    /// Follows the run of this id in this store, as one process.
    dedalus::run_result follow_in(std::shared_ptr<dedalus::run_store> to, const std::string& id)
    {
        passed += std::chrono::milliseconds(40);
        const auto in = input();
        in->store = std::move(to);
        in->run_id = id;
        return run_coro(follow(in, stop));
    }
};

}  // namespace test
