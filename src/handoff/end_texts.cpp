#include "handoff/end_texts.hpp"

#include "support/utf8.hpp"

#include <exception>
#include <string>
#include <utility>

namespace dedalus::handoff_core {

void end_texts::apply(const call_record& call, tool_end& end) const
{
    if (!end.text.empty())
        format_end(end, call.request.name, failure, max_bytes);
    if (!edit || !call.edited || end.note)
        return;
    try {
        std::string note = edit(call.request.name, *call.edited);
        if (support::is_utf8(note) && note.size() <= max_bytes)
            end.note = std::move(note);
    }
    catch (const std::exception&) {
        return;  // the model is told all the same
    }
}

}  // namespace dedalus::handoff_core
