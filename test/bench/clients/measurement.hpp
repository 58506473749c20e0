#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What the C++ clients of the benchmark share: the command line, the meters, the line of JSON they print.
namespace bench {

/// <program> <mode> <base URL> <CA file> <count> <warm-up>
///   unary   so many requests, after so many that do not count
///   stream  so many streams, after so many that do not count
///   slow    so many streams at once, measured for so many seconds once all are open
struct task
{
    std::string mode;
    std::string base_url;  // https://host:port/path, without a slash at its end
    std::string host;
    std::string port;
    std::string target;  // of the request: the path of the base URL and /chat/completions
    std::string ca_file;
    std::size_t count = 0;
    std::size_t warm_up = 0;

    /// The request that every client sends.
    std::string body() const;
};

/// Ends the program with a message when the command line is not one of the above.
task read_command_line(int argc, char** argv);

/// What came of the answers that count, for the comparison with what the server sent.
struct decoded
{
    std::string text{};
    std::string arguments{};  // of all tool calls
    std::uint64_t items = 0;  // answers, or chunks
    std::int64_t total_tokens = 0;

    /// SHA-256 of all of it, in hexadecimal digits.
    std::string digest() const;
};

/// CPU time of this process, and wall time, since start().
class meter
{
public:
    void start();
    void stop();

    std::int64_t cpu_us() const { return cpu_us_; }

    std::int64_t wall_us() const { return wall_us_; }

private:
    std::int64_t cpu_us_ = 0;
    std::int64_t wall_us_ = 0;
};

/// Prints the result of the modes unary and stream. `digest`: "" when the client did not decode.
void print_result(const meter& spent, std::uint64_t items, std::uint64_t bytes, std::string_view digest);

/// The state of many slow streams. Each event's content is "<number of the event> <monotonic time of sending in ns>".
class slow_run
{
public:
    explicit slow_run(const task& work);

    /// The stream that is to be opened next. So many openers begin; the first event of a stream opens the next one.
    std::optional<std::size_t> next();
    static constexpr std::size_t openers = 64;

    /// An event's content has come on this stream.
    void event(std::size_t stream, std::string_view content);

    bool all_open() const { return opened_ == count_; }

    void start();
    void stop();
    void print() const;

private:
    std::size_t count_;
    std::size_t begun_ = 0;
    std::size_t opened_ = 0;
    std::vector<std::uint64_t> seen_;       // events of each stream
    std::vector<std::uint64_t> counted_;    // events of each stream while measuring
    std::vector<std::int64_t> latency_us_;  // while measuring
    bool measuring_ = false;
    std::uint64_t wrong_ = 0;  // events that were not the next of their stream
    std::int64_t rss_before_kib_;
    std::int64_t rss_kib_ = 0;
    meter spent_;
};

}  // namespace bench
