#pragma once

namespace dedalus {

/// The variant of the API that a server speaks. The request types are the same for all; the dialect decides in which
/// form some members are sent. Answers are read in any form whatever the dialect.
enum class dialect
{
    /// Dedalus: `tool_choice` as an object (`{"type":"any"}`, `{"type":"tool","name":...}`).
    dedalus,

    /// OpenAI, and the servers that follow it (vLLM, Ollama, ...): `tool_choice` as a word, or as
    /// `{"type":"function",...}`; `disable_parallel_tool_use` becomes `parallel_tool_calls: false`.
    openai,

    /// Mistral: `tool_choice` as in OpenAI's dialect with `any` for `required`; `seed` is sent as `random_seed`,
    /// `max_completion_tokens` as `max_tokens`, one `stop` as a list, the role `developer` as `system`, `input_audio`
    /// as its bare data, and the `file_id` of a file beside it.
    mistral,
};

}  // namespace dedalus
