#pragma once

#include <dedalus/chat/chunk.hpp>
#include <dedalus/chat/completion.hpp>

namespace dedalus::protocol {

/// A whole answer as one last chunk, for a server that answers a stream call with a unary body: what accumulates from
/// the chunk is the answer again. `info` has no place in a chunk.
chat_completion_chunk chunk_from_completion(const chat_completion& completion);

}  // namespace dedalus::protocol
