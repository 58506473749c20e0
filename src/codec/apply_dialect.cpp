#include "codec/apply_dialect.hpp"

#include <dedalus/chat/tool_choice.hpp>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include <string_view>
#include <utility>

namespace dedalus::codec {

namespace json = boost::json;

namespace {

std::string_view string_in(const json::value* value)
{
    return value != nullptr && value->is_string() ? std::string_view(value->get_string()) : std::string_view();
}

std::string_view text_member(const json::object& object, std::string_view name)
{
    return string_in(object.if_contains(name));
}

/// What the tool choice is about, in whichever form it came.
struct tool_choice_meaning
{
    std::string_view mode;  ///< "auto", "none", "required", "tool"; "" for what has one form only
    json::string name;      ///< of the tool
};

std::string_view mode_of_word(std::string_view word)
{
    if (word == tool_choice_mode::any)
        return tool_choice_mode::required;
    for (const std::string_view known : {tool_choice_mode::auto_, tool_choice_mode::none, tool_choice_mode::required}) {
        if (word == known)
            return known;
    }
    return {};
}

tool_choice_meaning meaning_of(const json::value& choice)
{
    if (choice.is_string())
        return {mode_of_word(choice.get_string()), {}};
    const json::object& object = choice.get_object();
    const std::string_view type = text_member(object, "type");
    if (type == tool_choice_tool::type)
        return {"tool", json::string(text_member(object, "name"))};
    if (const json::value* function = object.if_contains("function"); function != nullptr && function->is_object())
        return {"tool", json::string(text_member(function->get_object(), "name"))};
    return {mode_of_word(type), {}};
}

/// Dedalus' own form.
json::object tool_choice_object(const tool_choice_meaning& meaning)
{
    if (meaning.mode == "tool")
        return {{"type", "tool"}, {"name", meaning.name}};
    const std::string_view type = meaning.mode == tool_choice_mode::required ? tool_choice_any::type : meaning.mode;
    return {{"type", type}};
}

void use_tool_choice_objects(json::object& request)
{
    json::value* choice = request.if_contains("tool_choice");
    if (choice == nullptr || choice->is_null())
        return;
    const tool_choice_meaning meaning = meaning_of(*choice);
    const bool is_own_form = choice->is_object() && text_member(choice->get_object(), "type") != "function";
    if (!meaning.mode.empty() && !is_own_form)
        *choice = tool_choice_object(meaning);
}

/// `disable_parallel_tool_use` of the object form has a member of its own in the others.
void move_parallel_switch(json::object& request)
{
    const json::object& choice = request.at("tool_choice").get_object();
    const json::value* disabled = choice.if_contains("disable_parallel_tool_use");
    if (disabled != nullptr && disabled->is_bool() && !request.contains("parallel_tool_calls"))
        request.emplace("parallel_tool_calls", !disabled->get_bool());
}

void use_tool_choice_words(json::object& request, std::string_view word_for_required)
{
    const json::value* choice = request.if_contains("tool_choice");
    if (choice == nullptr || choice->is_null())
        return;
    const tool_choice_meaning meaning = meaning_of(*choice);
    if (meaning.mode.empty())
        return;
    if (choice->is_object())
        move_parallel_switch(request);
    json::value& form = request["tool_choice"];
    if (meaning.mode == "tool")
        form = {{"type", "function"}, {"function", {{"name", meaning.name}}}};
    else
        form = json::string(meaning.mode == tool_choice_mode::required ? word_for_required : meaning.mode);
}

/// Nothing changes when the new name is there already, or the old one is to stay.
void rename(json::object& request, std::string_view from, std::string_view to, const json::object& as_given)
{
    json::value* value = request.if_contains(from);
    if (value == nullptr || request.contains(to) || as_given.contains(from))
        return;
    json::value moved = std::move(*value);
    request.stable_erase(from);
    request.emplace(to, std::move(moved));
}

void use_mistral_part(json::object& part)
{
    const std::string_view type = text_member(part, "type");
    json::value* body = part.if_contains(type);
    if (body == nullptr || !body->is_object())
        return;
    if (type == "input_audio" && body->get_object().contains("data")) {
        json::value data = body->get_object().at("data");
        *body = std::move(data);
    }
    else if (type == "file" && body->get_object().contains("file_id")) {
        json::value id = body->get_object().at("file_id");
        part.stable_erase("file");
        part.emplace("file_id", std::move(id));
    }
}

void use_mistral_message(json::object& message)
{
    if (text_member(message, "role") == "developer")
        message["role"] = "system";
    json::value* content = message.if_contains("content");
    if (content == nullptr || !content->is_array())
        return;
    for (json::value& part : content->get_array()) {
        if (part.is_object())
            use_mistral_part(part.get_object());
    }
}

void use_mistral_names(json::object& request, const json::object& as_given)
{
    rename(request, "seed", "random_seed", as_given);
    rename(request, "max_completion_tokens", "max_tokens", as_given);
    json::value* stop = request.if_contains("stop");
    if (stop != nullptr && stop->is_string() && !as_given.contains("stop")) {
        json::value sequence = *stop;
        stop->emplace_array().push_back(std::move(sequence));
    }
    json::value* messages = request.if_contains("messages");
    if (messages == nullptr || !messages->is_array())
        return;
    for (json::value& message : messages->get_array())
        apply_dialect_to_message(dialect::mistral, message);
}

}  // namespace

void apply_dialect_to_message(dialect to, json::value& message)
{
    if (to == dialect::mistral && message.is_object())
        use_mistral_message(message.get_object());
}

void apply_dialect(dialect to, json::object& request, const json::object& as_given)
{
    const bool choice_is_given = as_given.contains("tool_choice");
    switch (to) {
    case dialect::dedalus:
        if (!choice_is_given)
            use_tool_choice_objects(request);
        return;
    case dialect::openai:
        if (!choice_is_given)
            use_tool_choice_words(request, tool_choice_mode::required);
        return;
    case dialect::mistral:
        if (!choice_is_given)
            use_tool_choice_words(request, tool_choice_mode::any);
        use_mistral_names(request, as_given);
        return;
    }
}

}  // namespace dedalus::codec
