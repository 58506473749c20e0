#include "client/deferred_call.hpp"

#include <dedalus/error.hpp>

#include "client/chat_call.hpp"
#include "client/prepare_request.hpp"
#include "client/read_completion.hpp"
#include "protocol/poll_schedule.hpp"
#include "protocol/retry_decision.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/url/encode.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>

namespace asio = boost::asio;

namespace dedalus {

namespace {

using clock = std::chrono::steady_clock;

constexpr int still_running = 202;
constexpr std::size_t max_id_bytes = 1024;

std::string endpoint_of(std::string_view request_id)
{
    if (request_id.empty() || request_id.size() > max_id_bytes)
        throw invalid_request_error("request_id: expected a text of 1 to 1024 bytes");
    // As path segments these two mean something else, encoded or not.
    if (request_id == "." || request_id == "..")
        throw invalid_request_error("request_id: not an id");
    const boost::core::string_view id(request_id.data(), request_id.size());
    return "/v1/chat/deferred-completion/" + boost::urls::encode(id, boost::urls::unreserved_chars);
}

chat_completion read_result(const chat_call& call, chat_answer& answer)
{
    try {
        return read_completion(answer.body, *answer.info, call.client->config.limits);
    }
    catch (const response_format_error& e) {
        throw unreadable_result_error(
            errc::invalid_response, e.problem(), e.status(), e.content_type(), std::move(answer.body)
        );
    }
}

std::chrono::milliseconds
next_wait(protocol::poll_schedule& schedule, const response_info& info, const protocol::deadline& limit)
{
    const auto hint = protocol::parse_retry_after(info.headers, std::chrono::system_clock::now());
    const clock::time_point now = clock::now();
    if (const std::optional<std::chrono::milliseconds> wait = schedule.next(now, hint))
        return *wait;
    throw timeout_error(limit.phase, std::chrono::duration_cast<std::chrono::milliseconds>(now - limit.start));
}

/// Asks until the answer is there. Each question has its own retries.
asio::awaitable<chat_completion> run_deferred(std::shared_ptr<chat_call> call, protocol::poll_schedule schedule)
{
    try {
        chat_answer answer = co_await perform(call);
        while (answer.info->status == still_running) {
            asio::steady_timer timer(call->client->executor, next_wait(schedule, *answer.info, call->limits.total));
            co_await timer.async_wait(asio::use_awaitable);
            call->retries_taken = 0;
            answer = co_await perform(call);
        }
        chat_completion completion = read_result(*call, answer);
        complete(*call, *answer.info);
        completion.info = std::move(*answer.info);
        if (call->options.raw_body)
            completion.info.body = std::move(answer.body);
        co_return completion;
    }
    catch (const boost::system::system_error&) {
        rethrow_as_error(*call);
    }
}

}  // namespace

asio::awaitable<chat_completion> start_deferred_call(
    std::shared_ptr<client::impl> client,
    std::string_view request_id,
    const deferred_options& waits,
    const call_options& options
)
{
    check_call_options(options);
    if (!options.body.empty())
        throw invalid_request_error("call_options::body: a question for a deferred completion has none");
    call_target target = api_target(*client, "GET", endpoint_of(request_id), options.query);
    std::shared_ptr<chat_call> call = make_call(std::move(client), std::move(target));
    call->fetched_once = true;
    apply_call_options(*call, options);
    const auto deadline = protocol::phase_deadline(call_phase::deferred, call->start, waits.deadline);
    call->limits.total = protocol::earliest(deadline, call->total_of_body);
    const protocol::poll_schedule schedule(waits, call->limits.total, call->retry.retry_after_cap);
    return run_deferred(std::move(call), schedule);
}

}  // namespace dedalus
