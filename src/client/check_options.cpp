#include <dedalus/error.hpp>

#include "client/configuration.hpp"
#include "protocol/http_request_head.hpp"

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace dedalus {

namespace {

void check_positive(std::chrono::milliseconds limit, std::string_view option)
{
    if (limit <= std::chrono::milliseconds::zero())
        throw config_error(std::string(option) + " must be positive; dedalus::no_limit switches it off");
}

void check_positive(std::size_t limit, std::string_view option)
{
    if (limit == 0)
        throw config_error(std::string(option) + " must not be zero");
}

}  // namespace

void check_header(const http_header& field, std::string_view origin)
{
    const std::string where = std::string(origin) + ": ";
    if (!protocol::valid_header_name(field.name))
        throw config_error(where + "a header name is empty or has characters that are not allowed");
    if (protocol::reserved_header_name(field.name))
        throw config_error(where + "the header " + field.name + " is the client's own and cannot be set");
    if (!protocol::valid_header_value(field.value))
        throw config_error(where + "the value of the header " + field.name + " holds CR, LF or NUL");
}

void check_timeouts(const timeout_options& timeouts)
{
    check_positive(timeouts.pool, "timeouts.pool");
    check_positive(timeouts.connect, "timeouts.connect");
    check_positive(timeouts.write, "timeouts.write");
    check_positive(timeouts.response_header, "timeouts.response_header");
    if (timeouts.first_event)
        check_positive(*timeouts.first_event, "timeouts.first_event");
    check_positive(timeouts.stream_idle, "timeouts.stream_idle");
    check_positive(timeouts.total, "timeouts.total");
}

void check_pool(const pool_options& pool)
{
    check_positive(pool.max_connections_per_host, "pool.max_connections_per_host");
    check_positive(pool.max_connections, "pool.max_connections");
    check_positive(pool.idle_timeout, "pool.idle_timeout");
    check_positive(pool.max_age, "pool.max_age");
}

// What the system takes; anything else it would refuse silently.
void check_tcp(const tcp_options& tcp)
{
    constexpr std::chrono::seconds longest(32767);
    const auto refuse = [](std::string_view what) { throw config_error("tcp." + std::string(what)); };
    if (tcp.keep_alive_idle < std::chrono::seconds(1) || tcp.keep_alive_idle > longest)
        refuse("keep_alive_idle must be 1 to 32767 seconds");
    if (tcp.keep_alive_interval < std::chrono::seconds(1) || tcp.keep_alive_interval > longest)
        refuse("keep_alive_interval must be 1 to 32767 seconds");
    if (tcp.keep_alive_count < 1 || tcp.keep_alive_count > 127)
        refuse("keep_alive_count must be 1 to 127");
    check_positive(tcp.user_timeout, "tcp.user_timeout");
    if (tcp.user_timeout != no_limit && tcp.user_timeout > std::chrono::hours(24 * 24))
        refuse("user_timeout must be at most 24 days, or dedalus::no_limit");
}

void check_limits(const limit_options& limits)
{
    check_positive(limits.max_request_bytes, "limits.max_request_bytes");
    check_positive(limits.max_header_bytes, "limits.max_header_bytes");
    check_positive(limits.max_body_bytes, "limits.max_body_bytes");
    check_positive(limits.max_error_body_bytes, "limits.max_error_body_bytes");
    check_positive(limits.max_event_bytes, "limits.max_event_bytes");
    check_positive(limits.max_completion_bytes, "limits.max_completion_bytes");
}

}  // namespace dedalus
