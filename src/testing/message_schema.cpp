#include "testing/message_schema.hpp"

#include "testing/text_patterns.hpp"

namespace dedalus::testing {

using namespace checks;
namespace json = boost::json;

namespace {

const char* const content_kinds = "a valid string or list of content parts";

checker text_part()
{
    return object({required("type", one_of({"text"})), required("text", text())});
}

void check_file_source(const json::value& value, const location& where, validation_report& report)
{
    if (value.is_object() && !value.get_object().contains("file_data") && !value.get_object().contains("file_id"))
        report.add(where, "value_error", "Value error, one of file_data and file_id is needed", value);
}

checker image_part()
{
    return object(
        {required("type", text()),
         required(
             "image_url",
             object({required("url", text({.min = 1})), optional("detail", one_of({"auto", "low", "high"}))})
         )}
    );
}

checker audio_part()
{
    return object(
        {required("type", text()),
         required(
             "input_audio",
             object(
                 {required("data", text_matching("[A-Za-z0-9+/]*={0,2}", is_base64)),
                  required("format", one_of({"wav", "mp3"}))}
             )
         )}
    );
}

checker file_part()
{
    return object(
        {required("type", text()),
         required(
             "file",
             all(
                 {object({optional("filename", text()), optional("file_data", text()), optional("file_id", text())}),
                  check_file_source}
             )
         )}
    );
}

checker refusal_part()
{
    return object({required("type", text()), required("refusal", text())});
}

checker reference_part()
{
    return object({required("type", text()), required("reference_ids", list(integer()))});
}

checker document_part()
{
    return object(
        {required("type", text()), required("document_url", text({.min = 1})), optional("document_name", text())}
    );
}

checker thinking_part()
{
    const checker thought = tagged("type", {{"text", text_part()}, {"reference", reference_part()}});
    return object({required("type", text()), required("thinking", list(thought)), optional("closed", boolean())});
}

checker content_of(std::vector<std::pair<std::string, checker>> parts)
{
    return either({.string = text(), .array = list(tagged("type", std::move(parts)), {.min = 1})}, content_kinds);
}

checker tool_call()
{
    return tagged(
        "type",
        {
            {"function",
             object(
                 {required("id", text({.min = 1})),
                  required("function", object({required("name", text({.min = 1})), required("arguments", text())})),
                  nullable("thought_signature", text()),
                  optional("index", integer(0)),
                  optional("dependencies", list(text()))}
             )},
            {"custom",
             object(
                 {required("id", text({.min = 1})),
                  required("custom", object({required("name", text({.min = 1})), required("input", text())})),
                  optional("index", integer(0)),
                  optional("dependencies", list(text()))}
             )},
        }
    );
}

/// `content` may be absent only next to what stands in for it.
void check_assistant_says_something(const json::value& value, const location& where, validation_report& report)
{
    if (!value.is_object())
        return;
    const json::object& message = value.get_object();
    const json::value* function_call = message.if_contains("function_call");
    const bool calls = message.contains("tool_calls") || (function_call != nullptr && !function_call->is_null());
    if (!message.contains("content") && !calls)
        report.add(location(where, "content"), "missing", "Field required", value);
}

checker assistant_message()
{
    return all(
        {object(
             {nullable(
                  "content",
                  content_of(
                      {{"text", text_part()},
                       {"refusal", refusal_part()},
                       {"thinking", thinking_part()},
                       {"reference", reference_part()}}
                  )
              ),
              nullable("refusal", text()),
              optional("name", text()),
              nullable("audio", object({required("id", text({.min = 1}))})),
              optional("tool_calls", list(tool_call(), {.min = 1})),
              nullable("function_call", object({required("name", text()), required("arguments", text())})),
              nullable("reasoning_content", text()),
              optional("prefix", boolean())}
         ),
         check_assistant_says_something}
    );
}

checker developer_message()
{
    return object({required("content", text_content_check()), optional("name", text())});
}

checker system_message()
{
    const checker content = content_of({{"text", text_part()}, {"thinking", thinking_part()}});
    return object({required("content", content), optional("name", text())});
}

checker tool_message()
{
    return object(
        {required("content", text_content_check()),
         required("tool_call_id", text({.min = 1})),
         optional("name", text())}
    );
}

checker user_message()
{
    return object(
        {required(
             "content",
             content_of(
                 {{"text", text_part()},
                  {"image_url", image_part()},
                  {"input_audio", audio_part()},
                  {"file", file_part()},
                  {"document_url", document_part()},
                  {"reference", reference_part()}}
             )
         ),
         optional("name", text())}
    );
}

}  // namespace

checker text_content_check()
{
    return content_of({{"text", text_part()}});
}

checker message_check()
{
    return tagged(
        "role",
        {
            {"developer", developer_message()},
            {"system", system_message()},
            {"user", user_message()},
            {"assistant", assistant_message()},
            {"tool", tool_message()},
            {"function",
             object(
                 {required("name", text({.min = 1})),
                  // Required, but null is a value here.
                  {"content", either({.string = text()}, "a valid string"), true, true}}
             )},
        }
    );
}

}  // namespace dedalus::testing
