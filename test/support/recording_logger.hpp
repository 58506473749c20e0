#pragma once

#include <dedalus/logger.hpp>

#include <algorithm>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace test {

/// Keeps what is logged.
class recording_logger final : public dedalus::logger
{
public:
    struct line
    {
        dedalus::log_level level;
        std::string event;
        std::vector<dedalus::log_field> fields;

        std::string field(std::string_view name) const
        {
            for (const dedalus::log_field& each : fields)
                if (each.name == name)
                    return each.value;
            return "(absent)";
        }
    };

    explicit recording_logger(dedalus::log_level level) : level_(level) {}

    bool enabled(dedalus::log_level level) const noexcept override { return level <= level_; }

    void log(dedalus::log_level level, std::string_view event, std::span<const dedalus::log_field> fields) override
    {
        const std::lock_guard lock(mutex_);
        lines_.push_back({level, std::string(event), {fields.begin(), fields.end()}});
    }

    std::vector<line> lines() const
    {
        const std::lock_guard lock(mutex_);
        return lines_;
    }

    std::vector<line> lines(std::string_view event) const
    {
        std::vector<line> all = lines();
        all.erase(std::remove_if(all.begin(), all.end(), [&](const line& l) { return l.event != event; }), all.end());
        return all;
    }

    /// Everything in one text.
    std::string text() const
    {
        std::string all;
        for (const line& each : lines()) {
            all.append(each.event);
            for (const dedalus::log_field& field : each.fields)
                all.append(" ").append(field.name).append("=").append(field.value);
            all += '\n';
        }
        return all;
    }

private:
    dedalus::log_level level_;
    mutable std::mutex mutex_;
    std::vector<line> lines_;
};

}  // namespace test
