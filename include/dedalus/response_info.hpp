#pragma once

#include <dedalus/http_headers.hpp>

#include <chrono>
#include <string>

namespace dedalus {

/// Where the time of a call went (steady clock). The parts are of the last attempt; `total` spans all attempts and
/// waits. A part that did not happen is zero: a reused connection has no `dns`, `connect` and `tls`.
struct timings
{
    std::chrono::microseconds queue{};        ///< waiting for a connection of the pool
    std::chrono::microseconds dns{};          ///< name resolution
    std::chrono::microseconds connect{};      ///< TCP connect, all addresses tried
    std::chrono::microseconds tls{};          ///< TLS handshake
    std::chrono::microseconds write{};        ///< first to last byte of the request
    std::chrono::microseconds header{};       ///< end of the request to the complete response header
    std::chrono::microseconds first_event{};  ///< start of the call to the first chunk of a stream
    std::chrono::microseconds total{};        ///< start of the call to the complete answer, or to the end of the stream
    bool reused_connection = false;           ///< the connection came from the pool

    bool operator==(const timings&) const = default;
};

/// What is known of an HTTP answer besides its body.
struct response_info
{
    int status = 0;            ///< HTTP status of the answer
    http_headers headers{};    ///< response headers
    std::string request_id{};  ///< `x-request-id`, empty when the server sent none
    int retries_taken = 0;     ///< attempts before the one that was answered
    dedalus::timings timings{};

    bool operator==(const response_info&) const = default;
};

}  // namespace dedalus
