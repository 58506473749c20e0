#pragma once

#include "net/byte_stream.hpp"
#include "net/tls_context.hpp"

#include <atomic>
#include <memory>
#include <string>

struct ssl_st;

namespace dedalus::net {

/// The client's side of TLS: OpenSSL directly on the socket or, behind a proxy that is spoken to over TLS, on another
/// of these. Begin with try_handshake() until it does not block.
class tls_stream final : public byte_stream
{
public:
    /// @param connected  a connected stream.
    /// @param context    kept alive by the stream.
    /// @param host       name or IP literal (without brackets) the certificate must be valid for; not empty.
    /// Throws system_error when OpenSSL cannot make the session or refuses the name.
    tls_stream(
        std::unique_ptr<byte_stream> connected, std::shared_ptr<const tls_context> context, const std::string& host
    );

    /// Says goodbye (close_notify) if that goes at once and the stream is sound, then closes.
    ~tls_stream() override;

    /// One step of the handshake. ec: would_block (then wait()), clear when done, else handshake_problem() says why.
    void try_handshake(boost::system::error_code& ec) noexcept;

    /// Why the handshake failed, for people: the problem of the certificate, or what the peer answered.
    const std::string& handshake_problem() const noexcept { return handshake_problem_; }

    /// Returns at once what OpenSSL has decrypted or can decrypt; see byte_stream.
    std::size_t try_read(std::span<char> buffer, boost::system::error_code& ec) noexcept override;
    bool drained() const noexcept override;
    bool quiet() noexcept override;

    std::size_t try_write(std::span<const char> bytes, boost::system::error_code& ec) noexcept override;
    boost::asio::awaitable<void> wait() override;
    boost::asio::awaitable<void> wait_either() override;
    void release_memory() noexcept override;
    void interrupt() noexcept override;

private:
    struct transport;  // what the BIO works on

    struct deleter
    {
        void operator()(ssl_st* session) const noexcept;
    };

    boost::system::error_code outcome(int returned);
    void expect_host(const std::string& host);
    static std::string describe_problem(const boost::system::error_code& ec);

    std::shared_ptr<const tls_context> context_;
    std::unique_ptr<transport> transport_;
    tls_session_cache::source session_source_;
    std::unique_ptr<ssl_st, deleter> session_;
    boost::system::error_code fatal_;          // no operation on session_ is allowed once it is set
    boost::system::error_code write_failure_;  // of the socket: nothing more is written, but reading goes on
    bool established_ = false;
    bool drained_ = false;  // neither OpenSSL nor the buffer before it holds anything back
    std::atomic<bool> interrupted_ = false;
    std::string handshake_problem_;
};

}  // namespace dedalus::net
