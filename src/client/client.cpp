#include <dedalus/client.hpp>
#include <dedalus/error.hpp>

#include "client/chat_call.hpp"
#include "client/chat_stream.hpp"
#include "client/client_impl.hpp"
#include "client/deferred_call.hpp"
#include "client/derive_configuration.hpp"
#include "client/read_completion.hpp"
#include "client/start_chat.hpp"
#include "client/structured_request.hpp"

#include <utility>

namespace asio = boost::asio;

namespace dedalus {

namespace {

asio::awaitable<chat_completion> run_unary(std::shared_ptr<chat_call> call)
{
    try {
        chat_answer answer = co_await perform(call);
        chat_completion completion = read_completion(answer.body, *answer.info, call->client->config.limits);
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

asio::awaitable<chat_completion_stream> run_stream(std::shared_ptr<chat_call> call)
{
    try {
        chat_answer answer = co_await perform(call);
        co_return open_chat_stream(call, std::move(answer));
    }
    catch (const boost::system::system_error&) {
        rethrow_as_error(*call);
    }
}

}  // namespace

client::client(asio::any_io_executor executor) : client(std::move(executor), client_options{}) {}

client::client(asio::any_io_executor executor, client_options options)
    : impl_(std::make_shared<impl>(std::move(executor), resolve_configuration(std::move(options), process_environment)))
{}

asio::awaitable<chat_completion> client::chat_completions(const chat_completion_request& request) const
{
    return run_unary(start_chat(impl_, request, false));
}

asio::awaitable<chat_completion>
client::chat_completions(const chat_completion_request& request, const call_options& options) const
{
    return run_unary(start_chat(impl_, request, false, nullptr, &options));
}

asio::awaitable<chat_completion_stream> client::chat_completions_stream(const chat_completion_request& request) const
{
    return run_stream(start_chat(impl_, request, true));
}

asio::awaitable<chat_completion_stream>
client::chat_completions_stream(const chat_completion_request& request, const call_options& options) const
{
    return run_stream(start_chat(impl_, request, true, nullptr, &options));
}

asio::awaitable<chat_completion> client::deferred_completion(std::string request_id) const
{
    return start_deferred_call(impl_, request_id, deferred_options{}, call_options{});
}

asio::awaitable<chat_completion> client::deferred_completion(std::string request_id, deferred_options options) const
{
    return start_deferred_call(impl_, request_id, options, call_options{});
}

asio::awaitable<chat_completion>
client::deferred_completion(std::string request_id, deferred_options options, const call_options& call) const
{
    return start_deferred_call(impl_, request_id, options, call);
}

asio::awaitable<chat_completion> client::structured_answer(
    const chat_completion_request& request, response_format_json_schema format, const call_options* options
) const
{
    require_strict_tools(request.tools);
    const response_format wanted = complete_format(request.response_format, std::move(format));
    return run_unary(start_chat(impl_, request, false, &wanted, options));
}

client::client(std::shared_ptr<impl> state) : impl_(std::move(state)) {}

client client::with_options(const client_changes& changes) const
{
    return client(std::make_shared<impl>(*impl_, derive_configuration(impl_->config, changes)));
}

std::shared_ptr<logger> client::logger() const noexcept
{
    return impl_->config.logger;
}

const timeout_options& client::timeouts() const noexcept
{
    return impl_->config.timeouts;
}

pool_stats client::pool_stats() const
{
    return impl_->transport.stats();
}

void client::close_idle_connections() const
{
    impl_->transport.close_idle();
}

asio::any_io_executor client::get_executor() const noexcept
{
    return impl_->executor;
}

dialect client::dialect() const noexcept
{
    return impl_->config.dialect;
}

}  // namespace dedalus
