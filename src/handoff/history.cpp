#include "handoff/history.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <utility>
#include <variant>

namespace dedalus::handoff_core {

namespace {

bool has_calls(const message& m)
{
    const auto* assistant = std::get_if<assistant_message>(&m);
    return assistant != nullptr && !assistant->tool_calls.empty();
}

bool has_call(const message& m, std::string_view id)
{
    const auto* assistant = std::get_if<assistant_message>(&m);
    return assistant != nullptr &&
           std::any_of(assistant->tool_calls.begin(), assistant->tool_calls.end(), [id](const tool_call& call) {
               return call_id(call) == id;
           });
}

// A provider may refuse an assistant message that says nothing.
bool is_empty(const assistant_message& m)
{
    const bool has_content = m.content && std::visit([](const auto& content) { return !content.empty(); }, *m.content);
    return !has_content && m.tool_calls.empty() && !m.function_call && !m.audio && (!m.refusal || m.refusal->empty());
}

tool_message answer_message(std::string_view id, const std::string& text)
{
    tool_message answer;
    answer.tool_call_id = std::string(id);
    answer.content = text;
    return answer;
}

// Ids answered by the tool messages that follow the message at `assistant`.
id_set answered_ids(const std::vector<message>& messages, std::size_t assistant)
{
    id_set ids;
    for (std::size_t i = assistant + 1; i < messages.size(); ++i) {
        const auto* tool = std::get_if<tool_message>(&messages[i]);
        if (tool == nullptr)
            break;
        ids.insert(tool->tool_call_id);
    }
    return ids;
}

// Tool messages answer the message before them.
std::size_t start_of_answers(const std::vector<message>& messages, std::size_t place)
{
    while (place > 0 && place < messages.size() && std::holds_alternative<tool_message>(messages[place]))
        --place;
    return place;
}

std::size_t last_with_calls(const std::vector<message>& messages)
{
    for (std::size_t i = messages.size(); i-- > 0;) {
        if (has_calls(messages[i]))
            return i;
    }
    return messages.size();
}

std::string at(std::size_t index)
{
    return "messages[" + std::to_string(index) + "]: ";
}

// Checks the tool messages after the assistant message at `index`, and moves `index` to the last of them.
std::optional<std::string>
find_violation_after(const std::vector<message>& messages, std::size_t& index, const id_set& deferred)
{
    const std::size_t assistant = index;
    id_set answered;
    for (; index + 1 < messages.size(); ++index) {
        const auto* tool = std::get_if<tool_message>(&messages[index + 1]);
        if (tool == nullptr)
            break;
        if (!has_call(messages[assistant], tool->tool_call_id))
            return at(index + 1) + "a tool message whose tool_call_id is no call of the assistant message before it";
        if (!answered.insert(tool->tool_call_id).second)
            return at(index + 1) + "a second tool message for the same call";
    }
    for (const tool_call& call : std::get<assistant_message>(messages[assistant]).tool_calls) {
        const std::string id = call_id(call);
        if (!answered.contains(id) && !deferred.contains(id))
            return at(assistant) + "a call that no tool message answers";
    }
    return {};
}

}  // namespace

history::history(std::vector<message> initial) : messages_(std::move(initial)), checked_(messages_.size())
{
    look_again(0);
}

void history::append(assistant_message message, const answer_texts& answers)
{
    if (is_empty(message))
        return;
    std::vector<std::string> ids;
    for (const tool_call& call : message.tool_calls)
        ids.push_back(call_id(call));
    const std::size_t place = messages_.size();
    messages_.emplace_back(std::move(message));
    for (const std::string& id : ids) {
        if (const auto answer = answers.find(id); answer != answers.end())
            messages_.emplace_back(answer_message(id, answer->second));
    }
    look_again(place);
}

void history::add(std::vector<message> messages)
{
    const std::size_t place = messages_.size();
    for (message& each : messages)
        messages_.push_back(std::move(each));
    look_again(place);
}

void history::drop_unchecked()
{
    messages_.resize(checked_);
    look_again(checked_ == 0 ? 0 : checked_ - 1);  // what is gone may have answered it
}

// The messages from here on are new, or have moved.
void history::look_again(std::size_t first)
{
    first = start_of_answers(messages_, first);
    text_.cut(first);
    std::erase_if(open_, [first](const open_message& open) { return open.place >= first; });
    for (std::size_t i = first; i < messages_.size(); ++i) {
        if (!has_calls(messages_[i]))
            continue;
        const id_set answered = answered_ids(messages_, i);
        open_message open{.place = i};
        for (const tool_call& call : std::get<assistant_message>(messages_[i]).tool_calls) {
            if (std::string id = call_id(call); !answered.contains(id))
                open.unanswered.insert(std::move(id));
        }
        if (!open.unanswered.empty())
            open_.push_back(std::move(open));
    }
}

bool history::answer_late(std::string_view id, const std::string& text)
{
    // No message before the first open one has a call without an answer.
    const std::size_t first = open_.empty() ? messages_.size() : open_.front().place;
    for (std::size_t i = messages_.size(); i-- > first;) {
        if (!has_call(messages_[i], id))
            continue;
        const id_set answered = answered_ids(messages_, i);
        if (answered.contains(id))
            return false;
        std::size_t place = i + 1;
        for (const tool_call& call : std::get<assistant_message>(messages_[i]).tool_calls) {
            if (call_id(call) == id)
                break;
            place += answered.contains(call_id(call)) ? 1U : 0U;
        }
        messages_.insert(messages_.begin() + static_cast<std::ptrdiff_t>(place), answer_message(id, text));
        if (place <= checked_)
            ++checked_;
        look_again(place);
        return true;
    }
    return false;
}

std::vector<message> history::sendable(const id_set& deferred, const id_set& held_back) const
{
    return sendable_from(0, deferred, held_back);
}

std::vector<message> history::sendable_from(std::size_t first, const id_set& deferred, const id_set& held_back) const
{
    const staying_calls stay = staying(deferred, held_back);
    std::vector<message> list;
    list.reserve(messages_.size() - first);
    for (std::size_t place = first; place < messages_.size(); ++place) {
        if (std::optional<message> form = sent_form(place, stay))
            list.push_back(*std::move(form));
    }
    return list;
}

history::staying_calls history::staying(const id_set& deferred, const id_set& held_back) const
{
    return {deferred, held_back, held_back.empty() ? messages_.size() : last_with_calls(messages_)};
}

id_set history::staying_calls::of(const open_message& open) const
{
    id_set ids;
    std::ranges::copy_if(open.unanswered, std::inserter(ids, ids.end()), [&](const std::string& id) {
        return deferred.contains(id) || (open.place == last && held_back.contains(id));
    });
    return ids;
}

// Empty when nothing of the message is sent.
std::optional<message> history::sent_form(std::size_t place, const staying_calls& stay) const
{
    const auto open = std::ranges::lower_bound(open_, place, {}, &open_message::place);
    if (open == open_.end() || open->place != place)
        return messages_[place];
    const id_set ids = stay.of(*open);
    auto form = std::get<assistant_message>(messages_[place]);
    std::erase_if(form.tool_calls, [&](const tool_call& call) {
        const std::string id = call_id(call);
        return open->unanswered.contains(id) && !ids.contains(id);
    });
    if (is_empty(form))
        return {};
    return form;
}

std::string history::sendable_text(const id_set& deferred, const id_set& held_back, dialect to)
{
    const staying_calls stay = staying(deferred, held_back);
    text_.use(to);
    for (open_message& open : open_) {
        id_set ids = stay.of(open);
        if (ids != open.in_text)
            text_.cut(open.place);
        open.in_text = std::move(ids);
    }
    for (std::size_t place = text_.size(); place < messages_.size(); ++place) {
        if (const std::optional<message> form = sent_form(place, stay))
            text_.add(*form);
        else
            text_.skip();
    }
    return text_.array();
}

std::optional<std::string> history::find_new_violation(const id_set& deferred, const id_set& held_back)
{
    // Tool messages are right or wrong by the assistant message before them.
    const std::size_t first = start_of_answers(messages_, checked_);
    const std::vector<message> added = sendable_from(first, deferred, held_back);
    id_set unanswered = deferred;
    unanswered.insert(held_back.begin(), held_back.end());
    std::optional<std::string> violation = find_violation(added, unanswered);
    if (!violation)
        checked_ = messages_.size();
    return violation;
}

std::optional<std::string> find_violation(const std::vector<message>& messages, const id_set& deferred)
{
    for (std::size_t i = 0; i < messages.size(); ++i) {
        if (std::holds_alternative<tool_message>(messages[i]))
            return at(i) + "a tool message that follows no assistant message with calls";
        if (!has_calls(messages[i]))
            continue;
        if (std::optional<std::string> violation = find_violation_after(messages, i, deferred))
            return violation;
    }
    return {};
}

}  // namespace dedalus::handoff_core
