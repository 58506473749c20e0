#pragma once

#include <dedalus/dialect.hpp>
#include <dedalus/handoff/scheduling_rules.hpp>
#include <dedalus/handoff/tool_context.hpp>
#include <dedalus/handoff/tool_registry.hpp>
#include <dedalus/handoff/waiting_call.hpp>

#include "handoff/name_table.hpp"
#include "handoff/run_machine.hpp"

namespace dedalus::handoff_core {

// Names in the records of a run. They never change: stored runs have them.

inline constexpr auto effect_names = make_names<tool_effect>(
    {{"once", tool_effect::once},
     {"pure", tool_effect::pure},
     {"keyed", tool_effect::keyed},
     {"transactional", tool_effect::transactional},
     {"probe", tool_effect::probe},
     {"external", tool_effect::external}}
);

/// `unknown` has no name: it is an entry of its own.
inline constexpr auto refusal_names = make_names<refusal_kind>(
    {{"final", refusal_kind::final},
     {"fall_back", refusal_kind::fall_back},
     {"go_plain", refusal_kind::go_plain},
     {"not_worked", refusal_kind::not_worked}}
);

inline constexpr auto step_names = make_names<resume_step>(
    {{"session", resume_step::session},
     {"stateless", resume_step::stateless},
     {"replan", resume_step::replan},
     {"plain", resume_step::plain}}
);

inline constexpr auto sent_turns_names = make_names<sent_turns>(
    {{"reservation", sent_turns::reservation}, {"run_limit", sent_turns::run_limit}, {"omit", sent_turns::omit}}
);

inline constexpr auto dialect_names =
    make_names<dialect>({{"dedalus", dialect::dedalus}, {"openai", dialect::openai}, {"mistral", dialect::mistral}});

inline constexpr auto unknown_dependency_names = make_names<unknown_dependency_rule>(
    {{"drop", unknown_dependency_rule::drop},
     {"fail_call", unknown_dependency_rule::fail_call},
     {"fail_run", unknown_dependency_rule::fail_run}}
);

inline constexpr auto cycle_names =
    make_names<cycle_rule>({{"sequential", cycle_rule::sequential}, {"fail_component", cycle_rule::fail_component}});

inline constexpr auto deferred_dependency_names = make_names<deferred_dependency_rule>(
    {{"skip", deferred_dependency_rule::skip},
     {"hold_back", deferred_dependency_rule::hold_back},
     {"ignore", deferred_dependency_rule::ignore}}
);

inline constexpr auto bad_call_names =
    make_names<bad_call_rule>({{"tell_model", bad_call_rule::tell_model}, {"fail_run", bad_call_rule::fail_run}});

inline constexpr auto wait_names = make_names<wait_kind>(
    {{"approval", wait_kind::approval},
     {"external", wait_kind::external_result},
     {"unknown_outcome", wait_kind::unknown_outcome}}
);

inline constexpr auto wait_decision_names = make_names<wait_decision>(
    {{"approve", wait_decision::approve},
     {"approve_always", wait_decision::approve_always},
     {"edit", wait_decision::edit},
     {"reject", wait_decision::reject},
     {"result", wait_decision::result},
     {"error", wait_decision::error}}
);

inline constexpr auto expiry_names = make_names<wait_expiry>(
    {{"reject", wait_expiry::reject},
     {"fail_run", wait_expiry::fail_run},
     {"keep", wait_expiry::keep},
     {"auto_approve", wait_expiry::auto_approve}}
);

inline constexpr auto outcome_names = make_names<tool_outcome>(
    {{"ok", tool_outcome::ok},
     {"error", tool_outcome::error},
     {"timeout", tool_outcome::timeout},
     {"cancelled", tool_outcome::cancelled},
     {"skipped_dependency", tool_outcome::skipped_dependency},
     {"invalid_arguments", tool_outcome::invalid_arguments},
     {"unknown_tool", tool_outcome::unknown_tool},
     {"rejected", tool_outcome::rejected},
     {"expired", tool_outcome::expired},
     {"unknown_outcome", tool_outcome::unknown_outcome}}
);

}  // namespace dedalus::handoff_core
