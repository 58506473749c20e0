#include <dedalus/dedalus.hpp>
#include <dedalus/testing/server.hpp>

#include "support/catch.hpp"
#include "support/client_fixture.hpp"

#include <string>

namespace client_timings_test {

namespace asio = boost::asio;
using namespace dedalus;
using namespace dedalus::testing;
using namespace std::chrono_literals;

namespace {

/// What a consumer saw of a stream.
struct latencies
{
    std::size_t chunks = 0;
    bool last_before_end = false;
    std::chrono::microseconds sum{};
    stream_latency end;
    response_info info;
};

asio::awaitable<latencies> read_latencies(asio::any_io_executor executor, client_options options)
{
    latencies seen;
    const client asker(executor, std::move(options));
    const chat_completion_request request = test::hello();
    chat_completion_stream stream = co_await asker.chat_completions_stream(request);
    seen.sum = stream.latency().total;
    while (const auto chunk = co_await stream.next()) {
        ++seen.chunks;
        seen.sum += stream.latency().chunk;
        CHECK(stream.latency().total == seen.sum);
        seen.last_before_end = seen.last_before_end || stream.latency().is_last;
    }
    seen.end = stream.latency();
    seen.info = stream.info();
    co_return seen;
}

}  // namespace

TEST_CASE("timings: a result has all of its parts, bytes and attempts")
{
    server target;
    target.enqueue(error_reply(500, "x"));
    const chat_completion answer = test::ask(test::options_for(target));
    const timings& times = answer.info.timings;
    CHECK(times.attempts == 2);
    CHECK(times.reused_connection);
    CHECK(times.tls == 0us);
    CHECK(times.header > 0us);
    CHECK(times.total >= times.queue + times.write + times.header);
    CHECK(times.bytes_sent > target.requests().at(1).body.size());
    CHECK(times.bytes_received > answer.text().size());
}

TEST_CASE("timings: an error has what was over, the id of the call and the answer's header")
{
    server target;
    reply limited = error_reply(429, "x");
    limited.headers = {{"x-ratelimit-limit-requests", "60"}, {"x-ratelimit-reset-requests", "6m0s"}};
    target.enqueue(limited);
    client_options options = test::options_for(target);
    options.retry.max_retries = 0;
    try {
        test::ask(options);
        FAIL("no error");
    }
    catch (const rate_limit_error& e) {
        CHECK(e.info().status == 429);
        CHECK(e.info().call_id > 0);
        CHECK(e.info().request_id == e.request_id());
        CHECK(e.info().rate_limits.requests == rate_limit{60, std::nullopt, 6min, "6m0s"});
        CHECK(e.info().timings.attempts == 1);
        CHECK(e.info().timings.tls > 0us);
        CHECK(e.info().timings.total >= e.info().timings.header);
        CHECK(e.info().timings.bytes_received > 0);
    }
}

TEST_CASE("timings: a call that never got an answer tells how far it came")
{
    server target;
    reply silent;
    silent.without_header = true;
    silent.end = reply_end::silence;
    target.enqueue(silent);
    client_options options = test::options_for(target);
    options.timeouts.response_header = 30ms;
    options.retry.max_retries = 0;
    try {
        test::ask(options);
        FAIL("no error");
    }
    catch (const timeout_error& e) {
        CHECK(e.info().status == 0);
        CHECK(e.info().timings.tls > 0us);
        CHECK(e.info().timings.header == 0us);
        CHECK(e.info().timings.bytes_sent > 0);
        CHECK(e.info().timings.bytes_received == 0);
        CHECK(e.info().timings.total >= e.info().timings.tls);
    }
}

TEST_CASE("timings: errors of other origin have none")
{
    const config_error other("x");
    CHECK(other.info() == response_info{});
}

// That the time of the consumer does not count is shown with a clock of its own: see the tests of stream_meter.
TEST_CASE("timings: the latency of a stream is the sum of its waits, and its end is told once it is there")
{
    server_options with = test::plain_http();
    server target(with);
    const latencies seen = test::run_coro([&](asio::any_io_executor executor) {
        return read_latencies(executor, test::options_for(target));
    });
    REQUIRE(seen.chunks > 2);
    CHECK_FALSE(seen.last_before_end);
    CHECK(seen.end.is_last);
    CHECK(seen.end.total >= seen.sum);
    CHECK(seen.info.timings.total >= seen.end.total);
    CHECK(seen.info.timings.first_event > 0us);
    CHECK(seen.info.timings.last_event >= seen.info.timings.first_event);
    CHECK(seen.info.timings.total >= seen.info.timings.last_event);
    CHECK(seen.info.timings.bytes_received > 0);
}

TEST_CASE("timings: a stream that is cut never has a last chunk")
{
    server target(test::plain_http());
    reply cut = chunks_reply({}, false);
    cut.body = "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"choices\":"
               "[{\"index\":0,\"delta\":{\"content\":\"a\"},\"finish_reason\":null}]}\n\n";
    target.enqueue(cut);
    const test::stream_outcome outcome = test::read_stream(test::options_for(target));
    CHECK(outcome.chunks.size() == 1);
    try {
        outcome.rethrow();
        FAIL("no error");
    }
    catch (const incomplete_stream_error& e) {
        CHECK(e.info().status == 200);
        CHECK(e.info().timings.first_event > 0us);
    }
}

}  // namespace client_timings_test
