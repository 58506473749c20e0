#include "protocol/partial_json.hpp"

#include "codec/parse_json.hpp"
#include "support/catch.hpp"

#include <boost/json/memory_resource.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <boost/system/error_code.hpp>

#include <cstddef>
#include <new>
#include <random>
#include <string>
#include <string_view>

namespace partial_json_test {

namespace json = boost::json;

using namespace dedalus;
using protocol::partial_json;

namespace {

const std::string_view documents[] = {
    R"({})",
    R"([])",
    R"("")",
    R"("text")",
    "\"Grüße, 世界 🌍\"",
    R"("\"\\\/\b\f\n\r\t\u00e9\u4e16\ud83c\udf0d end")",
    R"("\u0000")",
    R"(0)",
    R"(-12)",
    R"(1.25e-3)",
    R"([0,-1,18446744073709551615,9223372036854775807,123456789012345678901234567890,0.1,1e300,-2.5E+10])",
    R"(true)",
    R"([true,false,null])",
    R"(  { "a" : [ 1 , { "b" : null } ] , "c" : "d" }  )",
    R"({"a":1,"a":{"b":2},"a":[3]})",
    R"({"a":{"x":1},"b":2,"a":"last"})",
    R"({"":{"\u00e9\n":"é"},"世":[[[[]]],{}]})",
    R"([{"city":"Paris","unit":"c"},{"city":"Lyon"}])",
};

json::value whole(std::string_view text)
{
    boost::system::error_code ec;
    json::value value = codec::parse_json(text, ec);
    REQUIRE_FALSE(ec);
    return value;
}

/// The value so far as text, "-" when there is none.
std::string shown(const partial_json& document)
{
    return document.value() == nullptr ? "-" : json::serialize(*document.value());
}

std::string shown(std::string_view text)
{
    partial_json document;
    document.push(text);
    REQUIRE_FALSE(document.failed());
    return shown(document);
}

bool fails(std::string_view text)
{
    partial_json document;
    document.push(text);
    return document.failed();
}

json::value any_value(std::mt19937& random, int depth);

std::string any_text(std::mt19937& random)
{
    static const std::string_view pieces[] = {"a", "word ", "\"", "\\", "\n", "é", "世", "🌍", "{[,:]}", "\x01"};
    std::string text;
    for (auto count = random() % 6; count > 0; --count)
        text += pieces[random() % std::size(pieces)];
    return text;
}

json::value any_container(std::mt19937& random, int depth)
{
    const auto count = random() % 5;
    if (random() % 2 == 0) {
        json::array list;
        for (auto i = count; i > 0; --i)
            list.push_back(any_value(random, depth - 1));
        return list;
    }
    json::object object;
    for (auto i = count; i > 0; --i)
        object[any_text(random)] = any_value(random, depth - 1);
    return object;
}

json::value any_value(std::mt19937& random, int depth)
{
    if (depth > 0 && random() % 3 != 0)
        return any_container(random, depth);
    switch (random() % 6) {
    case 0:
        return nullptr;
    case 1:
        return random() % 2 == 0;
    case 2:
        return static_cast<std::int64_t>(random()) - 2'000'000'000;
    case 3:
        return static_cast<double>(random() % 1000000) / 1024;
    default:
        return json::value(any_text(random));
    }
}

/// Counts all bytes that were ever asked for.
class counting_resource final : public json::memory_resource
{
public:
    std::size_t bytes = 0;

private:
    void* do_allocate(std::size_t size, std::size_t align) override
    {
        bytes += size;
        return ::operator new(size, std::align_val_t(align));
    }

    void do_deallocate(void* pointer, std::size_t, std::size_t align) override
    {
        ::operator delete(pointer, std::align_val_t(align));
    }

    bool do_is_equal(const json::memory_resource& other) const noexcept override { return this == &other; }
};

std::size_t bytes_for(std::string_view text, std::size_t piece_size)
{
    counting_resource resource;
    {
        partial_json document(text.size(), json::storage_ptr(&resource));
        for (std::size_t at = 0; at < text.size(); at += piece_size)
            document.push(text.substr(at, piece_size));
        REQUIRE(document.complete());
    }
    return resource.bytes;
}

}  // namespace

TEST_CASE("partial JSON: two pieces split anywhere give the value of the whole text")
{
    for (const std::string_view text : documents) {
        const json::value expected = whole(text);
        for (std::size_t at = 0; at <= text.size(); ++at) {
            CAPTURE(text, at);
            partial_json document;
            document.push(text.substr(0, at));
            document.push(text.substr(at));
            document.finish();
            REQUIRE(document.value() != nullptr);
            CHECK(json::serialize(*document.value()) == json::serialize(expected));
            CHECK(document.complete());
            CHECK(document.size() == text.size());
        }
    }
}

TEST_CASE("partial JSON: what is shown of a text does not depend on its split")
{
    for (const std::string_view text : documents) {
        partial_json document;
        for (std::size_t size = 1; size <= text.size(); ++size) {
            CAPTURE(text, size);
            document.push(text.substr(size - 1, 1));
            CHECK(shown(document) == shown(text.substr(0, size)));
        }
        document.finish();
        CHECK(shown(document) == json::serialize(whole(text)));
    }
}

TEST_CASE("partial JSON: any value is the same again byte by byte and in pieces of any size")
{
    std::mt19937 random(20240607);
    for (int round = 0; round < 300; ++round) {
        const std::string text = json::serialize(any_value(random, 5));
        CAPTURE(text);
        partial_json bytes;
        for (const char& byte : text)
            bytes.push({&byte, 1});
        bytes.finish();
        CHECK(shown(bytes) == json::serialize(whole(text)));

        partial_json pieces;
        for (std::size_t at = 0; at < text.size();) {
            const std::size_t size = 1 + random() % 7;
            pieces.push(std::string_view(text).substr(at, size));
            at += size;
        }
        pieces.finish();
        CHECK(shown(pieces) == json::serialize(whole(text)));
    }
}

TEST_CASE("partial JSON: cut strings and open containers are shown, cut numbers, literals and names are not")
{
    CHECK(shown("") == "-");
    CHECK(shown(" \t\r\n ") == "-");
    CHECK(shown("{") == "{}");
    CHECK(shown("[") == "[]");
    CHECK(shown(R"({"ci)") == "{}");
    CHECK(shown(R"({"city")") == "{}");
    CHECK(shown(R"({"city":)") == "{}");
    CHECK(shown(R"({"city":"P)") == R"({"city":"P"})");
    CHECK(shown(R"({"city":"Paris")") == R"({"city":"Paris"})");
    CHECK(shown(R"({"city":"Paris",)") == R"({"city":"Paris"})");
    CHECK(shown(R"({"a":[1,{"b":"c)") == R"({"a":[1,{"b":"c"}]})");
    CHECK(shown("[1") == "[]");
    CHECK(shown("[1,") == "[1]");
    CHECK(shown("[1 ") == "[1]");
    CHECK(shown("[-") == "[]");
    CHECK(shown("[1.5e") == "[]");
    CHECK(shown("[tru") == "[]");
    CHECK(shown("[true") == "[true]");
    CHECK(shown("nul") == "-");
    CHECK(shown("12") == "-");
    CHECK(shown("\"a\\") == R"("a")");
    CHECK(shown(R"("a\u00e)") == R"("a")");
    CHECK(shown(R"("a\u00e9)") == "\"aé\"");
    CHECK(shown(R"("a\ud83c\udf0)") == R"("a")");
    CHECK(shown("\"a\xc3") == R"("a")");
    CHECK(shown("\"a\xf0\x9f\x8c") == R"("a")");
    CHECK(shown(R"({"a":1,"a":)") == R"({"a":1})");
}

TEST_CASE("partial JSON: the end makes a last number whole and finds what is cut")
{
    partial_json number;
    number.push("12");
    CHECK_FALSE(number.complete());
    number.finish();
    CHECK(number.complete());
    CHECK(shown(number) == "12");

    for (const std::string_view cut : {"", "  ", "{", "[1,2", "\"abc", "tru", "-", "{\"a\":1", "\"\xc3"}) {
        CAPTURE(cut);
        partial_json document;
        document.push(cut);
        CHECK_FALSE(document.failed());
        document.finish();
        CHECK(document.failed());
        CHECK(document.value() == nullptr);
    }
}

TEST_CASE("partial JSON: a failure stays and shows nothing")
{
    for (const std::string_view bad :
         {"x",
          "{x",
          "{\"a\" 1}",
          "[1 2]",
          "[1,]",
          "{}{",
          "{} x",
          "\"\x01\"",
          "\"\xff\"",
          "\"\\x\"",
          "\"\\ud800x\"",
          "nulx"})
    {
        CAPTURE(bad);
        partial_json document;
        document.push(bad);
        CHECK(document.failed());
        document.push("{\"a\":1}");
        document.finish();
        CHECK(document.failed());
        CHECK_FALSE(document.complete());
        CHECK(document.value() == nullptr);
    }
    partial_json late;
    late.push(R"({"a":"b")");
    CHECK(shown(late) == R"({"a":"b"})");
    late.push("!");
    CHECK(late.failed());
    CHECK(late.value() == nullptr);
}

TEST_CASE("partial JSON: depth and size are bounded")
{
    CHECK_FALSE(fails(std::string(partial_json::max_depth, '[')));
    CHECK(fails(std::string(partial_json::max_depth + 1, '[')));
    CHECK(fails(std::string(1'000'000, '[')));

    partial_json document(7);
    document.push("[1,2,3]");
    CHECK(document.complete());
    document.push(" ");
    CHECK(document.failed());
}

TEST_CASE("partial JSON: after a whole document there may be white space, and nothing else")
{
    partial_json document;
    document.push("{}");
    CHECK(document.complete());
    document.push(" \n");
    document.push("\t");
    CHECK(document.complete());
    CHECK(shown(document) == "{}");
    document.push(",");
    CHECK(document.failed());
}

TEST_CASE("partial JSON: only what is new of a growing text is pushed")
{
    partial_json document;
    document.push_rest_of("[1,");
    document.push_rest_of("[1,");
    document.push_rest_of("[1,2]");
    document.push_rest_of("[1");
    CHECK(shown(document) == "[1,2]");
    CHECK(document.size() == 5);
}

TEST_CASE("partial JSON: the value stays at its place, also when the document is moved")
{
    partial_json document;
    document.push("{\"a\":\"");
    const json::value* const first = document.value();
    document.push("b\",\"c\":[1,2,3],");
    partial_json moved(std::move(document));
    moved.push("\"d\":{}}");
    CHECK(moved.value() == first);
    CHECK(shown(moved) == R"({"a":"b","c":[1,2,3],"d":{}})");
}

TEST_CASE("partial JSON: the memory asked for is linear in the text, however it is split")
{
    const auto text_of = [](std::size_t count) {
        std::string text = "{\"list\":[";
        for (std::size_t i = 0; i < count; ++i)
            text += R"({"name":"some text","number":12},)";
        text += "0],\"text\":\"" + std::string(count * 30, 'x') + "\"}";
        return text;
    };
    const std::string small = text_of(200);
    const std::string large = text_of(2000);
    for (const std::size_t piece_size : {std::size_t(1), std::size_t(7), large.size()}) {
        CAPTURE(piece_size);
        const std::size_t for_small = bytes_for(small, piece_size);
        const std::size_t for_large = bytes_for(large, piece_size);
        CHECK(for_large < 16 * for_small);     // ten times the text
        CHECK(for_large < 30 * large.size());  // a copy for each piece would be thousands
    }
}

}  // namespace partial_json_test
