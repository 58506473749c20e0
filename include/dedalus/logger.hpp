#pragma once

#include <dedalus/config.hpp>

#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace dedalus {

/// How much is logged: each level includes those before it.
enum class log_level
{
    off,
    error,  ///< what the library could not do: an exception in a hook
    warn,   ///< what it was told wrongly: an unknown DEDALUS_LOG
    info,   ///< the end of each call, and each retry; failures are thrown, too
    debug,  ///< each request and each answer with their headers, and connections
};

/// "off", "error", "warn", "info", "debug".
DEDALUS_EXPORT std::string_view to_string(log_level level) noexcept;

struct log_field
{
    std::string_view name;  ///< static text
    std::string value;      ///< may hold any bytes of a server; secrets are masked already
};

/// Where the log lines of a client go, and those of tools (tool_context::log()). Called by every thread that uses the
/// client, maybe by several at once. What log() throws is dropped.
class DEDALUS_EXPORT logger
{
public:
    logger() = default;
    logger(const logger&) = delete;
    logger& operator=(const logger&) = delete;
    virtual ~logger();

    /// Whether log() would do anything. Nothing is put together for a level that is off.
    virtual bool enabled(log_level level) const noexcept = 0;

    /// @param event   static text: what happened.
    /// @param fields  lines of a call begin with `call`, `attempt` and, once it is known, `request_id`; those of
    ///                tool_context::log() with `run`, `call_id` and `attempt`.
    virtual void log(log_level level, std::string_view event, std::span<const log_field> fields) = 0;
};

/// One line for each event on standard error, with control characters and quotes escaped.
DEDALUS_EXPORT std::shared_ptr<logger> stderr_logger(log_level level);

}  // namespace dedalus
