#pragma once

#include <dedalus/chat/content.hpp>
#include <dedalus/chat/message.hpp>

#include <boost/describe/class.hpp>

/// @file
/// The members of the messages and their parts.

namespace dedalus {

BOOST_DESCRIBE_STRUCT(text_part, (), (text))
BOOST_DESCRIBE_STRUCT(image_url, (), (url, detail))
BOOST_DESCRIBE_STRUCT(image_part, (), (image_url))
BOOST_DESCRIBE_STRUCT(input_audio, (), (data, format))
BOOST_DESCRIBE_STRUCT(audio_part, (), (input_audio))
BOOST_DESCRIBE_STRUCT(input_file, (), (filename, file_data, file_id))
BOOST_DESCRIBE_STRUCT(file_part, (), (file, file_id))
BOOST_DESCRIBE_STRUCT(refusal_part, (), (refusal))
BOOST_DESCRIBE_STRUCT(document_url_part, (), (document_url, document_name))
BOOST_DESCRIBE_STRUCT(reference_part, (), (reference_ids))
BOOST_DESCRIBE_STRUCT(thinking_part, (), (thinking, closed))

BOOST_DESCRIBE_STRUCT(developer_message, (), (content, name))
BOOST_DESCRIBE_STRUCT(system_message, (), (content, name))
BOOST_DESCRIBE_STRUCT(user_message, (), (content, name))
BOOST_DESCRIBE_STRUCT(answer_audio, (), (id, expires_at, data, transcript))
BOOST_DESCRIBE_STRUCT(url_citation, (), (start_index, end_index, url, title))
BOOST_DESCRIBE_STRUCT(annotation, (), (type, url_citation))
BOOST_DESCRIBE_STRUCT(
    assistant_message,
    (),
    (content, refusal, name, tool_calls, function_call, audio, annotations, reasoning_content, prefix)
)
BOOST_DESCRIBE_STRUCT(tool_message, (), (content, tool_call_id, name))
BOOST_DESCRIBE_STRUCT(function_message, (), (content, name))

}  // namespace dedalus
