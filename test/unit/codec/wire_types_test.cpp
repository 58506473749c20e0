#include <dedalus/json.hpp>

#include "codec/wire_description.hpp"
#include "support/catch.hpp"
#include "support/plain_numbers.hpp"
#include "unit/codec/round_trip.hpp"
#include "unit/codec/wire_examples.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <boost/mp11/algorithm.hpp>

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace wire_types_test {

namespace json = boost::json;
using namespace dedalus;

namespace {

struct shape
{
    std::size_t index;  // of the alternative
    std::string_view text;
};

template <class Variant>
void check_shapes(const std::vector<shape>& shapes)
{
    std::set<std::size_t> seen;
    for (const auto& [index, text] : shapes) {
        CAPTURE(text);
        const Variant value = read_as<Variant>(text);
        CHECK(value.index() == index);
        CHECK(json::value_from(value) == json::parse(json::string_view(text)));
        seen.insert(index);
    }
    CHECK(seen.size() == std::variant_size_v<Variant>);
}

template <class T>
std::set<std::string> member_names()
{
    std::set<std::string> names;
    boost::mp11::mp_for_each<typename codec::described_members<T>::type>([&](auto member) { names.insert(member.name); }
    );
    return names;
}

// A value of each member of `T` is read into the member itself, and is written again as it was.
template <class T>
void check_members(const std::vector<std::pair<std::string_view, std::string_view>>& values)
{
    const json::object members_always_written = json::value_from(T{}).as_object();
    std::set<std::string> seen;
    for (const auto& [name, value] : values) {
        json::object body = members_always_written;
        body[name] = json::parse(json::string_view(value));
        CAPTURE(json::serialize(body));
        const T object = json::value_to<T>(json::value(body));
        CHECK(object.extra.empty());
        CHECK_FALSE(object == T{});
        CHECK(test::plain_numbers(json::value_from(object)) == test::plain_numbers(body));
        seen.insert(std::string(name));
    }
    CHECK(seen == member_names<T>());
}

std::vector<std::string> keys(const json::object& object)
{
    std::vector<std::string> names;
    for (const auto& pair : object)
        names.emplace_back(pair.key());
    return names;
}

}  // namespace

TEST_CASE("every member of a request is read into its own member and written as it was")
{
    check_members<chat_completion_request>({
        {"model", R"("openai/gpt-5")"},
        {"model", R"({"model":"openai/gpt-5","settings":{"temperature":0}})"},
        {"model", R"(["a",{"model":"b"}])"},
        {"messages", R"([{"role":"user","content":"Hi"}])"},
        {"temperature", "0.5"},
        {"temperature", "0.0"},
        {"top_p", "0.25"},
        {"top_k", "40"},
        {"n", "2"},
        {"stop", R"("\n")"},
        {"stop", R"(["a","b"])"},
        {"max_tokens", "100"},
        {"max_completion_tokens", "100"},
        {"frequency_penalty", "-2.0"},
        {"presence_penalty", "1.5"},
        {"logit_bias", R"({"50256":-100,"17":0})"},
        {"logprobs", "false"},
        {"top_logprobs", "0"},
        {"seed", "9223372036854775807"},
        {"seed", "-9223372036854775808"},
        {"user", R"("")"},
        {"metadata", R"({"ticket":"T-1"})"},
        {"store", "false"},
        {"service_tier", R"("flex")"},
        {"verbosity", R"("low")"},
        {"reasoning_effort", R"("xhigh")"},
        {"reasoning_effort", R"("not known yet")"},
        {"modalities", R"(["text","audio"])"},
        {"audio", R"({"voice":"alloy","format":"wav"})"},
        {"audio", R"({"voice":{"id":"v"},"format":"opus"})"},
        {"prediction", R"({"type":"content","content":[{"type":"text","text":"a"}]})"},
        {"response_format", R"({"type":"json_object"})"},
        {"tools", R"([{"type":"function","function":{"name":"f"}}])"},
        {"tool_choice", R"("auto")"},
        {"parallel_tool_calls", "false"},
        {"functions", R"([{"name":"f","description":"d","parameters":{"type":"object"}}])"},
        {"function_call", R"("none")"},
        {"function_call", R"({"name":"f"})"},
        {"prompt_cache_key", R"("k")"},
        {"prompt_cache_retention", R"("24h")"},
        {"safety_identifier", R"("s")"},
        {"web_search_options",
         R"({"search_context_size":"high","user_location":{"type":"approximate","approximate":{}}})"},
        {"stream_options", R"({"include_usage":false,"include_obfuscation":true})"},
        {"system_instruction", R"("Be brief.")"},
        {"system_instruction", R"({"parts":[{"text":"Be brief."}]})"},
        {"generation_config", R"({"candidateCount":1})"},
        {"safety_settings", R"([{"category":"HARM_CATEGORY_HARASSMENT","threshold":"OFF"}])"},
        {"safety_settings", R"([{"category":"DANGEROUS_CONTENT","threshold":"BLOCK_LOW_THRESHOLD"}])"},
        {"tool_config", R"({"function_calling_config":{"mode":"ANY"}})"},
        {"cached_content", R"("cachedContents/1")"},
        {"thinking", R"({"type":"enabled","budget_tokens":2048})"},
        {"thinking", R"({"type":"adaptive"})"},
        {"cache_control", R"({"type":"ephemeral","ttl":"1h"})"},
        {"container", R"("c")"},
        {"inference_geo", R"("eu")"},
        {"output_config", R"({"effort":"low"})"},
        {"speed", R"("fast")"},
        {"search_parameters",
         R"({"mode":"on","return_citations":false,"from_date":"2026-01-01","to_date":"2026-02-01","max_search_results":0,"sources":[{"type":"rss","links":["https://a.example/"]}]})"},
        {"deferred", "false"},
        {"prompt_mode", R"("reasoning")"},
        {"safe_prompt", "false"},
        {"mcp_servers", R"("acme/kb")"},
        {"mcp_servers", R"({"slug":"acme/kb","credentials":{"c":"blob"}})"},
        {"mcp_servers", R"(["acme/kb",{"url":"https://mcp.example/"}])"},
        {"credentials", R"({"connection_name":"c","values":{"api_key":"k","port":25,"tls":false}})"},
        {"credentials", R"([{"connection_name":"c","values":{}}])"},
        {"model_attributes", R"({"openai/gpt-5":{"accuracy":0.95,"speed":0}})"},
        {"agent_attributes", R"({"complexity":1})"},
        {"guardrails", R"([{"a":1},{}])"},
        {"handoff_config", R"({})"},
        {"automatic_tool_execution", "false"},
        {"max_turns", "10"},
        {"handoff_mode", "false"},
        {"correlation_id", R"("corr")"},
        {"deferred_calls",
         R"([{"id":"d","name":"n","arguments":{},"venue":"client","dependencies":["a"],"blocked_by":["b"]}])"},
    });
}

TEST_CASE("every member of an answer is read into its own member and written as it was")
{
    check_members<chat_completion>({
        {"id", R"("chatcmpl-1")"},
        {"object", R"("chat.completion")"},
        {"created", "1775000000"},
        {"model", R"("openai/gpt-5")"},
        {"choices", R"([{"index":0,"message":{"role":"assistant"}}])"},
        {"usage", R"({"prompt_tokens":1,"completion_tokens":2,"total_tokens":3})"},
        {"system_fingerprint", R"("fp")"},
        {"service_tier", R"("default")"},
        {"tools_executed", R"(["lookup"])"},
        {"mcp_server_errors", R"({"acme/kb":{"message":"m","code":"c","recommendation":"r"}})"},
        {"mcp_tool_results",
         R"([{"tool_name":"t","server_name":"s","arguments":{"a":1},"is_error":true,"result":[1],"duration_ms":0}])"},
        {"mcp_tool_results", R"([{"tool_name":"","server_name":"","arguments":{},"is_error":false,"result":null}])"},
        {"correlation_id", R"("corr")"},
        {"server_results", R"({"call":null})"},
        {"deferred", R"([{"id":"d","name":"n"}])"},
        {"pending_tools", R"([{"id":"p","name":"n","arguments":{"a":1},"dependencies":["q"]}])"},
        {"turns_consumed", "0"},
        {"agents_used", R"(["a"])"},
        {"request_id", R"("r")"},
    });
    check_members<choice>({
        {"index", "1"},
        {"message", R"({"role":"assistant","content":"a"})"},
        {"finish_reason", R"("unheard of")"},
        {"logprobs",
         R"({"content":[{"token":"a","logprob":-9999.0,"bytes":[97],"top_logprobs":[{"token":"b","logprob":-1.5,"bytes":[]}]}]})"},
    });
    check_members<usage>({
        {"prompt_tokens", "1"},
        {"completion_tokens", "2"},
        {"total_tokens", "3"},
        {"completion_tokens_details",
         R"({"accepted_prediction_tokens":0,"audio_tokens":1,"reasoning_tokens":2,"rejected_prediction_tokens":3,"text_tokens":4,"image_tokens":5})"},
        {"prompt_tokens_details",
         R"({"audio_tokens":0,"cached_tokens":1,"text_tokens":2,"image_tokens":3,"cache_write_tokens":4})"},
        {"reasoning_tokens", "7"},
        {"prompt_audio_seconds", "0"},
    });
    check_members<assistant_message>({
        {"content", R"("")"},
        {"content", R"([{"type":"refusal","refusal":"no"}])"},
        {"refusal", R"("no")"},
        {"name", R"("ann")"},
        {"tool_calls", R"([{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}])"},
        {"function_call", R"({"name":"f","arguments":"{}"})"},
        {"audio", R"({"id":"a","expires_at":1,"data":"UklG","transcript":"t"})"},
        {"annotations",
         R"([{"type":"url_citation","url_citation":{"start_index":0,"end_index":2,"url":"u","title":"t"}}])"},
        {"reasoning_content", R"("hm")"},
        {"prefix", "false"},
    });
}

TEST_CASE("every member of a chunk is read into its own member and written as it was")
{
    check_members<chat_completion_chunk>({
        {"id", R"("c1")"},
        {"object", R"("chat.completion.chunk")"},
        {"created", "1775000000"},
        {"model", R"("openai/gpt-5")"},
        {"choices", R"([{"index":0,"delta":{}}])"},
        {"usage", R"({"prompt_tokens":1,"completion_tokens":2,"total_tokens":3})"},
        {"system_fingerprint", R"("fp")"},
        {"service_tier", R"("default")"},
        {"obfuscation", R"("x")"},
        {"tools_executed", R"(["lookup"])"},
        {"mcp_server_errors", R"({"acme/kb":{"message":"m"}})"},
        {"mcp_tool_results", R"([{"tool_name":"t","server_name":"s","arguments":{},"is_error":false}])"},
        {"correlation_id", R"("corr")"},
        {"server_results", R"({})"},
        {"deferred", R"([{"id":"d","name":"n"}])"},
        {"pending_tools", R"([{"id":"p","name":"n","arguments":{}}])"},
        {"turns_consumed", "1"},
        {"x_dedalus_event", R"({"type":"agent_updated","agent":"a","model":"openai/gpt-5"})"},
        {"dedalus_event", R"({"type":"agent_updated"})"},
    });
    check_members<chunk_choice>({
        {"index", "1"},
        {"delta", R"({"content":"a"})"},
        {"finish_reason", R"("stop")"},
        {"logprobs", R"({"refusal":[{"token":"a","logprob":0.0}]})"},
    });
    check_members<message_delta>({
        {"role", R"("assistant")"},
        {"content", R"("")"},
        {"content", R"([{"type":"text","text":"a"}])"},
        {"refusal", R"("no")"},
        {"tool_calls",
         R"([{"index":0,"id":"c","type":"function","function":{"name":"f","arguments":""},"thought_signature":"s"}])"},
        {"tool_calls", R"([{"index":1,"custom":{"name":"f","input":"1"}}])"},
        {"function_call", R"({"name":"f","arguments":"{"})"},
        {"audio", R"({"id":"a","expires_at":1,"data":"UklG","transcript":"t"})"},
        {"annotations", R"([{"type":"url_citation"}])"},
        {"reasoning_content", R"("hm")"},
    });
}

TEST_CASE("a rich request round trips, and only what an operation sets is kept in extra")
{
    const auto request = read_as<chat_completion_request>(wire_examples::rich_request);
    CHECK(json::value_from(request) == json::parse(json::string_view(wire_examples::rich_request)));
    CHECK(
        keys(request.extra) ==
        std::vector<std::string>{
            "stream",
        }
    );
    CHECK(request.messages.size() == 5);
    CHECK(std::get<tool_choice_tool>(*request.tool_choice).name == "look");
}

TEST_CASE("the other examples of requests round trip")
{
    for (const std::string_view text : {wire_examples::handoff_request, wire_examples::resuming_request}) {
        CAPTURE(text);
        CHECK(read_as<chat_completion_request>(text).extra.empty());
        CHECK(round_trip<chat_completion_request>(text) == json::parse(json::string_view(text)));
    }
}

TEST_CASE("the examples of answers round trip")
{
    for (const std::string_view text :
         {wire_examples::minimal_completion,
          wire_examples::full_completion,
          wire_examples::handoff_completion,
          wire_examples::final_completion})
    {
        CAPTURE(text);
        CHECK(read_as<chat_completion>(text).extra.empty());
        CHECK(round_trip<chat_completion>(text) == json::parse(json::string_view(text)));
    }
}

TEST_CASE("the examples of chunks round trip")
{
    for (const std::string_view text : wire_examples::chunks) {
        CAPTURE(text);
        CHECK(round_trip<chat_completion_chunk>(text) == json::parse(json::string_view(text)));
    }
}

TEST_CASE("a handoff answer gives its calls as types")
{
    const auto answer = read_as<chat_completion>(wire_examples::handoff_completion);
    REQUIRE(answer.pending_tools.size() == 2);
    CHECK(answer.pending_tools[1].arguments == json::object{{"flight", "XY123"}});
    CHECK(answer.pending_tools[1].dependencies == std::vector<std::string>{"call_a"});
    REQUIRE(answer.deferred.size() == 1);
    CHECK(answer.deferred[0].blocked_by == std::vector<std::string>{"call_b"});
    CHECK(answer.deferred[0].venue == "server");
    CHECK(answer.server_results->at("call_s1").at("price") == 129);
    CHECK(answer.choices.at(0).finish_reason == finish_reason::tool_calls);
}

TEST_CASE("each role is a type of its own, and an unknown role stays JSON")
{
    check_shapes<message>({
        {0, R"({"role":"developer","content":"a","name":"n"})"},
        {1, R"({"role":"system","content":[{"type":"text","text":"a"}]})"},
        {2, R"({"role":"user","content":"a","name":"n"})"},
        {3, R"({"role":"assistant","content":null,"audio":{"id":"audio_1"}})"},
        {3,
         R"({"role":"assistant","content":[{"type":"refusal","refusal":"no"}],"function_call":{"name":"f","arguments":"{}"}})"},
        {3, R"({"role":"assistant","content":"a","prefix":true})"},
        {4, R"({"role":"tool","content":"a","tool_call_id":"c","name":"f"})"},
        {5, R"({"role":"function","content":null,"name":"f"})"},
        {5, R"({"role":"function","content":"a","name":"f"})"},
        {6, R"({"role":"critic","content":7})"},
        {6, R"({"content":"no role"})"},
        {6, R"({"role":null,"content":"no role"})"},
        {6, R"({})"},
    });
}

TEST_CASE("each content part is a type of its own, and an unknown part stays JSON")
{
    check_shapes<content_part>({
        {0, R"({"type":"text","text":""})"},
        {0, R"({"type":"text","text":"a","cache_control":{"type":"ephemeral"}})"},
        {1, R"({"type":"image_url","image_url":{"url":"data:image/png;base64,AA==","detail":"auto"}})"},
        {2, R"({"type":"input_audio","input_audio":{"data":"UklGRg==","format":"mp3"}})"},
        {3, R"({"type":"file","file":{"filename":"a","file_data":"b","file_id":"c"}})"},
        {3, R"({"type":"file","file_id":"beside the object"})"},
        {3, R"({"type":"file","file":{}})"},
        {4, R"({"type":"refusal","refusal":"no"})"},
        {5, R"({"type":"document_url","document_url":"https://a.example/a.pdf","document_name":"a"})"},
        {6, R"({"type":"reference","reference_ids":[1,2]})"},
        {7, R"({"type":"thinking","thinking":[{"type":"text","text":"hm"}],"closed":true})"},
        {8, R"({"type":"video_url","video_url":{}})"},
        {8, R"({"text":"no type"})"},
    });
    check_shapes<thought_part>({
        {0, R"({"type":"text","text":"hm"})"},
        {1, R"({"type":"reference","reference_ids":[]})"},
        {2, R"({"type":"image"})"},
    });
    check_shapes<message_content>({{0, R"("")"}, {1, R"([])"}, {1, R"([{"type":"text","text":"a"},{"type":"new"}])"}});
}

TEST_CASE("tools and tool calls without a type are functions")
{
    check_shapes<tool>({
        {0, R"({"type":"function","function":{"name":"f","description":"d","parameters":{},"strict":false}})"},
        {1, R"({"type":"custom","custom":{"name":"c","description":"d","format":{"type":"text"}}})"},
        {2, R"({"type":"web_search"})"},
    });
    check_shapes<tool_call>({
        {0, R"({"id":"c","type":"function","function":{"name":"f","arguments":""},"dependencies":["b"],"index":0})"},
        {1, R"({"id":"c","type":"custom","custom":{"name":"f","input":""}})"},
        {2, R"({"id":"c","type":"mcp","mcp":{}})"},
    });
    CHECK(std::get<function_tool>(read_as<tool>(R"({"function":{"name":"f"}})")).function.name == "f");
    CHECK(std::get<function_tool_call>(read_as<tool_call>(R"({"type":null,"id":"c"})")).id == "c");
    CHECK(json::value_from(tool(function_tool{})).at("type") == "function");
}

TEST_CASE("each shape of tool_choice is a type of its own")
{
    check_shapes<tool_choice>({
        {0, R"("auto")"},
        {0, R"("none")"},
        {0, R"("required")"},
        {0, R"("any")"},
        {0, R"("not known yet")"},
        {1, R"({"type":"auto","disable_parallel_tool_use":false})"},
        {2, R"({"type":"any"})"},
        {3, R"({"type":"tool","name":"f","disable_parallel_tool_use":true})"},
        {4, R"({"type":"none"})"},
        {5, R"({"type":"function","function":{"name":"f"}})"},
        {6, R"({"type":"custom","custom":{"name":"f"}})"},
        {7,
         R"({"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[{"type":"function","function":{"name":"f"}}]}})"},
        {8, R"({"server_label":"s","name":"f"})"},
        {9, R"({"type":"later"})"},
        {9, R"({})"},
    });
}

TEST_CASE("each shape of thinking and of a custom tool's format is a type of its own")
{
    check_shapes<thinking_config>({
        {0, R"({"type":"enabled","budget_tokens":1024})"},
        {1, R"({"type":"disabled"})"},
        {2, R"({"type":"adaptive"})"},
        {3, R"({"type":"later","budget":1})"},
    });
    check_shapes<custom_format>({
        {0, R"({"type":"text"})"},
        {1, R"({"type":"grammar","grammar":{"definition":"start: /a/","syntax":"lark"}})"},
        {2, R"({"type":"later"})"},
    });
}

TEST_CASE("every setting of a model is read into its own member and written as it was")
{
    check_members<model_settings>({
        {"temperature", "0"},
        {"top_p", "0.5"},
        {"top_k", "0"},
        {"frequency_penalty", "-2"},
        {"presence_penalty", "2"},
        {"seed", "9007199254740993"},
        {"n", "1"},
        {"stop", R"(["a"])"},
        {"logit_bias", R"({"1":-100})"},
        {"logprobs", "false"},
        {"top_logprobs", "0"},
        {"max_tokens", "1"},
        {"max_completion_tokens", "1"},
        {"truncation", R"("auto")"},
        {"reasoning", R"({"effort":"low","summary":"concise","generate_summary":"auto"})"},
        {"reasoning_effort", R"("none")"},
        {"verbosity", R"("high")"},
        {"thinking", R"({"type":"disabled"})"},
        {"tool_choice", R"({"server_label":"s","name":"f"})"},
        {"parallel_tool_calls", "false"},
        {"tool_config", R"({})"},
        {"response_format", R"({"type":"text"})"},
        {"structured_output", "null"},
        {"modalities", R"(["audio"])"},
        {"audio", R"({"voice":"alloy","format":"wav"})"},
        {"voice", R"("alloy")"},
        {"input_audio_format", R"("pcm16")"},
        {"output_audio_format", R"("pcm16")"},
        {"input_audio_transcription", R"({"model":"m"})"},
        {"turn_detection", R"({"type":"server_vad"})"},
        {"prediction", R"({"type":"content","content":"a"})"},
        {"stream", "false"},
        {"stream_options", R"({"include_usage":true})"},
        {"include_usage", "false"},
        {"service_tier", R"("flex")"},
        {"timeout", "1.5"},
        {"store", "false"},
        {"deferred", "false"},
        {"user", R"("u")"},
        {"metadata", R"({"k":"v"})"},
        {"prompt_cache_key", R"("k")"},
        {"safety_identifier", R"("s")"},
        {"system_instruction", R"({"parts":[]})"},
        {"generation_config", R"({"candidateCount":1})"},
        {"safety_settings", R"([{"category":"SEXUALLY_EXPLICIT","threshold":"BLOCK_UNSET"}])"},
        {"search_parameters", R"({"mode":"auto"})"},
        {"web_search_options", R"({"search_context_size":"low"})"},
        {"extra_headers", R"({"X-A":"b"})"},
        {"extra_query", R"({"q":1})"},
        {"extra_args", R"({"a":[]})"},
        {"attributes", R"({"a":0.5})"},
    });
}

TEST_CASE("each shape of response_format, model and mcp_servers is a type of its own")
{
    check_shapes<response_format>({
        {0, R"({"type":"text"})"},
        {1, R"({"type":"json_object"})"},
        {2, R"({"type":"json_schema","json_schema":{"name":"a","description":"d","schema":{},"strict":false}})"},
        {2, R"({"type":"json_schema","json_schema":{"name":"a","strict":null}})"},
        {3, R"({"type":"grammar","grammar":"x"})"},
    });
    check_shapes<model_entry>({{0, R"("a")"}, {1, R"({"model":"a","settings":null})"}});
    check_shapes<model_selection>({{0, R"("a")"}, {1, R"({"model":"a"})"}, {2, R"(["a",{"model":"b","settings":{}}])"}}
    );
    check_shapes<mcp_server_selection>(
        {{0, R"("acme/kb")"}, {1, R"({"slug":"acme/kb"})"}, {2, R"(["acme/kb",{"url":"https://mcp.example/"}])"}}
    );
    check_shapes<credential_selection>(
        {{0, R"({"connection_name":"c","values":{"k":true}})"}, {1, R"([{"connection_name":"c","values":{}}])"}}
    );
    check_shapes<mcp_server>({{0, R"("acme/kb@v1")"}, {1, R"({"name":"n","slug":"s","url":null,"version":"v"})"}});
    check_shapes<stop_sequences>({{0, R"("a")"}, {1, R"(["a"])"}});
}

}  // namespace wire_types_test
