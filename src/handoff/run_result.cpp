#include <dedalus/handoff/run_result.hpp>

namespace dedalus {

std::string_view to_string(stop_reason reason) noexcept
{
    switch (reason) {
    case stop_reason::final:
        return "final";
    case stop_reason::refusal:
        return "refusal";
    case stop_reason::length:
        return "length";
    case stop_reason::content_filter:
        return "content_filter";
    case stop_reason::budget:
        return "budget";
    case stop_reason::no_progress:
        return "no_progress";
    case stop_reason::protocol_error:
        return "protocol_error";
    case stop_reason::unsupported:
        return "unsupported";
    case stop_reason::error:
        return "error";
    case stop_reason::cancelled:
        return "cancelled";
    }
    return "unknown";
}

}  // namespace dedalus
