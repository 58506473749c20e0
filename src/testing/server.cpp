#include <dedalus/testing/server.hpp>

#include "testing/certificates.hpp"
#include "testing/connection.hpp"
#include "testing/request_router.hpp"
#include "testing/server_state.hpp"
#include "testing/server_stream.hpp"
#include "testing/temporary_directory.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <future>
#include <iostream>
#include <set>
#include <thread>
#include <utility>

namespace dedalus::testing {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

/// What a connection or the accept loop threw is a defect of the server: network errors do not come as exceptions.
void report_failure(std::exception_ptr failure)
{
    if (!failure)
        return;
    try {
        std::rethrow_exception(failure);
    }
    catch (const std::exception& e) {
        std::cerr << "dedalus::testing::server: " << e.what() << '\n';
    }
}

}  // namespace

class server::impl
{
public:
    explicit impl(const server_options& options) : tls_(options.tls), router_(options, state_), acceptor_(context_)
    {
        if (tls_) {
            const server_certificates certificates = make_server_certificates(options.certificate);
            directory_ = std::make_unique<temporary_directory>();
            ca_file_ = directory_->write("ca.pem", certificates.ca);
            streams_ = make_tls_factory(certificates);
        }
        else
            streams_ = make_tcp_factory();
        listen(options.port);
        asio::co_spawn(context_, accept_loop(), &report_failure);
        thread_ = std::thread([this] { context_.run(); });
    }

    ~impl()
    {
        context_.stop();
        thread_.join();
    }

    impl(const impl&) = delete;
    impl& operator=(const impl&) = delete;

    std::string url() const { return (tls_ ? "https://localhost:" : "http://localhost:") + std::to_string(port_); }

    std::uint16_t port() const { return port_; }

    const std::string& ca_file() const { return ca_file_; }

    server_state& state() { return state_; }

    request_router& router() { return router_; }

    void close_idle_connections()
    {
        asio::post(context_, [this] {
            for (connection* open : connections_)
                open->close_if_idle();
        });
    }

private:
    /// Counts a connection as open for as long as it lives.
    class open_connection
    {
    public:
        explicit open_connection(impl& owner) : owner_(owner), number_(owner.state_.connection_opened()) {}

        ~open_connection()
        {
            owner_.connections_.erase(connection_.get());
            connection_.reset();
            owner_.state_.connection_closed();
        }

        open_connection(const open_connection&) = delete;
        open_connection& operator=(const open_connection&) = delete;

        connection& start(tcp::socket socket)
        {
            connection_ = std::make_unique<connection>(
                owner_.context_.get_executor(),
                owner_.streams_->make(std::move(socket)),
                number_,
                [&router = owner_.router_](const received_request& request) { return router.answer(request); }
            );
            owner_.connections_.insert(connection_.get());
            return *connection_;
        }

    private:
        impl& owner_;
        std::size_t number_;
        std::unique_ptr<connection> connection_;
    };

    void listen(std::uint16_t port)
    {
        const tcp::endpoint endpoint(asio::ip::address_v4::loopback(), port);
        acceptor_.open(endpoint.protocol());
        acceptor_.set_option(tcp::acceptor::reuse_address(true));
        acceptor_.bind(endpoint);
        acceptor_.listen();
        port_ = acceptor_.local_endpoint().port();
    }

    asio::awaitable<void> accept_loop()
    {
        asio::steady_timer pause(context_);
        while (true) {
            error_code ec;
            tcp::socket socket(context_);
            co_await acceptor_.async_accept(socket, asio::redirect_error(asio::use_awaitable, ec));
            if (ec == asio::error::operation_aborted)
                co_return;
            if (!ec) {
                asio::co_spawn(context_, serve(std::move(socket)), &report_failure);
                continue;
            }
            // Out of descriptors, most likely: accepting again at once would only burn time.
            pause.expires_after(std::chrono::milliseconds(20));
            co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, ec));
        }
    }

    asio::awaitable<void> serve(tcp::socket socket)
    {
        error_code ignored;
        socket.set_option(tcp::no_delay(true), ignored);
        open_connection open(*this);
        connection& served = open.start(std::move(socket));
        co_await served.run();
    }

    bool tls_;
    std::uint16_t port_ = 0;
    std::unique_ptr<temporary_directory> directory_;
    std::string ca_file_;
    server_state state_;
    request_router router_;
    std::unique_ptr<stream_factory> streams_;
    std::set<connection*> connections_;
    // Destroyed before what the coroutines in it refer to.
    asio::io_context context_{1};
    tcp::acceptor acceptor_;
    std::thread thread_;
};

server::server(server_options options) : impl_(std::make_unique<impl>(options)) {}

server::server() : server(server_options()) {}

server::~server() = default;

std::string server::url() const
{
    return impl_->url();
}

std::uint16_t server::port() const
{
    return impl_->port();
}

std::string server::ca_file() const
{
    return impl_->ca_file();
}

void server::enqueue(reply r)
{
    impl_->state().enqueue(std::move(r));
}

void server::enqueue_lookup(reply r)
{
    impl_->state().enqueue_lookup(std::move(r));
}

void server::on_request(
    std::function<std::optional<reply>(const received_request&, const boost::json::object& body)> handler
)
{
    impl_->state().set_handler(std::move(handler));
}

std::vector<received_request> server::requests() const
{
    return impl_->state().requests();
}

std::vector<received_request> server::lookups() const
{
    return impl_->state().lookups();
}

std::string server::open_credential(std::string_view sealed) const
{
    return impl_->router().opener().open(sealed);
}

std::size_t server::connections_accepted() const
{
    return impl_->state().connections_accepted();
}

std::size_t server::connections_open() const
{
    return impl_->state().connections_open();
}

bool server::wait_for_connections_open(std::size_t n, std::chrono::milliseconds at_most) const
{
    return impl_->state().wait_for_connections_open(n, at_most);
}

bool server::wait_for_requests(std::size_t n, std::chrono::milliseconds at_most) const
{
    return impl_->state().wait_for_requests(n, at_most);
}

void server::close_idle_connections()
{
    impl_->close_idle_connections();
}

void server::expire_sessions()
{
    impl_->router().expire_sessions();
}

}  // namespace dedalus::testing
