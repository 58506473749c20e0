#include "support/utf8.hpp"

#include "support/catch.hpp"

#include <string>
#include <string_view>

namespace utf8_test {

using dedalus::support::is_utf8;
using dedalus::support::utf8_prefix;

TEST_CASE("well-formed UTF-8 is told from malformed bytes wherever they stand")
{
    const std::string_view good[]{
        "",
        "abc",
        "\x7f",
        "\xC2\x80",
        "\xDF\xBF",
        "\xE0\xA0\x80",
        "\xED\x9F\xBF",
        "\xEE\x80\x80",
        "\xEF\xBF\xBF",
        "\xF0\x90\x80\x80",
        "\xF4\x8F\xBF\xBF",
        "\xEF\xBB\xBF",
    };
    const std::string_view bad[]{
        "\x80",
        "\xBF",
        "\xC0\x80",
        "\xC1\xBF",
        "\xC2",
        "\xC2\x20",
        "\xE0\x9F\xBF",
        "\xE2\x82",
        "\xE2\x82\x20",
        "\xED\xA0\x80",
        "\xED\xBF\xBF",
        "\xF0\x8F\xBF\xBF",
        "\xF0\x9F\x98",
        "\xF0\x9F\x98\x20",
        "\xF4\x90\x80\x80",
        "\xF5\x80\x80\x80",
        "\xFF",
    };
    for (std::size_t before = 0; before < 18; ++before) {
        for (const std::string_view after : {"", "z", "\xC3\xA9", "0123456789abcdef"}) {
            const std::string prefix(before, 'a');
            CAPTURE(before, after);
            for (const std::string_view text : good)
                CHECK(is_utf8(prefix + std::string(text) + std::string(after)));
            for (const std::string_view text : bad)
                CHECK_FALSE(is_utf8(prefix + std::string(text) + std::string(after)));
        }
    }
}

TEST_CASE("a NUL byte is a character")
{
    CHECK(is_utf8(std::string_view("a\0b", 3)));
}

TEST_CASE("a prefix never ends inside a character")
{
    const std::string text = "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80z";
    const std::size_t ends[]{0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11};
    for (std::size_t limit = 0; limit <= 12; ++limit) {
        CAPTURE(limit);
        CHECK(utf8_prefix(text, limit) == text.substr(0, ends[limit]));
    }
}

TEST_CASE("a prefix of bytes that are no UTF-8 loses three of them at most")
{
    const std::string text(100, '\x80');
    CHECK(utf8_prefix(text, 50).size() == 47);
}

}  // namespace utf8_test
