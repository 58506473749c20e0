#pragma once

#include <dedalus/http_headers.hpp>
#include <dedalus/testing/server.hpp>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <boost/system/error_code.hpp>
#include <boost/system/system_error.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace test {

struct http_answer
{
    int status = 0;
    dedalus::http_headers headers;
    std::string body;

    boost::json::value json() const;

    /// `error.<name>` of an OpenAI error body; "" when it is not there or null.
    std::string error_member(std::string_view name) const;
};

/// What a connection delivered until it ended.
struct connection_tail
{
    std::string bytes;
    boost::system::error_code ec;
};

/// A TLS handshake that failed; `verify_result` is an X509_V_... code, X509_V_OK when the certificate is not at fault.
struct handshake_error : boost::system::system_error
{
    handshake_error(const boost::system::error_code& ec, long verify)
        : boost::system::system_error(ec, "handshake"), verify_result(verify)
    {}

    long verify_result;
};

struct tls_choice
{
    int only_version = 0;  ///< TLS1_1_VERSION, TLS1_2_VERSION or TLS1_3_VERSION; 0: any
};

/// A blocking HTTP client on one connection that shares no code with the library: for tests of the test server. Every
/// wait ends after ten seconds with an exception.
class raw_http_client
{
public:
    /// Connects; for HTTPS verifies chain and host name against the server's CA. Throws system_error, and
    /// handshake_error for TLS.
    explicit raw_http_client(const dedalus::testing::server& server, tls_choice choice = {});
    ~raw_http_client();

    raw_http_client(const raw_http_client&) = delete;
    raw_http_client& operator=(const raw_http_client&) = delete;

    void send(std::string_view bytes);

    /// Reads one answer; throws system_error when it is cut short.
    http_answer read_answer();

    /// Reads until at least `n` bytes have come that no answer has used, and returns all of them.
    std::string read_at_least(std::size_t n);

    connection_tail read_to_end();

    /// Whether nothing comes, neither bytes nor an end, for this long.
    bool silent_for(std::chrono::milliseconds duration);

    http_answer request(
        std::string_view method,
        std::string_view target,
        std::string_view body = {},
        const dedalus::http_headers& headers = {}
    );

    /// POST to the chat endpoint with the content type of JSON.
    http_answer post(std::string_view body, const dedalus::http_headers& headers = {});
    http_answer post(const boost::json::value& body, const dedalus::http_headers& headers = {});

    std::string tls_version() const;

private:
    class impl;
    std::unique_ptr<impl> impl_;
};

/// One request on a connection of its own.
http_answer post_once(const dedalus::testing::server& server, const boost::json::value& body);

/// A request text for the chat endpoint, for tests that send it in parts.
std::string chat_request_text(std::string_view body);

/// The data of each event of an event stream.
std::vector<std::string> event_data(std::string_view stream);

}  // namespace test
