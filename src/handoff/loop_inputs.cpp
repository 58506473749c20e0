#include "handoff/loop_inputs.hpp"

#include <dedalus/error.hpp>

#include "handoff/call_gates.hpp"
#include "handoff/check_options.hpp"
#include "handoff/check_request.hpp"
#include "handoff/identifiers.hpp"
#include "handoff/run_machine.hpp"
#include "handoff/streamed_answer.hpp"
#include "handoff/tool_lanes.hpp"
#include "support/random_share.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <utility>
#include <variant>

namespace dedalus::handoff_engine {

namespace {

constexpr std::size_t most_id_bytes = 100;

// A lost answer costs the run what its request reserved: as long as a part is left, the request can be sent again.
std::int64_t turns_of_one_request(const handoff_options& options)
{
    constexpr int share = 4;
    return options.max_turns_per_request.value_or((options.max_turns + share - 1) / share);
}

handoff_core::end_texts texts_of(const handoff_options& options)
{
    return {options.format_failure, options.format_edit, options.max_result_bytes, options.redact_failure};
}

handoff_core::batch_limits limits_of(const handoff_options& options)
{
    return {options.max_calls, options.max_dependencies};
}

run_clocks system_clocks()
{
    run_clocks clocks;
    clocks.steady = [] { return std::chrono::steady_clock::now(); };
    clocks.system = [] { return std::chrono::system_clock::now(); };
    return clocks;
}

// The loop decides itself on what is sent again, because it is charged.
call_options sent_once(std::string key, bool raw_body)
{
    call_options options;
    options.idempotency_key = std::move(key);
    options.raw_body = raw_body;
    options.retry.emplace().max_retries = 0;
    options.resend_on_dead_connection = false;
    return options;
}

bool starts_early(const tool_registry& tools)
{
    const std::vector<tool> definitions = tools.definitions();
    return std::any_of(definitions.begin(), definitions.end(), [&tools](const tool& definition) {
        return tools.find(std::get<function_tool>(definition).function.name)->options.early_start;
    });
}

bool offers(const std::vector<tool>& tools, const std::string& name)
{
    return std::any_of(tools.begin(), tools.end(), [&name](const tool& t) {
        const auto* function = std::get_if<function_tool>(&t);
        return function != nullptr && function->function.name == name;
    });
}

}  // namespace

loop_inputs::loop_inputs(client c, tool_registry tools, handoff_options options)
    : client_(std::move(c)), tools_(std::make_shared<const tool_registry>(std::move(tools))),
      options_(std::move(options))
{
    handoff_core::check_options(options_, *tools_);
}

std::shared_ptr<run_input> loop_inputs::in_memory(const chat_completion_request& request) const
{
    handoff_core::check_request(request);
    auto input = std::make_shared<run_input>();
    input->send = [c = client_](const chat_completion_request& r, std::string key) {
        const call_options once = sent_once(std::move(key), false);
        return c.chat_completions(r, once);
    };
    input->retry = options_.retry;
    input->dialect = client_.dialect();
    input->random = support::random_share;
    input->tools = tools_;
    input->resolve_arguments = options_.resolve_arguments;
    input->log = client_.logger();
    input->max_result_bytes = options_.max_result_bytes;
    input->cancellation_grace = options_.cancellation_grace;
    input->texts = texts_of(options_);
    input->settings.limits = limits_of(options_);
    input->settings.describe_end = [texts = input->texts](const auto& call, auto& end) { texts.apply(call, end); };
    input->settings.run_id = make_run_id();
    input->settings.max_turns = options_.max_turns;
    input->settings.max_concurrency = options_.max_concurrency;
    input->settings.extensions = sends_extensions();
    input->settings.profile = options_.profile;
    input->settings.rules = rules();
    input->settings.make_call_id = make_call_id;
    input->settings.check = argument_checks(tools_);
    input->settings.lanes = [tools = tools_](const std::string& name) { return handoff_core::lanes_of(*tools, name); };
    input->request = with_tools(request);
    limit_one_request(input->request);
    for (const tool& definition : tools_->definitions()) {
        const std::string& name = std::get<function_tool>(definition).function.name;
        input->settings.tool_names.push_back(name);
        input->settings.effects.emplace(name, tools_->find(name)->options.effect);
    }
    return input;
}

std::shared_ptr<durable_input> loop_inputs::durable(std::string run_id) const
{
    if (!options_.store)
        throw config_error("the handoff_loop has no store");
    if (run_id.empty() || run_id.size() > most_id_bytes)
        throw config_error("a run id has 1 to 100 bytes");
    auto input = std::make_shared<durable_input>();
    input->store = options_.store;
    input->run_id = std::move(run_id);
    input->owner = make_owner_id();
    input->credentials = options_.credentials;
    input->send = [c = client_](const chat_completion_request& request, std::string key) {
        const call_options once = sent_once(std::move(key), true);
        return c.chat_completions(request, once);
    };
    input->stream = streaming({}, {});
    input->dialect = client_.dialect();
    input->tools = tools_;
    input->resolve_arguments = options_.resolve_arguments;
    input->log = client_.logger();
    input->retry = options_.retry;
    input->on_unknown_outcome = options_.on_unknown_outcome;
    input->wait_for_late_results = options_.wait_for_late_results;
    input->on_unknown_send = options_.on_unknown_send;
    input->lease = options_.lease;
    input->cancellation_grace = options_.cancellation_grace;
    input->texts = texts_of(options_);
    input->clocks = system_clocks();
    input->random = support::random_share;
    input->make_token = make_wait_token;
    return input;
}

std::shared_ptr<durable_input>
loop_inputs::durable(std::string run_id, const chat_completion_request& request, bool must_be_new) const
{
    handoff_core::check_request(request);
    handoff_core::check_storable(request);
    std::shared_ptr<durable_input> input = durable(std::move(run_id));
    input->must_be_new = must_be_new;
    if (request.credentials)
        input->credentials = request.credentials;
    handoff_core::run_definition& made = input->create.emplace();
    made.request = with_tools(request);
    made.needs_credentials = made.request.credentials.has_value();
    made.connections = handoff_core::connections_of(made.request.credentials);
    made.request.credentials.reset();
    limit_one_request(made.request);
    made.max_turns = options_.max_turns;
    made.max_concurrency = options_.max_concurrency;
    made.max_result_bytes = options_.max_result_bytes;
    made.labels = options_.labels;
    made.dialect = client_.dialect();
    made.extensions = sends_extensions();
    made.profile = options_.profile;
    made.limits = limits_of(options_);
    made.rules = rules();
    if (options_.expires_after != no_limit)
        made.expires_at = input->clocks.system() + options_.expires_after;
    for (const tool& definition : tools_->definitions()) {
        const std::string& name = std::get<function_tool>(definition).function.name;
        made.tools.emplace_back(name, tools_->find(name)->options.effect);
    }
    return input;
}

std::shared_ptr<run_event_queue> loop_inputs::new_events() const
{
    return std::make_shared<run_event_queue>(client_.get_executor(), options_.max_queued_events);
}

std::shared_ptr<early_feed> loop_inputs::new_early_feed() const
{
    return starts_early(*tools_) ? std::make_shared<early_feed>() : nullptr;
}

send_once_function
loop_inputs::streaming(std::shared_ptr<run_event_queue> events, std::shared_ptr<early_feed> early) const
{
    return [c = client_, events, early](const chat_completion_request& request, std::string key) {
        return streamed_answer(c, request, sent_once(std::move(key), true), events, early);
    };
}

bool loop_inputs::sends_extensions() const
{
    return options_.dedalus_extensions.value_or(client_.dialect() == dialect::dedalus);
}

handoff_core::batch_rules loop_inputs::rules() const
{
    handoff_core::batch_rules result;
    result.of_run = options_.scheduling;
    for (const tool& definition : tools_->definitions()) {
        const std::string& name = std::get<function_tool>(definition).function.name;
        if (tools_->find(name)->options.run_anyway)
            result.run_anyway.insert(name);
    }
    return result;
}

void loop_inputs::limit_one_request(chat_completion_request& request) const
{
    if (sends_extensions() && !request.max_turns)
        request.max_turns = turns_of_one_request(options_);
}

// A run that was begun without events may go on with them: a stream tells its usage only when it is asked to.
chat_completion_request loop_inputs::with_tools(const chat_completion_request& request) const
{
    chat_completion_request result = request;
    if (!result.stream_options && !result.extra.contains("stream_options"))
        result.stream_options.emplace().include_usage = true;
    for (tool& definition : tools_->definitions()) {
        if (!offers(request.tools, std::get<function_tool>(definition).function.name))
            result.tools.push_back(std::move(definition));
    }
    return result;
}

void loop_inputs::stream_answers(run_input& input) const
{
    input.events = new_events();
    input.early = new_early_feed();
    input.send = streaming(input.events, input.early);
}

void loop_inputs::stream_answers(durable_input& input) const
{
    input.events = new_events();
    input.early = new_early_feed();
    input.stream = streaming(input.events, input.early);
}

}  // namespace dedalus::handoff_engine
