#pragma once

#include <dedalus/handoff/tool_failure.hpp>

#include "handoff/ledger.hpp"
#include "handoff/tool_end.hpp"

#include <cstddef>

namespace dedalus::handoff_core {

/// How a program wants the model to be told of ends of calls. To be applied before an end is stored.
struct end_texts
{
    failure_formatter failure{};  ///< empty: the default form
    edit_formatter edit{};        ///< likewise
    std::size_t max_bytes = std::size_t{256} * 1024;
    failure_redactor redact{};  ///< for error_end(): apply() gets what that has made

    /// An end that was read from a store has its text already, and keeps it.
    void apply(const call_record& call, tool_end& end) const;
};

}  // namespace dedalus::handoff_core
