#include "net/byte_stream.hpp"
#include "support/catch.hpp"
#include "support/run_coro.hpp"
#include "transport/http_connection.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <memory>
#include <string>

namespace large_request_test {

namespace asio = boost::asio;
using namespace dedalus;

namespace {

/// What of the writes of an exchange a test looks at.
struct writes
{
    std::string_view body{};    ///< the memory that the caller gave
    std::size_t from_body = 0;  ///< bytes written from there
    std::size_t from_elsewhere = 0;
    std::size_t calls = 0;
};

/// Takes a part of each write, would block after each, and knows where the bytes come from.
class accepting_stream final : public net::byte_stream
{
public:
    explicit accepting_stream(std::shared_ptr<writes> seen) : seen_(std::move(seen)) {}

    std::size_t try_read(std::span<char>, boost::system::error_code& ec) override
    {
        ec = asio::error::would_block;
        return 0;
    }

    std::size_t try_write(std::span<const char> bytes, boost::system::error_code& ec) override
    {
        blocked_ = !blocked_;
        if (blocked_) {
            ec = asio::error::would_block;
            return 0;
        }
        constexpr std::size_t socket_buffer = 100'000;
        const std::size_t n = std::min(bytes.size(), socket_buffer);
        const char* const begin = seen_->body.data();
        const bool of_body = bytes.data() >= begin && bytes.data() + n <= begin + seen_->body.size();
        (of_body ? seen_->from_body : seen_->from_elsewhere) += n;
        ++seen_->calls;
        ec = {};
        return n;
    }

    asio::awaitable<void> wait() override { return wait_either(); }

    asio::awaitable<void> wait_either() override
    {
        co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
    }

    void interrupt() noexcept override {}

private:
    std::shared_ptr<writes> seen_;
    bool blocked_ = false;
};

asio::awaitable<void>
send(asio::any_io_executor executor, std::shared_ptr<writes> seen, std::string_view head /* borrowed */)
{
    transport::http_connection connection(std::make_unique<accepting_stream>(seen), 4096);
    const auto now = std::chrono::steady_clock::now();
    transport::call_limits limits{
        std::make_shared<net::watchdog>(executor), {}, protocol::phase_deadline(call_phase::total, now, no_limit)};
    connection.begin(std::move(limits));
    co_await connection.send(head, seen->body);
}

}  // namespace

TEST_CASE(
    "http_connection: a body of 64 MiB is written from where it is, in a number of steps that follows from its size"
)
{
    const std::string body(64 * 1024 * 1024, 'x');
    const std::string head = "POST / HTTP/1.1\r\n\r\n";
    const auto seen = std::make_shared<writes>();
    seen->body = body;
    test::run_coro([&](asio::any_io_executor executor) { return send(executor, seen, head); });
    CHECK(seen->from_body == body.size());
    CHECK(seen->from_elsewhere == head.size());
    CHECK(seen->calls == 1 + (body.size() + 99'999) / 100'000);
}

}  // namespace large_request_test
