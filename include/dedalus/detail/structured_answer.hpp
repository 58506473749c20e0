#pragma once

#include <dedalus/chat/completion.hpp>
#include <dedalus/config.hpp>
#include <dedalus/error.hpp>

#include <boost/json/value.hpp>

#include <optional>
#include <string>
#include <vector>

namespace dedalus::detail {

/// The words of a refusal, from `refusal` or from a content part. Nothing: the message is null or refuses nothing.
DEDALUS_EXPORT std::optional<std::string> refusal_of(const assistant_message* message);

/// The JSON of each choice; nothing where a choice refuses, calls tools or has no text. Throws
/// length_finish_reason_error, content_filter_finish_reason_error, and validation_error for a text that is not JSON or
/// nested deeper than 128.
DEDALUS_EXPORT std::vector<std::optional<boost::json::value>> structured_values(const chat_completion& completion);

/// To be called in a catch block: gives the error what it can tell of the answer.
DEDALUS_EXPORT void add_completion(error& failure, chat_completion completion);

}  // namespace dedalus::detail
