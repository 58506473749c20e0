#pragma once

#include <dedalus/client_options.hpp>

#include "net/connector.hpp"
#include "support/tls_fixture.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <cstdint>
#include <memory>
#include <string>

namespace test {

/// What a client trusts when it trusts one authority.
inline std::shared_ptr<const dedalus::net::tls_context> trust(const test_ca& ca)
{
    const temporary_file file(ca.pem());
    dedalus::tls_options options;
    options.ca_file = file.path();
    return std::make_shared<const dedalus::net::tls_context>(options);
}

/// A connection to 127.0.0.1 without limits; TLS when `tls` is given.
inline dedalus::net::connect_request connect_to(
    boost::asio::any_io_executor executor,
    std::uint16_t port,
    std::shared_ptr<const dedalus::net::tls_context> tls = nullptr
)
{
    dedalus::net::connect_request request;
    request.executor = executor;
    request.host = "127.0.0.1";
    request.port = port;
    request.tls = std::move(tls);
    request.guard = std::make_shared<dedalus::net::watchdog>(executor);
    return request;
}

}  // namespace test
