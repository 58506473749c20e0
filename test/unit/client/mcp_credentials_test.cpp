#include "client/mcp_credentials.hpp"

#include <dedalus/error.hpp>

#include "support/catch.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <string>

namespace mcp_credentials_test {

namespace json = boost::json;
using namespace dedalus;

namespace {

json::object object(std::string_view text)
{
    return json::parse(json::string_view(text.data(), text.size())).as_object();
}

/// The body as it is sent, with the reversed plaintext in place of an envelope.
std::string sealed(std::string_view text)
{
    json::object body = object(text);
    json::object map;
    for (const plain_credential& each : take_mcp_credentials(body)) {
        const std::string_view plain = each.values.view();
        map[each.connection_name] = std::string(plain.rbegin(), plain.rend());
    }
    CHECK_FALSE(body.contains("credentials"));
    put_sealed_credentials(body, map);
    return json::serialize(body);
}

std::string servers_of(const std::string& servers)
{
    const json::object body =
        object(sealed(R"({"mcp_servers":)" + servers + R"(,"credentials":{"connection_name":"c","values":{}}})"));
    return json::serialize(body.at("mcp_servers"));
}

std::string refusal_of(const std::string& servers, const std::string& credentials)
{
    json::object body = object(R"({"mcp_servers":)" + servers + R"(,"credentials":)" + credentials + "}");
    try {
        static_cast<void>(take_mcp_credentials(body));
    }
    catch (const invalid_request_error& e) {
        const std::string text = e.what();
        CHECK(text.find("s3cr3t") == std::string::npos);
        return text.substr(0, text.find(": the request cannot be sent"));
    }
    return "none";
}

}  // namespace

TEST_CASE("the map of all credentials goes into every server and the list of them goes away")
{
    CHECK(
        sealed(
            R"({"model":"m","mcp_servers":[{"name":"mail","slug":"acme/mail"},{"name":"own","url":"https://h/mcp"}],)"
            R"("credentials":[{"connection_name":"a","values":{"k":"x"}},)"
            R"({"connection_name":"b","values":{"port":25,"tls":true}}],"max_turns":5})"
        ) ==
        R"({"model":"m","mcp_servers":[)"
        R"({"name":"mail","slug":"acme/mail","credentials":{"a":"}\"x\":\"k\"{","b":"}eurt:\"slt\",52:\"trop\"{"}},)"
        R"({"name":"own","url":"https://h/mcp","credentials":{"a":"}\"x\":\"k\"{","b":"}eurt:\"slt\",52:\"trop\"{"}}],)"
        R"("max_turns":5})"
    );
}

TEST_CASE("servers of every form become objects with a name in a list")
{
    CHECK(servers_of(R"("acme/kb")") == R"([{"slug":"acme/kb","name":"acme/kb","credentials":{"c":"}{"}}])");
    CHECK(
        servers_of(R"(["acme/kb@v1.0.0"])") ==
        R"([{"slug":"acme/kb","version":"v1.0.0","name":"acme/kb","credentials":{"c":"}{"}}])"
    );
    CHECK(
        servers_of(R"("HTTPS://user@h/mcp")") ==
        R"([{"url":"HTTPS://user@h/mcp","name":"HTTPS://user@h/mcp","credentials":{"c":"}{"}}])"
    );
    CHECK(
        servers_of(R"({"url":"http://h/mcp"})") ==
        R"([{"url":"http://h/mcp","name":"http://h/mcp","credentials":{"c":"}{"}}])"
    );
    CHECK(
        servers_of(R"([{"slug":"a/b","version":"2","name":null},{"name":"n","url":"https://h"},"c/d"])") ==
        R"([{"slug":"a/b","version":"2","name":"a/b","credentials":{"c":"}{"}},)"
        R"({"name":"n","url":"https://h","credentials":{"c":"}{"}},)"
        R"({"slug":"c/d","name":"c/d","credentials":{"c":"}{"}}])"
    );
    CHECK(servers_of(R"("@v1")") == R"([{"slug":"@v1","name":"@v1","credentials":{"c":"}{"}}])");
    CHECK(servers_of(R"("a/b@")") == R"([{"slug":"a/b@","name":"a/b@","credentials":{"c":"}{"}}])");
    CHECK(servers_of("[{}]") == R"([{"credentials":{"c":"}{"}}])");
}

TEST_CASE("what a server has in its own credentials stays")
{
    CHECK(
        servers_of(R"([{"name":"n","slug":"a/b","credentials":{"mine":"blob"}},{"slug":"c/d","credentials":null}])") ==
        R"([{"name":"n","slug":"a/b","credentials":{"mine":"blob","c":"}{"}},)"
        R"({"slug":"c/d","credentials":{"c":"}{"},"name":"c/d"}])"
    );
    CHECK(
        refusal_of(R"(["x/y",{"slug":"a/b","credentials":{"c":"blob"}}])", R"({"connection_name":"c","values":{}})") ==
        "mcp_servers[1].credentials: holds a connection name that `credentials` of the request holds as well"
    );
    CHECK(
        refusal_of(R"({"slug":"a/b","credentials":["c"]})", R"({"connection_name":"c","values":{}})") ==
        "mcp_servers[0].credentials: expected an object"
    );
}

TEST_CASE("null and an empty list are no credentials")
{
    for (const char* text : {"{}", R"({"credentials":null})", R"({"credentials":[]})"})
        CHECK_FALSE(has_mcp_credentials(object(text)));
    for (const char* text : {R"({"credentials":{}})", R"({"credentials":[1]})", R"({"credentials":"x"})"})
        CHECK(has_mcp_credentials(object(text)));
}

TEST_CASE("credentials without a server to be for are refused, not sent in plaintext")
{
    for (const char* servers : {"null", "[]"})
        CHECK(
            refusal_of(servers, R"([{"connection_name":"c","values":{"k":"s3cr3t"}}])") ==
            "credentials: there are no mcp_servers that they could be for"
        );
}

TEST_CASE("a credential of another form than documented is refused with its path and without its text")
{
    const std::string one = R"({"connection_name":"c","values":{"k":"s3cr3t"}})";
    CHECK(refusal_of("\"a/b\"", R"("s3cr3t")") == "credentials[0]: expected an object");
    CHECK(refusal_of("\"a/b\"", '[' + one + ",7]") == "credentials[1]: expected an object");
    CHECK(
        refusal_of("\"a/b\"", R"({"values":{"k":"s3cr3t"}})") ==
        "credentials[0].connection_name: expected a text that is not empty"
    );
    CHECK(
        refusal_of("\"a/b\"", R"({"connection_name":"","values":{}})") ==
        "credentials[0].connection_name: expected a text that is not empty"
    );
    CHECK(
        refusal_of("\"a/b\"", R"({"connection_name":"c","values":"s3cr3t"})") ==
        "credentials[0].values: expected an object"
    );
    CHECK(
        refusal_of("\"a/b\"", R"({"connection_name":"c","values":{},"more":"s3cr3t"})") ==
        "credentials[0]: only connection_name and values are known"
    );
    CHECK(
        refusal_of("\"a/b\"", '[' + one + ',' + one + ']') ==
        "credentials[1].connection_name: an earlier credential has the same name"
    );
    CHECK(
        refusal_of("\"a/b\"", R"({"connection_name":"c","values":{"k":")" + std::string(65536, 'x') + "\"}}") ==
        "credentials[0].values: larger than 64 KiB"
    );
    CHECK(refusal_of("[7]", one) == "mcp_servers[0]: expected a text or an object");
    CHECK(refusal_of("true", one) == "mcp_servers[0]: expected a text or an object");
    CHECK(refusal_of("\"a/b\"", one) == "none");
}

}  // namespace mcp_credentials_test
