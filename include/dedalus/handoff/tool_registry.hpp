#pragma once

#include <dedalus/chat/tool.hpp>
#include <dedalus/client_options.hpp>
#include <dedalus/config.hpp>
#include <dedalus/detail/typed_tool.hpp>
#include <dedalus/handoff/tool_context.hpp>
#include <dedalus/handoff/tool_effect.hpp>
#include <dedalus/handoff/waiting_call.hpp>
#include <dedalus/schema/json_schema.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dedalus {

/// Says whether the call with this idempotency key took effect: its result, or nothing when it certainly did not.
/// What it throws means that this cannot be known.
using tool_probe =
    std::function<boost::asio::awaitable<std::optional<boost::json::value>>(std::string idempotency_key)>;

/// Says what is wrong with the arguments of a call; "" when they are right.
using argument_check = std::function<std::string(const boost::json::object&)>;

/// Tells the outside of a call of tool_effect::external, which has to drop repetitions by
/// tool_context::idempotency_key().
using tool_dispatch = std::function<boost::asio::awaitable<void>(boost::json::object, tool_context&)>;

struct tool_options
{
    /// What happens to a call that was started in a process that died before it saw the end: `pure`, `keyed` and
    /// `transactional` run again, `probe` asks first, `once` is never run again.
    tool_effect effect = tool_effect::once;

    /// A person lets each call run first: handoff_loop::approve(). Needs handoff_options::store.
    bool needs_approval = false;

    /// From the start of the tool. The tool is then cancelled (terminal), and the model is told; unless the effect is
    /// `pure`, it is told that the outcome is unknown. The probe is asked first, if there is one. A tool_error that
    /// vouches for it makes the time limit harmless. Must be positive, or `no_limit`.
    std::chrono::milliseconds timeout = std::chrono::seconds(60);

    /// A person lets those calls run first whose arguments it says true to. What it throws counts as true. Asked once
    /// for a call. Needs handoff_options::store, as `needs_approval` does.
    std::function<bool(const boost::json::object&)> needs_approval_when{};

    /// How long a call waits for a person or for its result from outside, see `on_expiry`. Positive, or `no_limit`,
    /// which is what more than 10 years are, too.
    std::chrono::milliseconds wait_limit = no_limit;

    /// What becomes of it then.
    wait_expiry on_expiry = wait_expiry::reject;

    /// What may be decided about a call that waits; others get stores::post_outcome::not_allowed. Where none of these
    /// makes sense for what the call waits for, and when there is none, all that make sense are allowed.
    std::vector<wait_decision> decisions{};

    /// What the call would do, for whoever decides on it: waiting_call::summary. Asked once, when it begins to wait.
    /// What it throws, and what is not UTF-8, counts as nothing said.
    std::function<std::string(const boost::json::object&)> summary{};

    /// Ends the tool as `timeout` does when it has not called tool_context::progress() for so long. Positive, or
    /// `no_limit`.
    std::chrono::milliseconds idle_timeout = no_limit;

    /// Calls of this tool that run at once in one run, at least 1.
    std::size_t max_concurrency = std::numeric_limits<std::size_t>::max();

    /// Of the tools of a run that have the same group, one call runs at a time: for what they share, a browser for
    /// example. Empty: none.
    std::string group{};

    /// Needed by tool_effect::probe, and by no other.
    tool_probe probe{};

    /// How often a call is tried again within its turn when its tool throws a tool_error that is `retryable`: 0 to 10,
    /// and 0 for `once` and `external`. Attempts that ended with their process count. Of `probe`, the probe has to say
    /// before that the call took no effect. `timeout` is for each attempt.
    int max_retries = 0;

    /// Before the second attempt; twice as long before each further one, up to 30 s. Not negative.
    std::chrono::milliseconds retry_backoff{200};

    /// Looks at the arguments before anything else, of a typed tool after its own check. Arguments that are not right
    /// end the call with tool_outcome::invalid_arguments, and the model is told. See schema_check(). It must not throw.
    argument_check check{};

    /// For tool_effect::external: called under `timeout` when the store knows that the call waits for its result. What
    /// it throws is a diagnostic "dispatch_failed"; it is then called again when somebody resumes the run, as it is
    /// after a crash before its end was seen. For that the store lists the run after handoff_options::lease, or a
    /// quarter of the time for which the call has waited by then, up to an hour, if that is longer.
    tool_dispatch dispatch{};

    /// A call of this tool runs when the calls that it depends on have ended, however they did: it sees their outcomes
    /// in tool_context::dependency_results(). False: it is skipped unless all of them ended with tool_outcome::ok.
    bool run_anyway = false;

    /// A person lets each call run that repeats one of the run: another call of this tool with the same arguments was
    /// started before. Models repeat on purpose and by mistake. Else as `needs_approval`; needs handoff_options::store.
    bool confirm_repeat = false;

    /// For tool_effect::pure, in runs that are followed by handoff_loop::stream(): a call whose arguments have come
    /// whole may start while the rest of the answer is still coming. What it gives counts when the whole answer asks
    /// for the same call; when it does not, or breaks off, the tool is cancelled and has run for nothing. A call that
    /// waits for a person or depends on others does not start early, nor one of a tool with `max_concurrency` or
    /// `group`.
    bool early_start = false;

    /// For tool_effect::pure, in runs with a store: what a call gives is not stored, only its length and SHA-256. A
    /// process that goes on with the run runs such calls again, before anything else and one after another; a result
    /// that differs is the diagnostic "value_changed". When one fails then ("value_not_made"), or its tool is not
    /// registered, the run is suspended with stop_reason::unstored_value. Whoever reads the run without going on with
    /// it (a run that has ended, a timeline) gets a note in place of the text, and null. Texts of failures are stored.
    /// What the model makes of a result is in its answers, and those are stored.
    bool do_not_store_value = false;
};

/// Runs a tool: gets the arguments as the model gave them and gives any JSON. A string goes to the model as it is,
/// anything else as JSON text. What it throws is reported to the model as "Error: " and what() of a std::exception,
/// on one line, without what looks like a key or a path of a file; a tool_error says more.
/// Parsing changes two things of the arguments: integers that do not fit into 64 bits become doubles, and of members
/// with the same name only the last stays.
using tool_handler = std::function<boost::asio::awaitable<boost::json::value>(boost::json::object, tool_context&)>;

/// The tools that a client offers. Copies are cheap and share nothing that changes: adding to a copy does not change
/// the original.
class DEDALUS_EXPORT tool_registry
{
public:
    /// A tool with its definition, handler and options.
    struct entry
    {
        function_definition definition{};
        tool_handler handler{};
        tool_options options{};

        /// Called before the handler. Arguments that are not right end the call with
        /// tool_outcome::invalid_arguments, and the model is told. Empty: any object is right.
        argument_check check{};
    };

    /// Adds a tool. Throws config_error when the name is empty, longer than 64, has characters other than letters,
    /// digits, `_` and `-`, or is taken; when the handler is empty and the effect not tool_effect::external; when a
    /// limit is not positive or max_concurrency 0; when a probe is missing, or has no use, or a dispatch has none; when
    /// retries are out of range, or not allowed; for wait_expiry::auto_approve with tool_effect::once; for early_start
    /// or do_not_store_value with another effect than tool_effect::pure.
    void add(function_definition definition, tool_handler handler, tool_options options = {});

    /// Adds a tool whose handler takes a struct: `awaitable<R>(A, tool_context&)`, a function, a lambda or another
    /// function object with one call operator. A is described with BOOST_DESCRIBE_STRUCT; its schema is the
    /// `parameters` of the definition, with `strict: true`. R is any type that write_json() takes, or void, for which
    /// the model is told "ok".
    ///
    /// Arguments that are no A are reported to the model as "Error: ..." with the JSON path of what is wrong, and the
    /// handler is not called. The handler object is shared by the calls of it and lives as long as any of them.
    /// Throws config_error as above.
    template <class Handler>
    void add(std::string name, std::string description, Handler handler, tool_options options = {})
    {
        static_assert(
            detail::typed_handler<Handler>,
            "dedalus: the handler of a typed tool is awaitable<R>(A, tool_context&), with one call operator"
        );
        using tool_type = detail::typed_tool<Handler>;
        using arguments_type = typename tool_type::arguments_type;
        static_assert(
            detail::shape_of<arguments_type>() == detail::json_shape::record,
            "dedalus: the arguments of a typed tool are a struct described with BOOST_DESCRIBE_STRUCT"
        );
        entry added;
        added.definition.name = std::move(name);
        added.definition.description = std::move(description);
        added.definition.parameters = json_schema<arguments_type>();
        added.definition.strict = true;
        added.handler = tool_type(std::move(handler));
        added.options = std::move(options);
        added.check = tool_type::check;
        add_entry(std::move(added));
    }

    /// The tool of this name; null when there is none.
    const entry* find(std::string_view name) const noexcept;

    /// The definitions in the order of adding, as `tools` of a request.
    std::vector<tool> definitions() const;

    std::size_t size() const noexcept { return entries_.size(); }

private:
    void add_entry(entry added);

    std::vector<std::shared_ptr<const entry>> entries_;
};

}  // namespace dedalus
