#include "support/durable_world.hpp"

#include <dedalus/handoff/run_inbox.hpp>

#include "crypto/sha256.hpp"
#include "support/chunks.hpp"
#include "support/process_store.hpp"
#include "support/run_coro.hpp"
#include "support/sent_request.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <string_view>

namespace test {

namespace {

constexpr const char* run_id = "r1";

struct tool_of_world
{
    const char* name;
    dedalus::tool_effect effect;
};

constexpr tool_of_world tools_of_world[] = {
    {"book", dedalus::tool_effect::once},
    {"pay", dedalus::tool_effect::keyed},
    {"look", dedalus::tool_effect::pure},
    {"mail", dedalus::tool_effect::once},
    {"peek", dedalus::tool_effect::pure},
};

/// Starts while its answer is coming, when the world has other rules.
constexpr std::string_view early_tool = "peek";

bool needs_approval(std::string_view tool)
{
    return tool == "book" || tool == "pay" || tool == "mail";
}

const std::string deferred_text = R"([ {"id":"d","name":"invoice","arguments":{"n":1.0,"k":1e2},"blocked_by":["b"]} ])";

/// What "pay" is let run with.
json::object edited_arguments()
{
    return {{"amount", 2}};
}

void look_at_people(world& w, const std::string& name, const json::object& arguments)
{
    if (w.people && name == "mail")
        w.violations.push_back("a call ran that nobody approved");
    if (w.people && name == "pay" && arguments != edited_arguments())
        w.violations.push_back("a call ran with arguments that nobody approved");
}

bool has_record(const stores::stored_run& run, const std::string& call_id, std::int64_t fence)
{
    return std::any_of(run.calls.begin(), run.calls.end(), [&](const stores::call_record& record) {
        return record.key.call_id == call_id && record.kind == stores::call_record_kind::start && record.fence == fence;
    });
}

bool has_response_with(const stores::stored_run& run, const std::string& call_id)
{
    return std::any_of(run.entries.begin(), run.entries.end(), [&](const stores::log_entry& entry) {
        return entry.kind == "response" && entry.raw.find(R"("id":")" + call_id + '"') != std::string::npos;
    });
}

asio::awaitable<json::value>
act(process& p, std::string key, dedalus::tool_effect effect, std::int64_t fence, bool early)  // borrowed: p
{
    world& w = p.w;
    stores::load_request request;
    request.run_id = run_id;
    const stores::load_result loaded = co_await w.store->load(std::move(request));
    if (loaded.run.fence != fence && !early)
        ++w.late_starts;
    if (w.finished.contains(key))
        w.violations.push_back("a finished call was started again: " + key);
    const std::string call_id = key.substr(key.find('/') + 1);
    if (w.off == rule::none && loaded.run.fence == fence && !early && !has_record(loaded.run, call_id, fence))
        w.violations.push_back("a call was started before the store knew: " + key);
    if (w.off == rule::none && !early && !has_response_with(loaded.run, call_id))
        w.violations.push_back("a call was started before its answer was in the store: " + key);
    co_await w.step(p);
    w.classes[key] = effect;
    ++w.effects[key];
    co_await w.step(p);
    co_return json::string(key + " done");
}

dedalus::tool_handler handler(process& p, std::string name, dedalus::tool_effect effect)
{
    return [&p, name = std::move(name), effect](json::object arguments, dedalus::tool_context& context) {
        look_at_people(p.w, name, arguments);
        const bool early = p.w.scheduling && name == early_tool;
        return act(p, context.idempotency_key(), effect, context.fence(), early);
    };
}

bool answers(const dedalus::chat_completion_request& request, const std::string& id)
{
    return tool_text(request.messages, id) != "no such message";
}

/// Three turns: four calls at once, one of which depends on another; one call; the final text. Each request uses as
/// many turns as it may.
std::string reply(const dedalus::chat_completion_request& request)
{
    const std::string turns = std::to_string(request.max_turns.value_or(1));
    if (!answers(request, "a"))
        return R"({"id":"1","choices":[],"correlation_id":"s1","server_results":{"s":[1.0]},"deferred":)" +
               deferred_text + R"(,"turns_consumed":)" + turns +
               R"(,"pending_tools":[{"id":"a","name":"book","arguments":{"x":1.0}},
                {"id":"b","name":"pay","arguments":{}},{"id":"c","name":"look","arguments":{},"dependencies":["a"]},
                {"id":"u","name":"missing","arguments":{}}]})";
    if (!answers(request, "e"))
        return R"({"id":"2","correlation_id":"s2","turns_consumed":)" + turns +
               R"(,"choices":[{"index":0,"finish_reason":"tool_calls","message":{"role":"assistant","content":"Now",
                "tool_calls":[{"id":"e","type":"function","function":{"name":"mail","arguments":"{}"}}]}}]})";
    return R"({"id":"3","turns_consumed":)" + turns +
           R"(,"choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"Done."}}]})";
}

/// The same with calls that the rules are about: one that needs a failed call, one that needs a deferred call and comes
/// again, which is then a repetition, and one that may start early.
std::string reply_for_rules(const dedalus::chat_completion_request& request)
{
    const std::string turns = std::to_string(request.max_turns.value_or(1));
    if (!answers(request, "a"))
        return R"({"id":"1","choices":[],"correlation_id":"s1","deferred":)" + deferred_text + R"(,"turns_consumed":)" +
               turns + R"(,"pending_tools":[{"id":"a","name":"book","arguments":{}},
                {"id":"c","name":"look","arguments":{},"dependencies":["a","u"]},
                {"id":"u","name":"missing","arguments":{}},{"id":"k","name":"peek","arguments":{}},
                {"id":"h","name":"look","arguments":{},"dependencies":["d"]}]})";
    if (!answers(request, "h"))
        return R"({"id":"2","choices":[],"correlation_id":"s2","server_results":{"d":"found"},"turns_consumed":)" +
               turns + R"(,"pending_tools":[{"id":"h","name":"look","arguments":{},"dependencies":["d"]}]})";
    return reply(request);
}

dedalus::chat_completion_chunk early_chunk()
{
    dedalus::function_call_delta function;
    function.name = early_tool;
    function.arguments = "{}";
    dedalus::tool_call_delta delta;
    delta.index = 0;
    delta.id = "k";
    delta.function = function;
    return calls_chunk({delta});
}

/// What comes of the first answer before it is whole.
void tell_early(const engine::early_feed& feed, const dedalus::chat_completion_request& request)
{
    if (!feed.on_chunk || answers(request, "a"))
        return;
    feed.on_chunk(early_chunk());
    feed.on_chunk(finish_chunk("tool_calls"));
}

/// Calls of the messages that need no answer.
core::id_set unanswered(const world& w, const dedalus::chat_completion_request& request)
{
    core::id_set ids = core::server_session(request).deferred_ids();
    if (w.scheduling && !answers(request, "h"))
        ids.insert("h");
    return ids;
}

void look_at(world& w, const dedalus::chat_completion_request& request, const std::string& body, const std::string& key)
{
    w.requests[key].insert(body);
    w.bodies.push_back(body);
    if (w.requests[key].size() > 1)
        w.violations.push_back("two requests under one key");
    if (core::find_violation(request.messages, unanswered(w, request)))
        w.violations.push_back("a request is not valid");
    const bool second = answers(request, "a") && !answers(request, w.scheduling ? "h" : "e");
    if (second && request.deferred_calls_raw != deferred_text)
        w.violations.push_back("the deferred calls are not as received");
    w.llm_turns += request.max_turns.value_or(1);
    if (w.llm_turns > w.max_turns)
        w.violations.push_back("more turns than allowed");
}

asio::awaitable<bool> is_announced(world& w, std::string key, std::string body)  // borrowed: w
{
    stores::load_request request;
    request.run_id = run_id;
    const stores::load_result loaded = co_await w.store->load(std::move(request));
    const auto& entries = loaded.run.entries;
    const std::string sha256 = dedalus::crypto::sha256_hex(body);
    co_return std::any_of(entries.begin(), entries.end(), [&](const stores::log_entry& entry) {
        return entry.kind == "intent" && entry.body.find('"' + key + '"') != std::string::npos &&
               entry.body.find('"' + sha256 + '"') != std::string::npos;
    });
}

asio::awaitable<dedalus::chat_completion> serve(
    process& p, dedalus::chat_completion_request request, std::string key, std::shared_ptr<engine::early_feed> feed
)  // borrowed: p
{
    co_await p.w.step(p);
    const std::string text = dedalus::codec::encode_chat_request(request, false, dedalus::dialect::dedalus);
    const bool announced = co_await is_announced(p.w, key, text);
    if (!announced && p.w.off != rule::intent_first)
        p.w.violations.push_back("a request was sent that the store does not know of");
    request = with_messages(request, false, dedalus::dialect::dedalus);
    look_at(p.w, request, text, key);
    tell_early(*feed, request);
    std::string body = p.w.scheduling ? reply_for_rules(request) : reply(request);
    dedalus::chat_completion answer = dedalus::codec::decode_chat_completion(body);
    answer.info.status = 200;
    answer.info.body = std::move(body);
    co_await p.w.step(p);
    co_return answer;
}

core::run_definition definition(const world& w)
{
    core::run_definition result;
    result.request = question();
    result.request.max_turns = 2;
    result.max_turns = w.max_turns;
    result.max_result_bytes = 4096;
    for (const tool_of_world& t : tools_of_world)
        result.tools.emplace_back(t.name, t.effect);
    if (!w.scheduling)
        return result;
    result.rules.of_run.deferred_dependency = dedalus::deferred_dependency_rule::hold_back;
    result.rules.run_anyway.insert("look");
    result.profile.partial_answers = true;
    return result;
}

}  // namespace

process& world::add_process()
{
    processes.push_back(std::make_unique<process>(*this, processes.size() + 1));
    processes.back()->began = std::chrono::steady_clock::time_point(passed);
    return *processes.back();
}

void world::decide()
{
    const dedalus::run_inbox inbox(store);
    const std::vector<dedalus::waiting_call> waiting = run_coro(inbox.list_waiting(run_id));
    for (const dedalus::waiting_call& call : waiting) {
        if (call.name == "book" || call.name == "look")
            run_coro(inbox.approve(call.run_id, call.call_id));
        else if (call.name == "pay" && orders)
            order(call);
        else if (call.name == "pay")
            run_coro(inbox.approve_edited(call.run_id, call.call_id, edited_arguments()));
        else
            passed += std::chrono::hours(1);
    }
}

void world::order(const dedalus::waiting_call& pay)
{
    const dedalus::run_inbox inbox(store);
    run_coro(inbox.cancel_call(pay.run_id, pay.call_id));
    run_coro(inbox.approve_edited(pay.run_id, pay.call_id, edited_arguments()));
    run_coro(inbox.cancel_call(pay.run_id, pay.call_id));
    const std::vector<dedalus::message> hurry(1, dedalus::user_message{"Hurry."});
    if (!std::exchange(input_added, true))
        run_coro(inbox.add_input(pay.run_id, hurry));
}

std::shared_ptr<const engine::durable_input> world::input(process& p)
{
    auto result = std::make_shared<engine::durable_input>();
    result->store = std::make_shared<process_store>(p);
    result->run_id = run_id;
    result->owner = "process" + std::to_string(p.id);
    result->create = definition(*this);
    dedalus::tool_registry tools;
    for (const tool_of_world& t : tools_of_world) {
        dedalus::function_definition function;
        function.name = t.name;
        const bool lies = off == rule::effect_class;
        dedalus::tool_options options;
        options.effect = lies ? dedalus::tool_effect::keyed : t.effect;
        options.needs_approval = people && needs_approval(function.name);
        options.confirm_repeat = scheduling && function.name == "look";
        options.run_anyway = options.confirm_repeat;
        options.early_start = scheduling && function.name == early_tool;
        if (function.name == "mail")
            options.wait_limit = std::chrono::hours(1);
        tools.add(std::move(function), handler(p, t.name, t.effect), std::move(options));
    }
    for (auto& [name, effect] : result->create->tools)
        effect = off == rule::effect_class ? dedalus::tool_effect::keyed : effect;
    result->tools = std::make_shared<const dedalus::tool_registry>(std::move(tools));
    auto feed = std::make_shared<engine::early_feed>();
    if (scheduling)
        result->early = feed;
    result->send = [&p, feed](const dedalus::chat_completion_request& request, std::string key) {
        return serve(p, request, std::move(key), feed);
    };
    result->on_unknown_outcome = on_unknown_outcome;
    result->most_inline_bytes = most_inline_bytes;
    result->random = [] { return 0.5; };
    result->clocks.system = [this] { return system_now(); };
    result->clocks.steady = [this, &p] {
        return off == rule::lease_check ? p.began : std::chrono::steady_clock::time_point(passed);
    };
    return result;
}

void world::begin(process& p)
{
    engine::strand s(context.get_executor());
    asio::co_spawn(
        s,
        engine::follow_run(input(p), p.stop, s),
        [&p](std::exception_ptr failure, dedalus::run_result result) {
            p.ended = true;
            p.failure = failure;
            if (!failure)
                p.result = std::move(result);
        }
    );
    run(p);
}

}  // namespace test
