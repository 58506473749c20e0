#pragma once

/// @file
/// What the library asks of its surroundings, and the export macro. Nothing else.

#include <boost/version.hpp>

#if BOOST_VERSION < 108100
#error "dedalus needs Boost 1.81 or newer"
#endif

#define DEDALUS_EXPORT __attribute__((visibility("default")))

// g++ before 13 destroys an aggregate temporary inside a co_await expression twice. On those compilers the rvalue
// overloads of the operations are deleted, so that `co_await client.chat_completions({...})` does not compile:
// name the request first, then pass it. clang and newer g++ accept both forms.
#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ < 13
#define DEDALUS_COROUTINE_TEMPORARIES_BROKEN 1
#else
#define DEDALUS_COROUTINE_TEMPORARIES_BROKEN 0
#endif
