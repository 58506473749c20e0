#pragma once

#include <dedalus/chat/completion.hpp>
#include <dedalus/detail/structured_answer.hpp>
#include <dedalus/parse_error.hpp>
#include <dedalus/schema/read_json.hpp>

#include <boost/json/value.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace dedalus {

/// An answer whose choices hold a T. Made by client::parse(), chat_completion_stream::parsed() and parse_completion().
template <class T>
struct parsed_completion : chat_completion
{
    /// One for each of `choices`; empty where the choice refuses, calls tools or has no text.
    std::vector<std::optional<T>> values{};

    /// The value of the first choice.
    const std::optional<T>& parsed() const noexcept
    {
        static const std::optional<T> none{};
        return values.empty() ? none : values.front();
    }

    /// Why the model refused, in the first choice; empty when it did not.
    std::optional<std::string> refusal() const { return detail::refusal_of(first_message()); }
};

/// Reads the choices of a whole answer as T, by the rules of read_json(). A refusal wins over a text beside it.
///
/// Throws length_finish_reason_error and content_filter_finish_reason_error when a choice ended so, and
/// validation_error when a text is not JSON or is no T; all of them have the completion.
template <class T>
parsed_completion<T> parse_completion(chat_completion completion)
{
    std::vector<std::optional<T>> values;
    try {
        for (const std::optional<boost::json::value>& json : detail::structured_values(completion)) {
            std::optional<T>& value = values.emplace_back();
            if (json)
                value = read_json<T>(*json);
        }
    }
    catch (error& failure) {
        detail::add_completion(failure, std::move(completion));
        throw;
    }
    return {std::move(completion), std::move(values)};
}

}  // namespace dedalus
