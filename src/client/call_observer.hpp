#pragma once

#include <dedalus/client_hooks.hpp>
#include <dedalus/logger.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace dedalus {

struct chat_call;

/// Tells the logger and the hooks of the user what happens to calls. Nothing that they do comes back but the headers
/// of on_request: exceptions end here. Any thread.
class call_observer
{
public:
    /// @param log  not null.
    call_observer(client_hooks hooks, std::shared_ptr<logger> log, bool log_bodies);

    /// An attempt begins with these headers; gives those that the user wants to set besides.
    http_headers request(const chat_call& call, const http_headers& headers);

    void response(const chat_call& call, const response_info& info);

    /// The body of a unary answer of any status.
    void body(const chat_call& call, std::string_view body);

    void retry(const chat_call& call, const error& failure, std::chrono::milliseconds wait);
    void completed(const chat_call& call, const response_info& info);
    void failed(const chat_call& call, const error& failure);
    void connection(connection_event event, close_reason reason, std::string_view host) noexcept;

    /// What the client was told wrongly. @param problem  without secrets.
    void warn(std::string_view problem);

private:
    using fields = std::vector<log_field>;

    void log_connection(connection_event event, close_reason reason, std::string_view host);
    fields fields_of(const chat_call& call) const;
    void write(log_level level, std::string_view event, const fields& values) noexcept;
    void hook_failed(std::string_view name) noexcept;

    template <class Hook, class View>
    void call_hook(std::string_view name, const Hook& hook, const View& view) noexcept;

    client_hooks hooks_;
    std::shared_ptr<logger> log_;
    bool log_bodies_;
    std::atomic<bool> hook_failed_ = false;
};

}  // namespace dedalus
