#include <dedalus/http_headers.hpp>

#include "support/catch.hpp"

namespace http_headers_test {

using dedalus::http_headers;

TEST_CASE("header names compare without regard to ASCII case only")
{
    const http_headers headers = {{"Content-Type", "a"}, {"X_\xC3\x84", "b"}};
    CHECK(headers.find("content-TYPE") == "a");
    CHECK(headers.contains("CONTENT-TYPE"));
    CHECK(headers.find("x_\xC3\x84") == "b");
    CHECK(headers.find("x_\xC3\xA4") == std::nullopt);
    CHECK(headers.find("Content-Typ") == std::nullopt);
    CHECK(headers.find("") == std::nullopt);
}

TEST_CASE("letters differ from the marks 32 places beside them")
{
    const http_headers headers = {{"a@[", "x"}};
    CHECK(headers.contains("A@["));
    CHECK_FALSE(headers.contains("a`["));
    CHECK_FALSE(headers.contains("a@{"));
}

TEST_CASE("add keeps fields of the same name, in order, and find gives the first")
{
    http_headers headers;
    CHECK(headers.empty());
    headers.add("Set-Cookie", "1");
    headers.add("Other", "x");
    headers.add("set-cookie", "2");
    CHECK(headers.size() == 3);
    CHECK(headers.find("SET-COOKIE") == "1");
    CHECK((headers == http_headers{{"Set-Cookie", "1"}, {"Other", "x"}, {"set-cookie", "2"}}));
}

TEST_CASE("set replaces all fields of the name at the place of the first")
{
    http_headers headers = {{"a", "1"}, {"B", "2"}, {"A", "3"}, {"c", "4"}, {"a", "5"}};
    headers.set("A", "new");
    CHECK((headers == http_headers{{"A", "new"}, {"B", "2"}, {"c", "4"}}));
    headers.set("d", "6");
    CHECK((headers == http_headers{{"A", "new"}, {"B", "2"}, {"c", "4"}, {"d", "6"}}));
}

TEST_CASE("erase removes all fields of the name, also when the name is a view of one of them")
{
    http_headers headers = {{"a", "1"}, {"B", "2"}, {"A", "3"}};
    CHECK(headers.erase("missing") == 0);
    CHECK(headers.erase(headers.begin()->name) == 2);
    CHECK((headers == http_headers{{"B", "2"}}));
}

}  // namespace http_headers_test
