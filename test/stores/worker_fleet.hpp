#pragma once

#include "support/child_process.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace test {

/// Two to four workers that fight over the runs of a store, are paused for longer than a lease lasts, and are killed.
class worker_fleet
{
public:
    /// `command`: of a worker, to which its mode and its name are added.
    worker_fleet(std::vector<std::string> command, std::uint32_t seed) : command_(std::move(command)), random_(seed) {}

    ~worker_fleet()
    {
        while (!workers_.empty())
            kill_one();
    }

    worker_fleet(const worker_fleet&) = delete;
    worker_fleet& operator=(const worker_fleet&) = delete;

    void kill_workers(int times)
    {
        for (int i = 0; i < times; ++i) {
            const std::size_t wanted = 2 + random_() % 3;
            while (workers_.size() < wanted)
                workers_.push_back(start("work"));
            sleep(20 + static_cast<int>(random_() % 80));
            if (random_() % 8 == 0)
                pause_one();
            kill_one();
        }
        while (!workers_.empty())
            kill_one();
    }

    /// Lets one worker follow all runs until each has ended or waits for a decision.
    void finish()
    {
        const std::string last = start("finish")->read_line();
        if (last != "done")
            complaints_.insert(last);
    }

    /// What workers had to say before they were killed: nothing, if all was well.
    const std::set<std::string>& complaints() const { return complaints_; }

private:
    static void sleep(int milliseconds) { std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds)); }

    std::unique_ptr<child_process> start(const std::string& mode)
    {
        std::vector<std::string> command = command_;
        command.push_back(mode);
        command.push_back(std::to_string(++started_));
        return std::make_unique<child_process>(std::move(command));
    }

    /// Others take over what it has, and it finds out.
    void pause_one()
    {
        child_process& worker = *workers_[random_() % workers_.size()];
        worker.pause();
        sleep(300);
        worker.go_on();
        sleep(20);
    }

    void kill_one()
    {
        const auto at = workers_.begin() + static_cast<std::ptrdiff_t>(random_() % workers_.size());
        const std::unique_ptr<child_process> worker = std::move(*at);
        workers_.erase(at);
        worker->kill();
        try {
            for (;;)
                complaints_.insert(worker->read_line());
        }
        catch (const std::runtime_error&) {
            // The end of what it said.
        }
    }

    std::vector<std::string> command_;
    std::mt19937 random_;
    std::vector<std::unique_ptr<child_process>> workers_;
    std::set<std::string> complaints_;
    int started_ = 0;
};

/// What the workers left behind: see traced_store; and "effect <run>/<call>" by the tools.
struct worker_traces
{
    explicit worker_traces(const std::string& path)
    {
        std::ifstream file(path);
        for (std::string line; std::getline(file, line);)
            read(line);
        look_at_fences();
    }

    std::map<std::string, int> effects{};
    std::set<std::string> finished{};
    std::size_t held = 0;    ///< times that a worker found a run with another one
    std::size_t fenced = 0;  ///< times that a worker found that it had lost its run
    std::set<std::string> violations{};

private:
    void read(const std::string& line)
    {
        std::istringstream words(line);
        std::string what;
        std::string name;
        std::int64_t number = 0;
        std::int64_t fence = 0;
        words >> what >> name >> number >> fence;
        if (what == "effect")
            ++effects[name];
        else if (what == "finish" && !finished.insert(name).second)
            violations.insert("a second end of " + name);
        else if (what == "acquire" && !owned_.emplace(name, number).second)
            violations.insert("two owners under one fence of " + name);
        else if (what == "commit" && !commits_[name].emplace(number, fence).second)
            violations.insert("two commits of one revision of " + name);
        held += what == "held" ? 1U : 0U;
        fenced += what == "fenced" ? 1U : 0U;
    }

    void look_at_fences()
    {
        for (const auto& [run, revisions] : commits_) {
            std::int64_t newest = 0;
            for (const auto& [rev, fence] : revisions) {
                if (fence < newest)
                    violations.insert("a former owner has written to " + run);
                newest = std::max(newest, fence);
            }
        }
    }

    std::set<std::pair<std::string, std::int64_t>> owned_;
    std::map<std::string, std::map<std::int64_t, std::int64_t>> commits_;  ///< fences by revision
};

}  // namespace test
