#include <dedalus/proxy_error.hpp>

namespace dedalus {

namespace {

/// 407 is right, but tinyproxy answers wrong credentials with 401.
bool wants_authentication(int status)
{
    return status == 407 || status == 401;
}

boost::system::error_code cause_of(int status)
{
    using boost::system::errc::make_error_code;
    return wants_authentication(status) ? make_error_code(boost::system::errc::permission_denied)
                                        : make_error_code(boost::system::errc::connection_refused);
}

std::string describe(const std::string& proxy, int status)
{
    const std::string answer = "the proxy " + proxy + " answered with " + std::to_string(status);
    return wants_authentication(status) ? answer + ": it asks for authentication, see client_options::proxy" : answer;
}

}  // namespace

proxy_error::proxy_error(const std::string& proxy, int status)
    : connection_error(call_phase::proxy, cause_of(status), describe(proxy, status)), status_(status)
{}

}  // namespace dedalus
