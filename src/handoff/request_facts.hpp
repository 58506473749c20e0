#pragma once

#include "handoff/session.hpp"

#include <cstdint>

namespace dedalus::handoff_core {

/// The request that run_machine::begin_request() has begun.
struct request_facts
{
    int turn = 0;     ///< that it is to begin, from 1
    int attempt = 0;  ///< within the turn, from 1
    int epoch = 0;    ///< refusals within the turn: after one the server must not take the request for the same
    std::int64_t reserved = 0;
    resume_step step = resume_step::session;
};

/// What the refusal of a request leads to.
enum class refusal_kind
{
    final,       ///< the error is the caller's
    fall_back,   ///< the next request tries to resume in another way
    go_plain,    ///< the next request and those after it have no Dedalus members
    not_worked,  ///< the same request may be sent again, at no charge
    unknown,     ///< the server may have worked
};

/// The next request is another one, and sent at once.
constexpr bool asks_otherwise(refusal_kind kind) noexcept
{
    return kind == refusal_kind::fall_back || kind == refusal_kind::go_plain;
}

}  // namespace dedalus::handoff_core
