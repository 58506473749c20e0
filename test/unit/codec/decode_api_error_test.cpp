#include "codec/decode_api_error.hpp"

#include "support/catch.hpp"

#include <boost/json/parse.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace decode_api_error_test {

namespace json = boost::json;
using namespace dedalus;

namespace {

api_error_details decoded(std::string_view body, int status = 400)
{
    api_error_details details;
    details.status = status;
    codec::decode_api_error(body, details);
    return details;
}

}  // namespace

TEST_CASE("every shape of an error body gives its message and its attributes")
{
    struct row
    {
        std::string_view body;
        std::string message;
        std::string type;
        std::string api_code;
        std::string param;
    };

    const std::vector<row> rows{
        // the error object of the documents
        {R"({"error":{"message":"m","type":"invalid_request_error","code":"invalid_api_key","param":"model"}})",
         "m",
         "invalid_request_error",
         "invalid_api_key",
         "model"},
        {R"({"error":{"message":"m","type":"t","code":null,"param":null}})", "m", "t", "", ""},
        {R"({"error":{"message":"m","code":429}})", "m", "", "429", ""},
        {R"({"error":{"message":"m"},"type":"outer","code":7,"param":"p"})", "m", "outer", "7", "p"},
        {R"({"error":{"message":"m"},"message":"other","detail":"other"})", "m", "", "", ""},
        // validation
        {R"({"detail":[{"type":"model_attributes_type","loc":["body","tool_choice"],"msg":"Input should be","input":"auto"}]})",
         "body.tool_choice: Input should be",
         "model_attributes_type",
         "",
         ""},
        {R"({"detail":[{"loc":["body","messages",0,"role"],"msg":"x"},{"loc":[],"msg":"y"}]})",
         "body.messages.0.role: x",
         "",
         "",
         ""},
        {R"({"detail":[{"msg":"no place"}]})", "no place", "", "", ""},
        {R"({"detail":["a text"]})", "a text", "", "", ""},
        // an error inside detail
        {R"({"detail":{"error":{"message":"m","type":"validation_error","code":"c"}}})",
         "m",
         "validation_error",
         "c",
         ""},
        {R"({"detail":{"message":"m","code":"c"}})", "m", "", "c", ""},
        // detail as a text
        {R"({"detail":"Unauthorized"})", "Unauthorized", "", "", ""},
        // message as a text or as validation
        {R"({"message":"m","type":"t"})", "m", "t", "", ""},
        {R"({"message":{"detail":[{"loc":["body","n"],"msg":"x","type":"int_type"}]},"type":"invalid_request_error"})",
         "body.n: x",
         "invalid_request_error",
         "",
         ""},
        // flat
        {R"({"message":"m","code":"c","param":"p","type":"t"})", "m", "t", "c", "p"},
        {R"({"object":"error","message":"m","code":40303})", "m", "", "40303", ""},
        // the object in a list (Google's endpoint for OpenAI's API)
        {R"([{"error":{"message":"m","code":400,"status":"INVALID_ARGUMENT"}}])", "m", "", "400", ""},
        // error as a text
        {R"({"error":"m"})", "m", "", "", ""},
        {R"({"error":"m","code":"c"})", "m", "", "c", ""},
        // a list of errors
        {R"({"errors":[{"message":"m","code":"c"},{"message":"n"}]})", "m", "", "c", ""},
        {R"({"errors":["m","n"],"type":"t"})", "m", "t", "", ""},
        // the order
        {R"({"error":"first","detail":"second","message":"third"})", "first", "", "", ""},
        {R"({"detail":{"error":{"message":"first"}},"message":"second"})", "first", "", "", ""},
        {R"({"detail":[{"loc":["a"],"msg":"first"}],"message":"second"})", "a: first", "", "", ""},
        {R"({"error":{"message":"","type":"t"},"message":"words"})", "words", "t", "", ""},
        // attributes without words
        {R"({"error":{"type":"t","code":"c"}})", R"({"error":{"type":"t","code":"c"}})", "t", "c", ""},
        {R"({"error":true})", R"({"error":true})", "", "", ""},
        {R"({})", "{}", "", "", ""},
        {R"({"detail":[]})", R"({"detail":[]})", "", "", ""},
        {R"({"errors":[]})", R"({"errors":[]})", "", "", ""},
        {R"({"message":7,"detail":null,"error":null})", R"({"message":7,"detail":null,"error":null})", "", "", ""},
        // other JSON, text, markup, nothing
        {R"("a JSON \u0074ext")", "a JSON text", "", "", ""},
        {R"([1,2])", "[1,2]", "", "", ""},
        {"upstream connect error\r\n", "upstream connect error", "", "", ""},
        {R"({"error":{"message":"cut)", R"({"error":{"message":"cut)", "", "", ""},
        {"<html><body>Bad Gateway</body></html>", "HTTP 400", "", "", ""},
        {"\n <!DOCTYPE html>", "HTTP 400", "", "", ""},
        {"<?xml version=\"1.0\"?><Error/>", "HTTP 400", "", "", ""},
        {"", "HTTP 400", "", "", ""},
        {" \r\n\t", "HTTP 400", "", "", ""},
        {R"("")", "HTTP 400", "", "", ""},
    };
    for (const auto& [body, message, type, api_code, param] : rows) {
        CAPTURE(body);
        const api_error_details details = decoded(body);
        CHECK(details.message == message);
        CHECK(details.type == type);
        CHECK(details.api_code == api_code);
        CHECK(details.param == param);
        CHECK(details.status == 400);
    }
}

TEST_CASE("all items of a validation error are given")
{
    const std::vector<validation_item> expected{{"body.a", "x", "t", "1", R"({"a":2})"}, {"", "y", ""}};
    CHECK(
        decoded(R"({"detail":[{"loc":["body","a"],"msg":"x","type":"t","input":1,"ctx":{"a":2}},"y",7]})").validation ==
        expected
    );
    CHECK(
        decoded(
            R"({"message":{"detail":[{"loc":["body","a"],"msg":"x","type":"t","input":1,"ctx":{"a":2}},{"msg":"y"}]}})"
        )
            .validation == expected
    );
    CHECK(decoded(R"({"detail":"text"})").validation.empty());
}

TEST_CASE("a message made of the body is shortened between characters")
{
    CHECK(decoded(std::string(500, 'a')).message == std::string(500, 'a'));
    CHECK(decoded(std::string(501, 'a')).message == std::string(500, 'a'));
    CHECK(decoded(std::string(499, 'a') + "\xE2\x82\xAC").message == std::string(499, 'a'));
    CHECK(decoded(R"({"error":{"message":")" + std::string(600, 'a') + R"("}})").message.size() == 600);
}

TEST_CASE("a body nested beyond all measure is taken as text")
{
    const std::string body = R"({"error":)" + std::string(1000, '[') + std::string(1000, ']') + "}";
    CHECK(decoded(body).message == body.substr(0, 500));
}

TEST_CASE("an object is an error when its error member says something")
{
    for (const std::string_view text :
         {R"({"error":{}})",
          R"({"error":"x"})",
          R"({"error":true})",
          R"({"error":1})",
          R"({"error":0.5})",
          R"({"error":[]})"})
        CHECK(codec::is_error_object(json::parse(json::string_view(text)).as_object()));
    for (const std::string_view text :
         {R"({})",
          R"({"error":null})",
          R"({"error":false})",
          R"({"error":0})",
          R"({"error":0.0})",
          R"({"error":""})",
          R"({"message":"x"})"})
        CHECK_FALSE(codec::is_error_object(json::parse(json::string_view(text)).as_object()));
}

}  // namespace decode_api_error_test
