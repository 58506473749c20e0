#include <dedalus/testing/server.hpp>

#include "support/catch.hpp"
#include "support/fixtures.hpp"
#include "support/raw_http_client.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <map>
#include <string>
#include <vector>

namespace testserver_validation_test {

namespace json = boost::json;
using dedalus::testing::server;
using test::http_answer;
using test::raw_http_client;

namespace {

/// A request that is valid but for what `members` (JSON text without braces) says.
std::string request_with(const std::string& members)
{
    json::object request = json::parse(R"({"model":"m","messages":[{"role":"user","content":"hi"}]})").as_object();
    const json::value changes = json::parse("{" + members + "}");
    for (const auto& member : changes.get_object())
        request[member.key()] = member.value();
    return json::serialize(request);
}

std::string location_text(const json::value& item)
{
    std::string joined;
    for (const json::value& step : item.at("loc").as_array()) {
        joined.append(joined.empty() ? "" : ".");
        joined.append(step.is_string() ? std::string(step.get_string()) : json::serialize(step));
    }
    return joined;
}

/// "location: type" of each problem of a 422 answer.
std::vector<std::string> problems(const http_answer& answer)
{
    std::vector<std::string> found;
    const json::value body = answer.json();
    for (const json::value& item : body.at("detail").as_array()) {
        CHECK(item.as_object().contains("input"));
        CHECK_FALSE(item.at("msg").as_string().empty());
        found.push_back(location_text(item) + ": " + std::string(item.at("type").as_string()));
    }
    return found;
}

struct refused_case
{
    const char* members;
    const char* problem;
};

std::string message(const std::string& members)
{
    return R"("messages":[{)" + members + "}]";
}

std::string repeated(std::size_t n, const std::string& text)
{
    std::string all;
    for (std::size_t i = 0; i < n; ++i)
        all.append(text);
    return all;
}

void check_refused(const std::vector<refused_case>& cases)
{
    server tested({.tls = false});
    raw_http_client client(tested);
    for (const refused_case& one : cases) {
        INFO(one.members);
        const http_answer answer = client.post(request_with(one.members));
        CHECK(answer.status == 422);
        if (answer.status == 422)
            CHECK(problems(answer) == std::vector<std::string>{one.problem});
    }
}

void check_accepted(const std::vector<const char*>& cases)
{
    server tested({.tls = false});
    raw_http_client client(tested);
    for (const char* members : cases) {
        INFO(members);
        const http_answer answer = client.post(request_with(members));
        INFO(answer.body);
        CHECK(answer.status == 200);
    }
}

}  // namespace

TEST_CASE("the body must be an object with a model")
{
    server tested({.tls = false});
    raw_http_client client(tested);
    CHECK(problems(client.post(std::string_view("{}"))) == std::vector<std::string>{"body.model: missing"});
    CHECK(problems(client.post(std::string_view("[]"))) == std::vector<std::string>{"body: model_attributes_type"});
    CHECK(client.post(std::string_view(R"({"model":"m"})")).status == 200);
}

TEST_CASE("core members of a wrong type or out of range are refused")
{
    check_refused({
        {R"("model":null)", "body.model: union_type"},
        {R"("model":5)", "body.model: union_type"},
        {R"("model":"")", "body.model: string_too_short"},
        {R"("model":[])", "body.model: too_short"},
        {R"("model":[1])", "body.model.0: union_type"},
        {R"("model":{"name":"x","model":"m"})", "body.model.name: extra_forbidden"},
        {R"("model":{"settings":null})", "body.model.model: missing"},
        {R"("model":{"model":"m","settings":{"temperature":"x"}})", "body.model.settings.temperature: float_type"},
        {R"("model":{"model":"m","settings":{"attributes":null}})", "body.model.settings.attributes: dict_type"},
        {R"("model":{"model":"m","settings":{"truncation":"some"}})", "body.model.settings.truncation: literal_error"},
        {R"("model":{"model":"m","settings":{"reasoning":{"effort":"huge"}}})",
         "body.model.settings.reasoning.effort: literal_error"},
        {R"("messages":"hi")", "body.messages: list_type"},
        {R"("messages":[])", "body.messages: too_short"},
        {R"("stream":1)", "body.stream: bool_type"},
        {R"("stream":true,"stream_options":[])", "body.stream_options: model_attributes_type"},
        {R"("stream":true,"stream_options":{"include_usage":"yes"})", "body.stream_options.include_usage: bool_type"},
        {R"("n":0)", "body.n: greater_than_equal"},
        {R"("n":129)", "body.n: less_than_equal"},
        {R"("n":"1")", "body.n: int_type"},
        {R"("n":1.5)", "body.n: int_from_float"},
        {R"("stop":5)", "body.stop: union_type"},
        {R"("stop":["a","b","c","d","e"])", "body.stop: too_long"},
        {R"("stop":[1])", "body.stop.0: string_type"},
        {R"("max_tokens":0)", "body.max_tokens: greater_than_equal"},
        {R"("max_completion_tokens":-1)", "body.max_completion_tokens: greater_than_equal"},
        {R"("temperature":2.1)", "body.temperature: less_than_equal"},
        {R"("temperature":-0.1)", "body.temperature: greater_than_equal"},
        {R"("temperature":"0.5")", "body.temperature: float_type"},
        {R"("top_p":1.01)", "body.top_p: less_than_equal"},
        {R"("top_k":-1)", "body.top_k: greater_than_equal"},
        {R"("frequency_penalty":-2.5)", "body.frequency_penalty: greater_than_equal"},
        {R"("presence_penalty":3)", "body.presence_penalty: less_than_equal"},
        {R"("logit_bias":{"5":101})", "body.logit_bias.5: less_than_equal"},
        {R"("logit_bias":[])", "body.logit_bias: dict_type"},
        {R"("logprobs":"true")", "body.logprobs: bool_type"},
        {R"("logprobs":true,"top_logprobs":21)", "body.top_logprobs: less_than_equal"},
        {R"("seed":18446744073709551615)", "body.seed: less_than_equal"},
        {R"("seed":0.5)", "body.seed: int_from_float"},
        {R"("user":1)", "body.user: string_type"},
        {R"("store":0)", "body.store: bool_type"},
        {R"("service_tier":1)", "body.service_tier: string_type"},
        {R"("verbosity":"loud")", "body.verbosity: literal_error"},
        {R"("reasoning_effort":"huge")", "body.reasoning_effort: literal_error"},
        {R"("modalities":["video"])", "body.modalities.0: literal_error"},
        {R"("audio":{"voice":"alloy"})", "body.audio.format: missing"},
        {R"("audio":{"voice":{"name":"x"},"format":"mp3"})", "body.audio.voice.id: missing"},
        {R"("audio":{"voice":"alloy","format":"ogg"})", "body.audio.format: literal_error"},
        {R"("prediction":{"type":"text","content":"x"})", "body.prediction.type: literal_error"},
        {R"("prediction":{"type":"content","content":[]})", "body.prediction.content: too_short"},
        {R"("parallel_tool_calls":"no")", "body.parallel_tool_calls: bool_type"},
        {R"("functions":[{}])", "body.functions.0.name: missing"},
        {R"("function_call":{})", "body.function_call.name: missing"},
        {R"("prompt_cache_key":{})", "body.prompt_cache_key: string_type"},
        {R"("prompt_cache_retention":"1h")", "body.prompt_cache_retention: literal_error"},
        {R"("web_search_options":{"search_context_size":"all"})",
         "body.web_search_options.search_context_size: literal_error"},
    });
}

TEST_CASE("metadata and identifiers have their limits")
{
    const std::string long_value = R"("metadata":{"k":")" + std::string(513, 'v') + "\"}";
    const std::string long_key = R"("metadata":{")" + std::string(65, 'k') + R"(":"v"})";
    const std::string long_key_problem = "body.metadata." + std::string(65, 'k') + ".[key]: string_too_long";
    std::string many = R"("metadata":{"k":"v")";
    for (int i = 0; i < 16; ++i)
        many.append(",\"k").append(std::to_string(i)).append("\":\"v\"");
    many.append("}");
    const std::string long_id = R"("safety_identifier":")" + std::string(65, 'i') + "\"";
    check_refused({
        {R"("metadata":[])", "body.metadata: dict_type"},
        {long_value.c_str(), "body.metadata.k: string_too_long"},
        {long_key.c_str(), long_key_problem.c_str()},
        {many.c_str(), "body.metadata: too_long"},
        {long_id.c_str(), "body.safety_identifier: string_too_long"},
    });
    // Limits count characters, not bytes.
    const std::string umlauts = R"("safety_identifier":")" + repeated(64, "\xc3\xbc") + "\"";
    check_accepted({umlauts.c_str(), R"("metadata":{"k":"v","n":5})"});
}

TEST_CASE("response formats are checked")
{
    const std::string long_name =
        R"("response_format":{"type":"json_schema","json_schema":{"name":")" + std::string(65, 'n') + "\"}}";
    check_refused({
        {R"("response_format":"json")", "body.response_format: model_attributes_type"},
        {R"("response_format":{})", "body.response_format: union_tag_not_found"},
        {R"("response_format":{"type":"xml"})", "body.response_format: union_tag_invalid"},
        {R"("response_format":{"type":"json_schema"})", "body.response_format.json_schema: missing"},
        {R"("response_format":{"type":"json_schema","json_schema":{}})",
         "body.response_format.json_schema.name: missing"},
        {R"("response_format":{"type":"json_schema","json_schema":{"name":"a b"}})",
         "body.response_format.json_schema.name: string_pattern_mismatch"},
        {long_name.c_str(), "body.response_format.json_schema.name: string_pattern_mismatch"},
        {R"("response_format":{"type":"json_schema","json_schema":{"name":"a","schema":[]}})",
         "body.response_format.json_schema.schema: dict_type"},
        {R"("response_format":{"type":"json_schema","json_schema":{"name":"a","strict":1}})",
         "body.response_format.json_schema.strict: bool_type"},
    });
}

TEST_CASE("messages are checked by their role")
{
    const std::vector<std::pair<std::string, const char*>> cases{
        {message(R"("content":"x")"), "body.messages.0: union_tag_not_found"},
        {message(R"("role":"bot","content":"x")"), "body.messages.0: union_tag_invalid"},
        {message(R"("role":5,"content":"x")"), "body.messages.0: union_tag_not_found"},
        {message(R"("role":"user")"), "body.messages.0.content: missing"},
        {message(R"("role":"user","content":null)"), "body.messages.0.content: union_type"},
        {message(R"("role":"user","content":[])"), "body.messages.0.content: too_short"},
        {message(R"("role":"user","content":"x","name":null)"), "body.messages.0.name: string_type"},
        {message(R"("role":"system")"), "body.messages.0.content: missing"},
        {message(R"("role":"developer","content":5)"), "body.messages.0.content: union_type"},
        {message(R"("role":"system","content":[{"type":"image_url","image_url":{"url":"u"}}])"),
         "body.messages.0.content.0: union_tag_invalid"},
        {message(R"("role":"user","content":[{"text":"x"}])"), "body.messages.0.content.0: union_tag_not_found"},
        {message(R"("role":"user","content":[{"type":"text"}])"), "body.messages.0.content.0.text: missing"},
        {message(R"("role":"user","content":[{"type":"image_url","image_url":"u"}])"),
         "body.messages.0.content.0.image_url: model_attributes_type"},
        {message(R"("role":"user","content":[{"type":"image_url","image_url":{"url":""}}])"),
         "body.messages.0.content.0.image_url.url: string_too_short"},
        {message(R"("role":"user","content":[{"type":"image_url","image_url":{"url":"u","detail":"max"}}])"),
         "body.messages.0.content.0.image_url.detail: literal_error"},
        {message(R"("role":"user","content":[{"type":"input_audio","input_audio":{"data":"AAAA","format":"ogg"}}])"),
         "body.messages.0.content.0.input_audio.format: literal_error"},
        {message(R"("role":"user","content":[{"type":"input_audio","input_audio":{"data":"?","format":"wav"}}])"),
         "body.messages.0.content.0.input_audio.data: string_pattern_mismatch"},
        {message(R"("role":"user","content":[{"type":"file","file":{"filename":"a"}}])"),
         "body.messages.0.content.0.file: value_error"},
        {message(R"("role":"user","content":[{"type":"refusal","refusal":"no"}])"),
         "body.messages.0.content.0: union_tag_invalid"},
        {message(R"("role":"assistant")"), "body.messages.0.content: missing"},
        {message(R"("role":"assistant","content":"x","tool_calls":[])"), "body.messages.0.tool_calls: too_short"},
        {message(R"("role":"assistant","content":"x","tool_calls":null)"), "body.messages.0.tool_calls: list_type"},
        {message(R"("role":"assistant","content":"x","audio":{})"), "body.messages.0.audio.id: missing"},
        {message(R"("role":"assistant","content":"x","refusal":1)"), "body.messages.0.refusal: string_type"},
        {message(R"("role":"assistant","function_call":{"name":"f"})"),
         "body.messages.0.function_call.arguments: missing"},
        {message(
             R"("role":"assistant","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":{}}}])"
         ),
         "body.messages.0.tool_calls.0.function.arguments: string_type"},
        {message(R"("role":"assistant","tool_calls":[{"id":"c","function":{"name":"f","arguments":""}}])"),
         "body.messages.0.tool_calls.0: union_tag_not_found"},
        {message(R"("role":"assistant","tool_calls":[{"type":"function","function":{"name":"f","arguments":""}}])"),
         "body.messages.0.tool_calls.0.id: missing"},
        {message(R"("role":"assistant","tool_calls":[{"id":"c","type":"custom","custom":{"name":"f"}}])"),
         "body.messages.0.tool_calls.0.custom.input: missing"},
        {message(R"("role":"tool","content":"x")"), "body.messages.0.tool_call_id: missing"},
        {message(R"("role":"tool","tool_call_id":"c")"), "body.messages.0.content: missing"},
        {message(R"("role":"tool","tool_call_id":"c","content":{"a":1})"), "body.messages.0.content: union_type"},
        {message(R"("role":"function","name":"f")"), "body.messages.0.content: missing"},
        {message(R"("role":"function","content":"x")"), "body.messages.0.name: missing"},
    };
    std::vector<refused_case> refused;
    for (const auto& [members, problem] : cases)
        refused.push_back({members.c_str(), problem});
    check_refused(refused);
}

TEST_CASE("tools and their choice are checked")
{
    check_refused({
        {R"("tools":{})", "body.tools: list_type"},
        {R"("tools":[{"type":"function"}])", "body.tools.0.function: missing"},
        {R"("tools":[{"type":"magic"}])", "body.tools.0: union_tag_invalid"},
        {R"("tools":[{"type":"function","function":{}}])", "body.tools.0.function.name: missing"},
        {R"("tools":[{"type":"function","function":{"name":"a b"}}])",
         "body.tools.0.function.name: string_pattern_mismatch"},
        {R"("tools":[{"type":"function","function":{"name":"a","parameters":"{}"}}])",
         "body.tools.0.function.parameters: dict_type"},
        {R"("tools":[{"type":"function","function":{"name":"a","description":null}}])",
         "body.tools.0.function.description: string_type"},
        {R"("tools":[{"type":"custom","custom":{"name":"a","format":{"type":"grammar"}}}])",
         "body.tools.0.custom.format.grammar: missing"},
        {R"("tools":[{"type":"custom","custom":{"name":"a","format":{"type":"grammar","grammar":{"definition":"x","syntax":"y"}}}}])",
         "body.tools.0.custom.format.grammar.syntax: literal_error"},
        {R"("tool_choice":"maybe")", "body.tool_choice: literal_error"},
        {R"("tool_choice":1)", "body.tool_choice: union_type"},
        {R"("tool_choice":{})", "body.tool_choice: union_tag_not_found"},
        {R"("tool_choice":{"type":"some"})", "body.tool_choice: union_tag_invalid"},
        {R"("tool_choice":{"type":"tool"})", "body.tool_choice.name: missing"},
        {R"("tool_choice":{"type":"any","disable_parallel_tool_use":1})",
         "body.tool_choice.disable_parallel_tool_use: bool_type"},
        {R"("tool_choice":{"type":"function"})", "body.tool_choice.function: missing"},
        {R"("tool_choice":{"type":"function","function":{}})", "body.tool_choice.function.name: missing"},
        {R"("tool_choice":{"type":"custom","custom":{}})", "body.tool_choice.custom.name: missing"},
        {R"("tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"none","tools":[{}]}})",
         "body.tool_choice.allowed_tools.mode: literal_error"},
        {R"("tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[]}})",
         "body.tool_choice.allowed_tools.tools: too_short"},
    });
}

TEST_CASE("provider members are checked")
{
    check_refused({
        {R"("system_instruction":5)", "body.system_instruction: union_type"},
        {R"("generation_config":[])", "body.generation_config: dict_type"},
        {R"("safety_settings":[{"category":"DANGEROUS_CONTENT"}])", "body.safety_settings.0.threshold: missing"},
        {R"("tool_config":"x")", "body.tool_config: dict_type"},
        {R"("cached_content":1)", "body.cached_content: string_type"},
        {R"("thinking":{"type":"enabled"})", "body.thinking.budget_tokens: missing"},
        {R"("thinking":{"type":"enabled","budget_tokens":1023})", "body.thinking.budget_tokens: greater_than_equal"},
        {R"("thinking":{"type":"maybe"})", "body.thinking: union_tag_invalid"},
        {R"("cache_control":{"type":"forever"})", "body.cache_control.type: literal_error"},
        {R"("cache_control":{"type":"ephemeral","ttl":"2h"})", "body.cache_control.ttl: literal_error"},
        {R"("container":1)", "body.container: string_type"},
        {R"("inference_geo":1)", "body.inference_geo: string_type"},
        {R"("output_config":1)", "body.output_config: dict_type"},
        {R"("speed":"slow")", "body.speed: literal_error"},
        {R"("search_parameters":{"mode":"maybe"})", "body.search_parameters.mode: literal_error"},
        {R"("deferred":[])", "body.deferred: bool_type"},
        {R"("prompt_mode":"x")", "body.prompt_mode: literal_error"},
        {R"("safe_prompt":1)", "body.safe_prompt: bool_type"},
    });
}

TEST_CASE("orchestration members are checked")
{
    check_refused({
        {R"("mcp_servers":5)", "body.mcp_servers: union_type"},
        {R"("mcp_servers":[5])", "body.mcp_servers.0: union_type"},
        {R"("mcp_servers":{"name":"a"})", "body.mcp_servers: value_error"},
        {R"("mcp_servers":{"slug":"a/b","url":"https://h"})", "body.mcp_servers: value_error"},
        {R"("mcp_servers":{"slug":"ab"})", "body.mcp_servers.slug: string_pattern_mismatch"},
        {R"("mcp_servers":{"url":"ftp://h"})", "body.mcp_servers.url: string_pattern_mismatch"},
        {R"("mcp_servers":[{"slug":"a/b","connection":"c"}])", "body.mcp_servers.0.connection: extra_forbidden"},
        {R"("mcp_servers":{"slug":"a/b","credentials":{"c":1}})", "body.mcp_servers.credentials.c: string_type"},
        {R"("credentials":"x")", "body.credentials: union_type"},
        {R"("credentials":{"values":{}})", "body.credentials.connection_name: missing"},
        {R"("credentials":[{"connection_name":"c"}])", "body.credentials.0.values: missing"},
        {R"("credentials":{"connection_name":"c","values":{"k":null}})", "body.credentials.values.k: union_type"},
        {R"("credentials":{"connection_name":"c","values":{},"more":1})", "body.credentials.more: extra_forbidden"},
        {R"("automatic_tool_execution":null)", "body.automatic_tool_execution: bool_type"},
        {R"("max_turns":0)", "body.max_turns: greater_than_equal"},
        {R"("max_turns":101)", "body.max_turns: less_than_equal"},
        {R"("model_attributes":{"m":{"cost":1.5}})", "body.model_attributes.m.cost: less_than_equal"},
        {R"("model_attributes":{"m":0.5})", "body.model_attributes.m: dict_type"},
        {R"("agent_attributes":{"a":-0.5})", "body.agent_attributes.a: greater_than_equal"},
        {R"("guardrails":{})", "body.guardrails: list_type"},
        {R"("handoff_config":[])", "body.handoff_config: dict_type"},
        {R"("handoff_mode":"auto")", "body.handoff_mode: bool_type"},
        {R"("correlation_id":5)", "body.correlation_id: string_type"},
        {R"("deferred_calls":{})", "body.deferred_calls: list_type"},
        {R"("deferred_calls":[{"name":"n"}])", "body.deferred_calls.0.id: missing"},
        {R"("deferred_calls":[{"id":"i"}])", "body.deferred_calls.0.name: missing"},
        {R"("deferred_calls":[{"id":"i","name":"n","arguments":"{}"}])", "body.deferred_calls.0.arguments: dict_type"},
        {R"("deferred_calls":[{"id":"i","name":"n","venue":"moon"}])", "body.deferred_calls.0.venue: literal_error"},
        {R"("deferred_calls":[{"id":"i","name":"n","dependencies":[1]}])",
         "body.deferred_calls.0.dependencies.0: string_type"},
        {R"("deferred_calls":[{"id":"i","name":"n","blocked_by":"x"}])", "body.deferred_calls.0.blocked_by: list_type"},
    });
}

TEST_CASE("valid members of every kind are accepted")
{
    check_accepted({
        R"("model":["a",{"model":"b","settings":{"temperature":0.2,"reasoning":{"effort":"low"},"made_up":1}}])",
        R"("model":{"model":"b","settings":null})",
        R"("stream":null,"n":null,"stop":null,"temperature":null,"tools":null,"messages":null)",
        R"("n":2.0)",
        R"("stop":["a","b","c","d"])",
        R"("temperature":0,"top_p":1,"top_k":0,"frequency_penalty":-2,"presence_penalty":2)",
        R"("seed":-5)",
        R"("seed":9223372036854775807)",
        R"("logprobs":true,"top_logprobs":20)",
        R"("service_tier":"anything","verbosity":"low","reasoning_effort":"xhigh")",
        R"("modalities":["text","audio"],"audio":{"voice":{"id":"v"},"format":"pcm16"})",
        R"("response_format":{"type":"text"})",
        R"("tools":[{"function":{"name":"f"}}],"tool_choice":"none")",
        R"("tools":[{"type":"function","function":{"name":"f","parameters":{},"strict":null}}],"tool_choice":"any")",
        R"("tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":{"type":"tool","name":"f"})",
        R"("tools":[{"type":"custom","custom":{"name":"c","format":{"type":"grammar","grammar":{"definition":"x","syntax":"lark"}}}}],"tool_choice":{"type":"custom","custom":{"name":"c"}})",
        R"("tool_choice":{"type":"auto","disable_parallel_tool_use":true})",
        R"("functions":[{"name":"f","parameters":{}}],"function_call":"auto")",
        R"("thinking":{"type":"adaptive"},"cache_control":{"type":"ephemeral","ttl":"1h"},"container":"c")",
        R"("mcp_servers":"github:user/repo")",
        R"("mcp_servers":["a/b",{"name":"n","slug":"a/b","version":"v1"},{"url":"https://h/mcp","credentials":null}])",
        R"("credentials":[{"connection_name":"c","values":{"a":"x","b":25,"c":true}}])",
        R"("automatic_tool_execution":false,"max_turns":100,"handoff_mode":null,"correlation_id":null)",
        R"("deferred_calls":[{"id":"i","name":"n","arguments":{},"venue":"client","unknown":[1]}])",
        R"("made_up":{"by":["the","client"]})",
    });
}

TEST_CASE("valid messages of every kind are accepted")
{
    check_accepted({
        R"("messages":[{"role":"developer","content":[{"type":"text","text":"a"}]},{"role":"system","content":"b"}])",
        R"("messages":[{"role":"user","name":"ann","content":[{"type":"text","text":"a"},
            {"type":"image_url","image_url":{"url":"https://h/a.png","detail":"low"}},
            {"type":"input_audio","input_audio":{"data":"UklGRg==","format":"wav"}},
            {"type":"file","file":{"filename":"a.pdf","file_data":"JVBERi0="}},
            {"type":"file","file":{"file_id":"f"}}]}])",
        R"("messages":[{"role":"assistant","content":[{"type":"refusal","refusal":"no"}],"audio":{"id":"a"},
            "function_call":null,"reasoning_content":"because","made_up":1}])",
        R"("messages":[{"role":"assistant","content":null}])",
        R"("messages":[{"role":"assistant","function_call":{"name":"f","arguments":"{}"}},
            {"role":"function","name":"f","content":null}])",
        R"("messages":[{"role":"assistant","tool_calls":[
            {"id":"c","type":"function","function":{"name":"f","arguments":"not json"},"thought_signature":"c2ln"},
            {"id":"d","type":"custom","custom":{"name":"g","input":"1+1"}}]},
            {"role":"tool","tool_call_id":"d","content":[{"type":"text","text":"2"}]},
            {"role":"tool","tool_call_id":"c","content":"found"}])",
    });
}

TEST_CASE("all problems of a request are listed, up to a hundred")
{
    server tested({.tls = false});
    raw_http_client client(tested);
    const http_answer several = client.post(std::string_view(R"({"n":0,"messages":[{"role":"user"}],"stream":"x"})"));
    CHECK(
        problems(several) ==
        std::vector<std::string>{
            "body.model: missing",
            "body.messages.0.content: missing",
            "body.stream: bool_type",
            "body.n: greater_than_equal"}
    );
    json::array messages(150, json::value(1));
    const http_answer many = client.post(json::object{{"model", "m"}, {"messages", messages}});
    CHECK(many.json().at("detail").as_array().size() == 100);
}

TEST_CASE("an invalid request uses up no scripted reply")
{
    server tested({.tls = false});
    tested.enqueue(dedalus::testing::text_reply("scripted"));
    raw_http_client client(tested);
    CHECK(client.post(std::string_view("{}")).status == 422);
    const http_answer answer = client.post(std::string_view(R"({"model":"m"})"));
    CHECK(answer.json().at("choices").at(0).at("message").at("content") == "scripted");
    CHECK(tested.requests().size() == 2);
}

TEST_CASE("a long text is checked without trouble")
{
    server tested({.tls = false});
    raw_http_client client(tested);
    const std::string data(4'000'000, 'A');
    const http_answer answer = client.post(request_with(message(
        R"("role":"user","content":[{"type":"input_audio","input_audio":{"format":"wav","data":")" + data + "\"}}]"
    )));
    CHECK(answer.status == 200);
}

TEST_CASE("every request fixture is answered as the schema says")
{
    // In the forms of others, or with types that no schema knows.
    const std::map<std::string, std::vector<std::string>> refused{
        {"mistral_parts.json",
         {"body.messages.0.content.0.image_url: model_attributes_type",
          "body.messages.0.content.1.input_audio: model_attributes_type",
          "body.messages.0.content.2.file: missing"}},
        {"unknown_members.json",
         {"body.messages.0.content.1: union_tag_invalid",
          "body.messages.1: union_tag_invalid",
          "body.response_format: union_tag_invalid",
          "body.tools.1: union_tag_invalid",
          "body.tool_choice: union_tag_invalid"}},
    };
    server tested({.tls = false});
    raw_http_client client(tested);
    for (const std::string& name : test::fixture_names("request")) {
        CAPTURE(name);
        const http_answer answer = client.post(test::fixture_text("request/" + name));
        INFO(answer.body);
        if (refused.contains(name)) {
            CHECK(answer.status == 422);
            CHECK(problems(answer) == refused.at(name));
        }
        else {
            CHECK(answer.status == 200);
        }
    }
}

TEST_CASE("a budget for thinking has to fit into the tokens of the answer")
{
    server tested({.tls = false});
    raw_http_client client(tested);
    const auto answer = [&](const char* limits) {
        return client.post(request_with(std::string(R"("thinking":{"type":"enabled","budget_tokens":2048})") + limits));
    };
    CHECK(answer("").status == 200);
    CHECK(answer(R"(,"max_tokens":2049)").status == 200);
    for (const char* limits : {R"(,"max_tokens":2048)", R"(,"max_completion_tokens":100)"}) {
        const http_answer refused = answer(limits);
        CHECK(refused.status == 400);
        CHECK(refused.json().at("error").at("param") == "thinking.budget_tokens");
    }
}

}  // namespace testserver_validation_test
