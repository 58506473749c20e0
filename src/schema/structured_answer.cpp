#include <dedalus/detail/json_check.hpp>
#include <dedalus/detail/structured_answer.hpp>
#include <dedalus/parse_error.hpp>

#include "codec/parse_json.hpp"

#include <boost/system/error_code.hpp>

#include <memory>
#include <string_view>
#include <utility>
#include <variant>

namespace dedalus::detail {

namespace json = boost::json;

namespace {

std::optional<json::value> structured_value(const choice& choice)
{
    const assistant_message& message = choice.message;
    const bool calls_tools = !message.tool_calls.empty() || message.function_call.has_value();
    if (calls_tools || refusal_of(&message))
        return std::nullopt;
    const std::string text = message.text();
    if (text.empty())
        return std::nullopt;
    boost::system::error_code ec;
    json::value value = codec::parse_json(text, ec);
    if (ec.failed())
        refuse(json_path(), "is not valid JSON (" + ec.message() + ')');
    return value;
}

// The completion of the error is set when it leaves parse_completion().
void require_whole(const chat_completion& completion)
{
    for (const choice& choice : completion.choices) {
        const auto& reason = choice.finish_reason;
        if (reason == finish_reason::length || reason == finish_reason::model_length)
            throw length_finish_reason_error(std::make_shared<const chat_completion>(completion));
        if (reason == finish_reason::content_filter)
            throw content_filter_finish_reason_error(std::make_shared<const chat_completion>(completion));
    }
}

}  // namespace

std::optional<std::string> refusal_of(const assistant_message* message)
{
    if (message == nullptr)
        return std::nullopt;
    if (message->refusal && !message->refusal->empty())
        return message->refusal;
    const auto* parts = message->content ? std::get_if<std::vector<content_part>>(&*message->content) : nullptr;
    if (parts == nullptr)
        return std::nullopt;
    for (const content_part& part : *parts) {
        if (const auto* refusal = std::get_if<refusal_part>(&part))
            return refusal->refusal;
    }
    return std::nullopt;
}

std::vector<std::optional<json::value>> structured_values(const chat_completion& completion)
{
    require_whole(completion);
    std::vector<std::optional<json::value>> values;
    values.reserve(completion.choices.size());
    for (const choice& choice : completion.choices)
        values.push_back(structured_value(choice));
    return values;
}

void add_completion(error& failure, chat_completion completion)
{
    failure.set_retries_taken(completion.info.retries_taken);
    if (auto* validation = dynamic_cast<validation_error*>(&failure))
        validation->set_completion(std::make_shared<const chat_completion>(std::move(completion)));
}

}  // namespace dedalus::detail
