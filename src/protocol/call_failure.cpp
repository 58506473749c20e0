#include "protocol/call_failure.hpp"

#include <dedalus/api_error.hpp>
#include <dedalus/proxy_error.hpp>

#include "support/certificate_category.hpp"

namespace dedalus::protocol {

namespace {

constexpr int server_failed = 500;

attempt_failure answered_with(const api_error& refusal)
{
    attempt_failure facts;
    facts.what = attempt_failure::kind::status;
    // The status came before the error that ended the stream.
    facts.status = refusal.in_stream() ? server_failed : refusal.status();
    facts.headers = &refusal.headers();
    facts.api_code = refusal.api_code();
    facts.api_type = refusal.type();
    return facts;
}

bool is_certificate(const error& failure)
{
    const auto* connection = dynamic_cast<const connection_error*>(&failure);
    return connection != nullptr && support::certificate_refused(connection->cause());
}

/// The queue of the pool too: the call has had its time there, and would begin again at the end. The total limit needs
/// no row: who has one does not begin another attempt after it.
bool spans_attempts(call_phase phase)
{
    return phase == call_phase::deferred || phase == call_phase::pool;
}

}  // namespace

std::optional<call_phase> failed_phase(const error& failure) noexcept
{
    if (const auto* connection = dynamic_cast<const connection_error*>(&failure))
        return connection->phase();
    if (const auto* timeout = dynamic_cast<const timeout_error*>(&failure))
        return timeout->phase();
    return std::nullopt;
}

attempt_failure failed_attempt(const error& failure)
{
    using kind = attempt_failure::kind;
    attempt_failure facts;
    if (const auto* api = dynamic_cast<const api_error*>(&failure))
        return answered_with(*api);
    if (const auto* refusal = dynamic_cast<const proxy_error*>(&failure)) {
        facts.what = kind::status;
        facts.status = refusal->status();
        return facts;
    }
    const std::optional<call_phase> phase = failed_phase(failure);
    const bool cut = dynamic_cast<const incomplete_stream_error*>(&failure) != nullptr;
    if (cut || (phase && !spans_attempts(*phase) && !is_certificate(failure)))
        facts.what = failure.code() == condition::timeout ? kind::timeout : kind::connection;
    return facts;
}

bool never_sent(const error& failure) noexcept
{
    if (dynamic_cast<const credential_error*>(&failure) != nullptr || failure.code() == errc::invalid_request ||
        failure.code() == errc::config)
        return true;
    const std::optional<call_phase> phase = failed_phase(failure);
    return phase && (*phase == call_phase::pool || *phase == call_phase::resolve || *phase == call_phase::connect ||
                     *phase == call_phase::proxy || *phase == call_phase::tls);
}

}  // namespace dedalus::protocol
