#include "crypto/secret.hpp"

#include "support/catch.hpp"

#include <boost/json/monotonic_resource.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <array>
#include <cstring>
#include <string>
#include <utility>

namespace secret_test {

namespace json = boost::json;
using namespace dedalus::crypto;

TEST_CASE("a secret text grows, moves, and leaves nothing where it was")
{
    secret_text text;
    std::string expected;
    for (int i = 0; i < 100; ++i) {
        const std::string piece = "piece " + std::to_string(i) + ' ';
        text.append(piece);
        expected += piece;
    }
    CHECK(text.view() == expected);
    secret_text moved = std::move(text);
    CHECK(moved.view() == expected);
    CHECK(text.view().empty());  // NOLINT(bugprone-use-after-move): documented

    secret_text small;
    small.append("short");
    const char* const place = small.view().data();
    secret_text taken;
    taken = std::move(small);
    CHECK(taken.view() == "short");
    CHECK(std::string_view(place, 5) != "short");  // the characters inside the object that was moved from
}

TEST_CASE("cleansing overwrites")
{
    std::array<char, 16> memory{};
    memory.fill('x');
    cleanse(memory.data(), memory.size());
    CHECK(std::string_view(memory.data(), memory.size()).find('x') == std::string_view::npos);
}

TEST_CASE("JSON in cleansing memory is ordinary JSON")
{
    cleansing_resource cleansing;
    json::monotonic_resource memory(64, &cleansing);
    json::object object(&memory);
    for (int i = 0; i < 100; ++i)
        object["member " + std::to_string(i)] = std::string(200, 'x');
    const json::object copy(object, json::storage_ptr());
    CHECK(copy == object);
    CHECK(copy.storage() != object.storage());
}

}  // namespace secret_test
