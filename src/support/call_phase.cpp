#include <dedalus/call_phase.hpp>

#include <ostream>

namespace dedalus {

std::string_view to_string(call_phase phase) noexcept
{
    switch (phase) {
    case call_phase::pool:
        return "pool";
    case call_phase::resolve:
        return "resolve";
    case call_phase::connect:
        return "connect";
    case call_phase::proxy:
        return "proxy";
    case call_phase::tls:
        return "tls";
    case call_phase::write:
        return "write";
    case call_phase::response_header:
        return "response_header";
    case call_phase::body:
        return "body";
    case call_phase::first_event:
        return "first_event";
    case call_phase::stream_idle:
        return "stream_idle";
    case call_phase::total:
        return "total";
    case call_phase::deferred:
        return "deferred";
    }
    return "unknown";
}

std::ostream& operator<<(std::ostream& os, call_phase phase)
{
    return os << to_string(phase);
}

}  // namespace dedalus
