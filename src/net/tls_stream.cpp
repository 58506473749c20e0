#include "net/tls_stream.hpp"

#include "net/certificate_error.hpp"
#include "net/read_buffer.hpp"
#include "support/certificate_category.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/system/system_error.hpp>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <span>
#include <string_view>
#include <utility>

namespace dedalus::net {

namespace asio = boost::asio;
using boost::system::error_code;

const error_code stream_truncated = asio::ssl::error::stream_truncated;

namespace {

error_code ssl_error(unsigned long queued)
{
    return {static_cast<int>(queued), asio::error::get_ssl_category()};
}

// To look is four times cheaper than to clear what is empty.
void clear_errors() noexcept
{
    if (ERR_peek_error() != 0)
        ERR_clear_error();
}

void require(bool done)
{
    if (done)
        return;
    const unsigned long queued = ERR_peek_error();
    clear_errors();
    throw boost::system::system_error(queued != 0 ? ssl_error(queued) : error_code(asio::error::no_memory));
}

bool is_certificate_error(const error_code& ec)
{
    return ec.category() == asio::error::get_ssl_category() &&
           ERR_GET_REASON(static_cast<unsigned long>(ec.value())) == SSL_R_CERTIFICATE_VERIFY_FAILED;
}

}  // namespace

bool is_tls_alert(const error_code& ec) noexcept
{
    constexpr int alerts = 256;
    const int reason = ERR_GET_REASON(static_cast<unsigned long>(ec.value()));
    return ec.category() == asio::error::get_ssl_category() && reason >= SSL_AD_REASON_OFFSET &&
           reason < SSL_AD_REASON_OFFSET + alerts;
}

// OpenSSL reads and writes the socket through a BIO of our own: the one it brings raises SIGPIPE and does not tell an
// end of the connection from an interruption.
struct tls_stream::transport
{
    std::unique_ptr<byte_stream> below;
    error_code last;  // of the latest read or write
    read_buffer buffer;
    std::string_view left;  // what OpenSSL has not taken of it yet

    static transport& of(BIO* bio) { return *static_cast<transport*>(BIO_get_data(bio)); }

    static int read(BIO* bio, char* data, int size)
    {
        transport& self = of(bio);
        BIO_clear_retry_flags(bio);
        self.last.clear();
        if (self.left.empty())
            self.fill();
        if (self.last == asio::error::would_block)
            BIO_set_retry_read(bio);
        if (self.last)
            return self.last == asio::error::eof ? 0 : -1;
        const std::size_t n = self.left.copy(data, static_cast<std::size_t>(size));
        self.left.remove_prefix(n);
        return static_cast<int>(n);
    }

    static int write(BIO* bio, const char* data, int size)
    {
        transport& self = of(bio);
        BIO_clear_retry_flags(bio);
        const std::size_t n = self.below->try_write({data, static_cast<std::size_t>(size)}, self.last);
        if (self.last == asio::error::would_block)
            BIO_set_retry_write(bio);
        return self.last ? -1 : static_cast<int>(n);
    }

    // As many records as there are, by one system call. OpenSSL can do so itself (read_ahead), but moves all that is
    // left behind each record: of 100,000 records with an event each, that was a third of all instructions.
    void fill() noexcept
    {
        const std::span<char> room = buffer.get();
        if (room.empty())
            last = asio::error::no_memory;
        else
            left = {room.data(), below->try_read(room, last)};
    }

    static long control(BIO* bio, int command, long, void*)
    {
        if (command == BIO_CTRL_FLUSH)
            return 1;
        // From this answer OpenSSL knows that the stream was cut.
        if (command == BIO_CTRL_EOF)
            return of(bio).last == asio::error::eof ? 1 : 0;
        return 0;
    }

    static BIO_METHOD* make_method()
    {
        BIO_METHOD* method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "dedalus");
        require(method != nullptr);
        BIO_meth_set_read(method, &transport::read);
        BIO_meth_set_write(method, &transport::write);
        BIO_meth_set_ctrl(method, &transport::control);
        return method;
    }

    BIO* make_bio()
    {
        // Never freed: a stream in a static variable may outlive whatever would free it.
        static const BIO_METHOD* const method = make_method();
        BIO* bio = BIO_new(method);
        require(bio != nullptr);
        BIO_set_data(bio, this);
        BIO_set_init(bio, 1);
        return bio;
    }
};

tls_stream::tls_stream(
    std::unique_ptr<byte_stream> connected, std::shared_ptr<const tls_context> context, const std::string& host
)
    : context_(std::move(context)),
      transport_(std::make_unique<transport>()), session_source_{&context_->sessions(), host}
{
    transport_->below = std::move(connected);
    clear_errors();
    session_.reset(SSL_new(context_->native_handle()));
    require(session_ != nullptr);
    BIO* bio = transport_->make_bio();
    SSL_set_bio(session_.get(), bio, bio);
    expect_host(host);
    tls_session_cache::use(session_.get(), session_source_);
    SSL_set_connect_state(session_.get());
}

tls_stream::~tls_stream()
{
    if (!established_ || fatal_ || write_failure_ || interrupted_)
        return;
    clear_errors();
    SSL_shutdown(session_.get());
    clear_errors();
}

void tls_stream::deleter::operator()(ssl_st* session) const noexcept
{
    SSL_free(session);
}

void tls_stream::expect_host(const std::string& host)
{
    X509_VERIFY_PARAM* rules = SSL_get0_param(session_.get());
    error_code not_an_address;
    const asio::ip::address address = asio::ip::make_address(host, not_an_address);
    if (!not_an_address && address.is_v4()) {
        const auto bytes = address.to_v4().to_bytes();
        require(X509_VERIFY_PARAM_set1_ip(rules, bytes.data(), bytes.size()) == 1);
        return;
    }
    if (!not_an_address) {
        const auto bytes = address.to_v6().to_bytes();
        require(X509_VERIFY_PARAM_set1_ip(rules, bytes.data(), bytes.size()) == 1);
        return;
    }
    // The final dot of an absolute name belongs to DNS, not to certificates (RFC 6066, section 3).
    std::string name = host.ends_with('.') ? host.substr(0, host.size() - 1) : host;
    // OpenSSL takes an empty name for "any".
    if (name.empty())
        throw boost::system::system_error(asio::error::invalid_argument);
    X509_VERIFY_PARAM_set_hostflags(rules, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    require(X509_VERIFY_PARAM_set1_host(rules, name.data(), name.size()) == 1);
    // What the macro SSL_set_tlsext_host_name() does, without its cast.
    require(SSL_ctrl(session_.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data()) == 1);
}

// What a failed call on the session means. Sets fatal_ if the session cannot be used any more.
error_code tls_stream::outcome(int returned)
{
    const int kind = SSL_get_error(session_.get(), returned);
    const unsigned long queued = ERR_peek_error();
    if (queued != 0)
        ERR_clear_error();
    if (kind == SSL_ERROR_WANT_READ || kind == SSL_ERROR_WANT_WRITE)
        return asio::error::would_block;
    if (kind == SSL_ERROR_ZERO_RETURN)
        return asio::error::eof;
    if (transport_->last == asio::error::operation_aborted)
        fatal_ = transport_->last;
    else if (kind == SSL_ERROR_SSL && queued != 0 && ERR_GET_REASON(queued) != SSL_R_UNEXPECTED_EOF_WHILE_READING)
        fatal_ = ssl_error(queued);
    else if (transport_->last && transport_->last != asio::error::eof && transport_->last != asio::error::would_block)
        fatal_ = transport_->last;
    else
        fatal_ = stream_truncated;
    return fatal_;
}

void tls_stream::try_handshake(error_code& ec) noexcept
{
    ec = fatal_;
    if (fatal_)
        return;
    clear_errors();
    const int returned = SSL_do_handshake(session_.get());
    established_ = returned == 1;
    if (established_)
        return;
    ec = outcome(returned);
    if (ec == asio::error::would_block)
        return;
    if (is_certificate_error(ec))
        ec = fatal_ = certificate_error(SSL_get_verify_result(session_.get()));
    if (!fatal_)
        fatal_ = ec;
    handshake_problem_ = describe_problem(ec);
}

std::string tls_stream::describe_problem(const error_code& ec)
{
    if (ec == stream_truncated || ec == asio::error::eof)
        return "the peer closed the connection during the handshake";
    if (support::certificate_refused(ec))
        return "certificate refused: " + ec.message();
    return ec.message();
}

std::size_t tls_stream::try_read(std::span<char> buffer, error_code& ec) noexcept
{
    ec = fatal_;
    drained_ = false;
    std::size_t total = 0;
    // As many records as are here already: each costs the caller less than a turn of its own.
    while (total < buffer.size() && !fatal_) {
        clear_errors();
        std::size_t n = 0;
        const int returned = SSL_read_ex(session_.get(), buffer.data() + total, buffer.size() - total, &n);
        if (returned != 1) {
            const error_code problem = outcome(returned);
            drained_ = problem == asio::error::would_block;
            // With bytes in hand the problem is told next time.
            if (total == 0)
                ec = problem;
            break;
        }
        total += n;
        drained_ = SSL_has_pending(session_.get()) == 0 && transport_->left.empty();
        if (drained_)
            break;
    }
    return total;
}

bool tls_stream::drained() const noexcept
{
    return drained_ && transport_->below->drained();
}

bool tls_stream::quiet() noexcept
{
    return drained_ && transport_->below->quiet();
}

// OpenSSL would do so by itself (SSL_MODE_RELEASE_BUFFERS), but after each record.
void tls_stream::release_memory() noexcept
{
    transport_->below->release_memory();
    if (transport_->left.empty())
        transport_->buffer.give_back();
    SSL_free_buffers(session_.get());
}

std::size_t tls_stream::try_write(std::span<const char> bytes, error_code& ec) noexcept
{
    ec = fatal_ ? fatal_ : write_failure_;
    if (ec || bytes.empty())
        return 0;
    clear_errors();
    std::size_t n = 0;
    const int returned = SSL_write_ex(session_.get(), bytes.data(), bytes.size(), &n);
    if (returned == 1)
        return n;
    ec = outcome(returned);
    // The peer may have answered before it stopped reading: what it sent can still be read.
    if (fatal_ && fatal_ == transport_->last && fatal_ != asio::error::operation_aborted)
        write_failure_ = std::exchange(fatal_, {});
    return n;
}

asio::awaitable<void> tls_stream::wait()
{
    if (established_)
        release_memory();
    return transport_->below->wait();
}

asio::awaitable<void> tls_stream::wait_either()
{
    if (established_)
        release_memory();
    return transport_->below->wait_either();
}

void tls_stream::interrupt() noexcept
{
    interrupted_ = true;
    transport_->below->interrupt();
}

}  // namespace dedalus::net
