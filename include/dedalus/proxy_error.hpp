#pragma once

#include <dedalus/config.hpp>
#include <dedalus/error.hpp>

#include <string>

namespace dedalus {

/// The proxy answered, but does not let the call through. Whether it is tried again is decided by the status, as for an
/// answer of the server. A proxy that cannot be reached is a plain connection_error.
class DEDALUS_EXPORT proxy_error : public connection_error
{
public:
    /// @param proxy  host and port, without user and password.
    proxy_error(const std::string& proxy, int status);

    /// What the proxy answered: 407 when it wants other credentials than client_options::proxy gives it.
    int status() const noexcept { return status_; }

private:
    int status_;
};

}  // namespace dedalus
