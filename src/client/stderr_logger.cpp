#include <dedalus/logger.hpp>

#include "protocol/log_line.hpp"

#include <cstdio>

namespace dedalus {

namespace {

class stderr_lines final : public logger
{
public:
    explicit stderr_lines(log_level level) : level_(level) {}

    bool enabled(log_level level) const noexcept override { return level <= level_; }

    // One call, so that lines of several threads do not mix.
    void log(log_level level, std::string_view event, std::span<const log_field> fields) override
    {
        const std::string line = protocol::log_line(level, event, fields);
        std::fwrite(line.data(), 1, line.size(), stderr);
    }

private:
    log_level level_;
};

}  // namespace

std::shared_ptr<logger> stderr_logger(log_level level)
{
    return std::make_shared<stderr_lines>(level);
}

}  // namespace dedalus
