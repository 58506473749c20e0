#pragma once

#include <dedalus/chat/chunk.hpp>
#include <dedalus/chat/tool.hpp>

#include "protocol/text_budget.hpp"

#include <boost/json/object.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dedalus::protocol {

/// Adds up the tool calls of one choice.
///
/// A piece belongs to the call of its `index` (a negative one is 0); a different id at the same index begins another
/// call, because some gateways give every call the index 0. A piece without an index belongs to the call of its id,
/// else to the open call, which is the one that the piece before belonged to; a new id, or a name where nothing else
/// tells two calls apart, begins the next call.
class tool_call_accumulator
{
public:
    static constexpr std::int64_t max_index = 127;
    static constexpr std::size_t max_calls = 128;

    /// Where a piece went.
    struct trace
    {
        std::size_t call = 0;       ///< number of the call among all that ever began
        std::size_t text_size = 0;  ///< of the call, with the piece
    };

    /// What an event tells of a call; views, valid until the next piece.
    struct call_view
    {
        std::int64_t index = 0;
        std::string_view id{};
        std::string_view name{};
        std::string_view text{};
        bool is_function = false;  ///< has a function, and no type that says otherwise
    };

    trace add(const tool_call_delta& piece, text_budget& budget);

    /// The call of that number; nothing when it was dropped.
    std::optional<call_view> find(std::size_t call) const;

    /// Whether the piece gives an index whose calls have an id a different id.
    bool has_new_id_at_used_index(const tool_call_delta& piece) const;

    std::size_t size() const noexcept { return calls_.size(); }

    /// Forgets the calls that began first.
    void drop_first(std::size_t count);

    /// The calls by index, those of one index in the order in which they began.
    std::vector<tool_call> calls() const { return calls(calls_.size()); }

    /// Likewise, those of the `count` that began first.
    std::vector<tool_call> calls(std::size_t count) const;

private:
    struct open_call
    {
        std::size_t number = 0;
        std::int64_t index = 0;
        std::string id{};
        std::string type{};
        bool has_function = false;
        bool has_custom = false;
        std::string name{};
        std::string text{};  // the arguments of a function, the input of a custom tool
        boost::json::object body_extra{};
        std::optional<std::string> thought_signature{};
        boost::json::object extra{};

        bool is_custom() const;
        bool is_unknown() const;
    };

    open_call& find_or_begin(const tool_call_delta& piece);
    open_call& begin_at(std::int64_t index);
    open_call& at_index(std::int64_t index, const std::string& id);
    open_call& without_index(const std::string& id, std::string_view name);
    static boost::json::object unknown_call(const open_call& call);
    static tool_call finished_call(const open_call& call);

    std::vector<open_call> calls_{};  // in the order in which they began
    std::size_t open_ = 0;            // the call that the last piece belonged to
    std::size_t begun_ = 0;           // calls ever
};

}  // namespace dedalus::protocol
