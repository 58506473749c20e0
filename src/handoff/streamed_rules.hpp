#pragma once

#include <dedalus/chat/chunk.hpp>
#include <dedalus/chat/completion.hpp>
#include <dedalus/chat/message.hpp>
#include <dedalus/handoff/wire_profile.hpp>

#include <boost/system/system_error.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace dedalus::handoff_core {

// What a streamed answer of a run has to keep to, beyond what every stream has to: a run acts on it.

/// Looks at the pieces of calls while they come.
class call_pieces
{
public:
    /// Throws response_format_error when a call changes its id, its type or its name, or it cannot be told which call
    /// a piece belongs to. Where the request made another call of the model, as chat_completion_accumulator says, calls
    /// begin anew.
    void look(const chat_completion_chunk& chunk);

private:
    struct identity
    {
        std::string id{};
        std::string type{};
        std::string name{};
    };

    void look(const tool_call_delta& piece);
    std::int64_t index_of(const tool_call_delta& piece) const;
    void begin_segment();

    std::map<std::int64_t, identity> calls_{};  // by index
    std::string completion_id_{};
    bool finished_ = false;
};

/// Throws incomplete_stream_error unless the end marker came and each choice has a finish reason.
void check_whole(const chat_completion& answer, bool got_end_marker);

/// Notes in the answer what came in it before its last segment, so that it is stored with it.
void keep_earlier(chat_completion& answer, const std::vector<assistant_message>& messages);

/// A call that an earlier segment of an answer had.
struct earlier_call
{
    std::string id{};
    std::string name{};
};

/// Those that keep_earlier() has noted and that the answer itself does not ask for: the server has made them.
std::vector<earlier_call> earlier_calls(const chat_completion& answer);

/// The answer that this failure tells of, when nothing but its end marker is missing and the profile takes it so.
std::optional<chat_completion> accepted_without_end(const wire_profile& profile, const boost::system::system_error& e);

}  // namespace dedalus::handoff_core
