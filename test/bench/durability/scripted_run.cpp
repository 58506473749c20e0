#include "bench/durability/scripted_run.hpp"

#include "codec/decode_chat.hpp"
#include "codec/encode_chat_request.hpp"
#include "handoff/durable_run.hpp"
#include "handoff/engine.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>

#include <ctime>
#include <exception>
#include <optional>
#include <stdexcept>
#include <utility>

namespace bench {

namespace asio = boost::asio;
namespace core = dedalus::handoff_core;
namespace engine = dedalus::handoff_engine;
namespace json = boost::json;

namespace {

/// The server and the tools of one run.
struct script
{
    run_shape shape;
    int turn = 0;
    std::size_t payload = 0;

    /// Makes the body of the request, as the client does, and gives the answer to it.
    std::string answer_to(const dedalus::chat_completion_request& request)
    {
        if (dedalus::codec::encode_chat_request(request, false, dedalus::dialect::dedalus).empty())
            throw std::runtime_error("a request without a body");
        return next_body();
    }

    std::string next_body()
    {
        ++turn;
        std::string message = R"("message":{"role":"assistant","content":")" +
                              std::string(shape.message_bytes, turn > shape.turns ? 'z' : 'm') + '"';
        if (turn <= shape.turns) {
            message += R"(,"tool_calls":[)";
            for (int i = 0; i < shape.calls; ++i)
                message += (i == 0 ? R"({"id":"call_)" : R"(,{"id":"call_)") + std::to_string(turn) + '_' +
                           std::to_string(i) +
                           R"(","type":"function","function":{"name":"work","arguments":"{\"n\":1}"}})";
            message += ']';
        }
        const std::string reason = turn <= shape.turns ? "tool_calls" : "stop";
        std::string body =
            R"({"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,)" +
            message + R"(},"finish_reason":")" + reason + R"("}],"turns_consumed":1})";
        payload += body.size();
        return body;
    }

    std::string result()
    {
        payload += shape.result_bytes;
        return std::string(shape.result_bytes, 'r');
    }
};

asio::awaitable<dedalus::chat_completion> answer(std::string body)
{
    dedalus::chat_completion made = dedalus::codec::decode_chat_completion(body);
    made.info.status = 200;
    made.info.body = std::move(body);
    co_return made;
}

asio::awaitable<json::value> work(std::string result)
{
    co_return json::string(result);
}

dedalus::function_definition tool_definition()
{
    dedalus::function_definition definition;
    definition.name = "work";
    return definition;
}

std::shared_ptr<const dedalus::tool_registry> tools(script& s)
{
    dedalus::tool_registry made;
    made.add(tool_definition(), [&s](json::object, dedalus::tool_context&) { return work(s.result()); });
    return std::make_shared<const dedalus::tool_registry>(std::move(made));
}

dedalus::chat_completion_request question()
{
    dedalus::chat_completion_request request;
    request.model = "m";
    request.messages.emplace_back(dedalus::user_message{"Go on."});
    request.max_turns = 1;
    dedalus::function_tool offered;
    offered.function = tool_definition();
    request.tools.emplace_back(std::move(offered));
    return request;
}

constexpr std::size_t plenty = std::size_t{1024} * 1024;

std::shared_ptr<const engine::durable_input>
durable_input(script& s, std::shared_ptr<dedalus::run_store> store, const std::string& run_id)
{
    auto input = std::make_shared<engine::durable_input>();
    input->store = std::move(store);
    input->run_id = run_id;
    input->owner = "bench";
    core::run_definition& definition = input->create.emplace();
    definition.request = question();
    definition.max_turns = s.shape.turns + 1;
    definition.max_result_bytes = plenty;
    definition.tools.emplace_back("work", dedalus::tool_effect::once);
    input->tools = tools(s);
    input->send = [&s](const dedalus::chat_completion_request& request, std::string) {
        return answer(s.answer_to(request));
    };
    input->clocks.steady = [] { return std::chrono::steady_clock::now(); };
    input->clocks.system = [] { return std::chrono::system_clock::now(); };
    input->random = [] { return 0.5; };
    return input;
}

std::shared_ptr<const engine::run_input> plain_input(script& s)
{
    auto input = std::make_shared<engine::run_input>();
    input->send = [&s](const dedalus::chat_completion_request& request, std::string) {
        return answer(s.answer_to(request));
    };
    input->tools = tools(s);
    input->max_result_bytes = plenty;
    input->settings.run_id = "bench";
    input->settings.max_turns = s.shape.turns + 1;
    input->settings.tool_names = {"work"};
    input->settings.make_call_id = [] { return std::string("made"); };
    input->request = question();
    return input;
}

asio::awaitable<dedalus::run_result> on_strand(std::shared_ptr<const engine::durable_input> input)
{
    const engine::strand s(co_await asio::this_coro::executor);
    auto stop = std::make_shared<engine::run_stop>();
    asio::awaitable<dedalus::run_result> followed = engine::follow_run(std::move(input), std::move(stop), s);
    co_return co_await engine::run_on_strand(s, std::move(followed));
}

std::chrono::nanoseconds cpu_time()
{
    std::timespec now{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

finished_run run(script& s, asio::awaitable<dedalus::run_result> operation)
{
    finished_run done;
    std::exception_ptr thrown;
    asio::io_context context;
    const auto entered = std::chrono::steady_clock::now();
    const std::chrono::nanoseconds begun = cpu_time();
    asio::co_spawn(context, std::move(operation), [&](std::exception_ptr failure, dedalus::run_result result) {
        thrown = failure;
        done.cpu_time = cpu_time() - begun;
        done.wall_time = std::chrono::steady_clock::now() - entered;
        done.result = std::move(result);
    });
    context.run();
    if (thrown)
        std::rethrow_exception(thrown);
    if (done.result.phase != dedalus::run_phase::completed)
        throw std::runtime_error("a run did not come to its end");
    done.payload_bytes = s.payload;
    return done;
}

}  // namespace

finished_run follow(const run_shape& shape, std::shared_ptr<dedalus::run_store> store, const std::string& run_id)
{
    script s{shape};
    return run(s, on_strand(durable_input(s, std::move(store), run_id)));
}

finished_run follow(const run_shape& shape)
{
    script s{shape};
    return run(s, engine::run_to_end(plain_input(s)));
}

}  // namespace bench
