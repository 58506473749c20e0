#include "measurement.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iostream>
#include <sys/resource.h>
#include <unistd.h>

namespace bench {

namespace {

std::int64_t monotonic_ns()
{
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return std::int64_t(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

std::int64_t cpu_time_us()
{
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    const auto us = [](const timeval& time) { return std::int64_t(time.tv_sec) * 1'000'000 + time.tv_usec; };
    return us(used.ru_utime) + us(used.ru_stime);
}

std::int64_t resident_kib()
{
    std::ifstream statm("/proc/self/statm");
    std::int64_t size = 0;
    std::int64_t resident = 0;
    statm >> size >> resident;
    return resident * sysconf(_SC_PAGESIZE) / 1024;
}

std::int64_t peak_kib()
{
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    return used.ru_maxrss;
}

std::size_t read_number(const char* text)
{
    return std::strtoull(text, nullptr, 10);
}

}  // namespace

std::string task::body() const
{
    return R"({"model":"gpt-5-nano","messages":[{"role":"user","content":"What is the capital of France?"}])" +
           std::string(mode == "unary" ? "}" : R"(,"stream":true,"stream_options":{"include_usage":true}})");
}

task read_command_line(int argc, char** argv)
{
    constexpr std::string_view scheme = "https://";
    const std::string_view url = argc == 6 ? argv[2] : "";
    const std::size_t slash = url.find('/', scheme.size());
    const std::size_t colon = url.find(':', scheme.size());
    if (!url.starts_with(scheme) || slash == std::string_view::npos || colon > slash) {
        std::cerr << "usage: " << argv[0]
                  << " unary|stream|slow https://<host>:<port>/<path> <CA file> <count> <warm-up>\n";
        std::exit(2);
    }
    task work;
    work.mode = argv[1];
    work.base_url = url;
    work.host = url.substr(scheme.size(), colon - scheme.size());
    work.port = url.substr(colon + 1, slash - colon - 1);
    work.target = std::string(url.substr(slash)) + "/chat/completions";
    work.ca_file = argv[3];
    work.count = read_number(argv[4]);
    work.warm_up = read_number(argv[5]);
    return work;
}

std::string decoded::digest() const
{
    const std::string all =
        text + '\n' + arguments + '\n' + std::to_string(items) + '\n' + std::to_string(total_tokens);
    std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
    unsigned int size = 0;
    EVP_Digest(all.data(), all.size(), hash.data(), &size, EVP_sha256(), nullptr);
    std::string digits;
    for (unsigned int i = 0; i < size; ++i) {
        digits += "0123456789abcdef"[hash[i] >> 4];
        digits += "0123456789abcdef"[hash[i] & 15];
    }
    return digits;
}

void meter::start()
{
    wall_us_ = -monotonic_ns() / 1000;
    cpu_us_ = -cpu_time_us();
}

void meter::stop()
{
    wall_us_ += monotonic_ns() / 1000;
    cpu_us_ += cpu_time_us();
}

void print_result(const meter& spent, std::uint64_t items, std::uint64_t bytes, std::string_view digest)
{
    std::cout << R"({"items":)" << items << R"(,"cpu_us":)" << spent.cpu_us() << R"(,"wall_us":)" << spent.wall_us()
              << R"(,"bytes":)" << bytes << R"(,"peak_kib":)" << peak_kib() << R"(,"digest":")" << digest << "\"}\n";
}

slow_run::slow_run(const task& work)
    : count_(work.count), seen_(work.count), counted_(work.count), rss_before_kib_(resident_kib())
{
    latency_us_.reserve(1'000'000);
}

std::optional<std::size_t> slow_run::next()
{
    if (begun_ == count_)
        return std::nullopt;
    return begun_++;
}

void slow_run::event(std::size_t stream, std::string_view content)
{
    const std::int64_t now = monotonic_ns();
    std::uint64_t number = 0;
    std::int64_t sent = 0;
    const char* const end = content.data() + content.size();
    const char* const space = std::from_chars(content.data(), end, number).ptr;
    if (space != end)
        std::from_chars(space + 1, end, sent);
    if (number != seen_[stream] || sent == 0)
        ++wrong_;
    if (seen_[stream]++ == 0)
        ++opened_;
    if (measuring_) {
        ++counted_[stream];
        latency_us_.push_back((now - sent) / 1000);
    }
}

void slow_run::start()
{
    measuring_ = true;
    spent_.start();
}

void slow_run::stop()
{
    spent_.stop();
    measuring_ = false;
    rss_kib_ = resident_kib() - rss_before_kib_;
}

void slow_run::print() const
{
    std::vector<std::int64_t> sorted = latency_us_;
    std::sort(sorted.begin(), sorted.end());
    const auto part = [&](double share) {
        return sorted.empty() ? 0 : sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))];
    };
    std::cout << R"({"items":)" << sorted.size() << R"(,"cpu_us":)" << spent_.cpu_us() << R"(,"wall_us":)"
              << spent_.wall_us() << R"(,"peak_kib":)" << peak_kib() << R"(,"kib_per_stream":)"
              << static_cast<double>(rss_kib_) / static_cast<double>(count_) << R"(,"p50_us":)" << part(0.5)
              << R"(,"p99_us":)" << part(0.99) << R"(,"max_us":)" << part(1) << R"(,"wrong":)" << wrong_
              << R"(,"fewest":)" << *std::min_element(counted_.begin(), counted_.end()) << "}\n";
}

}  // namespace bench
