#pragma once

#include <dedalus/chat/completion.hpp>
#include <dedalus/chat/request.hpp>
#include <dedalus/handoff/run_result.hpp>
#include <dedalus/handoff/tool_registry.hpp>
#include <dedalus/handoff/waiting_call.hpp>
#include <dedalus/stores/memory.hpp>
#include <dedalus/stores/run_store.hpp>

#include "codec/decode_chat.hpp"
#include "codec/encode_chat_request.hpp"
#include "handoff/durable_run.hpp"
#include "support/catch.hpp"
#include "support/handoff_answers.hpp"
#include "support/handoff_driver.hpp"
#include "support/run_audit.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace test {

namespace asio = boost::asio;
namespace core = dedalus::handoff_core;
namespace engine = dedalus::handoff_engine;
namespace json = boost::json;
namespace stores = dedalus::stores;

/// What kills a process at one of its steps.
struct crash
{};

/// A rule that a test switches off, to see that it is needed.
enum class rule
{
    none,
    start_record,     ///< the start of a call is in the store before the call starts
    effect_class,     ///< a call of class `once` is not started again
    finish_record,    ///< the end of each call is in the store when it is there
    fence,            ///< a former owner cannot write
    lease_check,      ///< a former owner starts nothing
    intent_first,     ///< a request is in the store before it is sent
    fence_in_append,  ///< neither the start nor the end of a call is written by a former owner
};

class world;

/// One process that follows the run, and what happens to it.
struct process
{
    process(world& owner, std::size_t number) : w(owner), id(number) {}

    world& w;
    std::size_t id;
    std::size_t steps = 0;
    std::size_t crash_at = 0;  ///< 0: never
    std::size_t pause_at = 0;
    std::size_t stop_at = 0;  ///< somebody asks the run to stop
    bool dead = false;
    bool paused = false;
    bool ended = false;
    std::exception_ptr failure{};
    std::optional<dedalus::run_result> result{};
    std::chrono::steady_clock::time_point began{};
    std::vector<stores::log_entry> held_back{};     ///< with a rule off
    std::vector<stores::call_record> held_calls{};  ///< likewise
    std::int64_t skipped = 0;                       ///< commits that were held back
    std::shared_ptr<engine::run_stop> stop = std::make_shared<engine::run_stop>();
    std::shared_ptr<asio::steady_timer> gate{};
};

/// A server, tools and a store, in which processes come and go. Time passes when it is told to.
class world
{
public:
    world() { store = std::make_shared<dedalus::memory_run_store>(with_clock()); }

    dedalus::memory_store_options with_clock()
    {
        dedalus::memory_store_options options;
        options.clock = [this] { return core::stored_time(system_now()); };
        return options;
    }

    std::chrono::system_clock::time_point system_now() const
    {
        return std::chrono::system_clock::time_point(std::chrono::hours(400000)) + passed;
    }

    /// Where something can happen to a process.
    asio::awaitable<void> step(process& p)  // borrowed
    {
        if (p.dead)
            throw crash{};
        ++p.steps;
        if (p.steps == p.crash_at) {
            p.dead = true;
            throw crash{};
        }
        if (p.steps == p.stop_at) {
            asio::post(context, [stop = p.stop] { stop->now(); });
            co_await asio::post(context, asio::use_awaitable);
        }
        if (p.steps != p.pause_at)
            co_return;
        p.paused = true;
        p.gate = std::make_shared<asio::steady_timer>(context, asio::steady_timer::time_point::max());
        boost::system::error_code ignored;
        co_await p.gate->async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        p.paused = false;
    }

    /// What the people do about the calls that wait: they let "book" run, and "pay" with other arguments.
    void decide();

    /// What they do about "pay" when several of them act at once: it is cancelled twice and let run in between.
    void order(const dedalus::waiting_call& pay);

    process& add_process();
    std::shared_ptr<const engine::durable_input> input(process& p);
    void begin(process& p);

    /// Runs until the process has ended or is paused.
    void run(process& p)
    {
        while (!p.ended && !p.paused) {
            context.restart();
            if (context.poll_one() == 0)
                throw std::runtime_error("a process hangs");
        }
    }

    void go_on(process& p)
    {
        p.gate->cancel();
        p.paused = false;
        run(p);
    }

    std::chrono::milliseconds passed{};
    asio::io_context context;
    std::shared_ptr<dedalus::memory_run_store> store;
    std::vector<std::unique_ptr<process>> processes;
    rule off = rule::none;
    int max_turns = 20;
    std::size_t most_inline_bytes = 65536;  ///< of a result; others are blobs
    bool scheduling = false;  ///< all that is not the default: calls that are held back, run anyway, repeated, early
    bool people = false;      ///< "book", "pay" and "mail" need an approval; that of "mail" never comes, and expires
    bool orders = false;      ///< those people act at once, and one adds a message
    bool input_added = false;
    dedalus::unknown_outcome_policy on_unknown_outcome = dedalus::unknown_outcome_policy::tell_model;

    // What happened outside.
    std::map<std::string, int> effects;                     ///< by idempotency key
    std::map<std::string, dedalus::tool_effect> classes;    ///< likewise
    std::map<std::string, std::set<std::string>> requests;  ///< bodies by request key
    std::vector<std::string> bodies;
    std::set<std::string> finished;  ///< calls whose end was acknowledged
    std::int64_t llm_turns = 0;
    int late_starts = 0;  ///< of tools, by a former owner
    std::vector<std::string> violations;
    run_audit audit;  ///< after each write, unless a rule is off
};

}  // namespace test
