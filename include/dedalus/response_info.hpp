#pragma once

#include <dedalus/http_headers.hpp>
#include <dedalus/rate_limits.hpp>

#include <chrono>
#include <cstdint>
#include <string>

namespace dedalus {

/// Where the time of a call went (steady clock). The parts are of the last attempt; `total` spans all attempts and
/// waits. A part that did not happen is zero: a reused connection has no `dns`, `connect` and `tls`. On an error the
/// parts are those that were over.
struct timings
{
    std::chrono::microseconds queue{};        ///< until a connection of the pool, or the place for a new one, was there
    std::chrono::microseconds dns{};          ///< name resolution
    std::chrono::microseconds connect{};      ///< TCP connect, all addresses tried
    std::chrono::microseconds tls{};          ///< TLS handshake
    std::chrono::microseconds write{};        ///< first to last byte of the request
    std::chrono::microseconds header{};       ///< end of the request to the complete response header
    std::chrono::microseconds first_event{};  ///< start of the call to the first chunk of a stream
    std::chrono::microseconds last_event{};   ///< start of the call to the last chunk so far
    std::chrono::microseconds total{};        ///< start of the call to the complete answer, or to the end of the stream
    bool reused_connection = false;           ///< the connection came from the pool
    std::uint64_t bytes_sent = 0;             ///< HTTP bytes of the last attempt, without those of TLS
    std::uint64_t bytes_received = 0;         ///< likewise
    int attempts = 0;                         ///< begun so far, the first one included

    bool operator==(const timings&) const = default;
};

/// What is known of an HTTP answer besides its value.
struct response_info
{
    std::uint64_t call_id = 0;  ///< number of the call in this process, from 1; the one in log lines and hooks
    int status = 0;             ///< HTTP status of the answer
    http_headers headers{};     ///< response headers
    std::string request_id{};   ///< `x-request-id`, empty when the server sent none
    int retries_taken = 0;      ///< attempts before the one that was answered
    dedalus::timings timings{};
    dedalus::rate_limits rate_limits{};
    std::string body{};  ///< the body as received, when call_options::raw_body asked for it; empty for a stream

    bool operator==(const response_info&) const = default;
};

}  // namespace dedalus
