#include <dedalus/boxed_optional.hpp>
#include <dedalus/chat/chunk.hpp>

#include "support/catch.hpp"

#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace boxed_optional_test {

using namespace dedalus;

namespace {

struct point
{
    int x = 0;
    std::string name{};

    bool operator==(const point&) const = default;
};

/// Holds itself, so its own type is incomplete where the member stands.
struct chain
{
    int value = 0;
    boxed_optional<chain> next{};

    bool operator==(const chain&) const = default;
};

int sum_of(const std::optional<point>& value)
{
    return value ? value->x : -1;
}

static_assert(sizeof(boxed_optional<chat_completion_chunk>) == sizeof(void*));
static_assert(std::is_nothrow_move_constructible_v<boxed_optional<point>>);
static_assert(std::is_nothrow_move_assignable_v<boxed_optional<point>>);
static_assert(std::is_convertible_v<boxed_optional<point>, std::optional<point>>);
static_assert(std::is_convertible_v<std::optional<point>, boxed_optional<point>>);
static_assert(!std::is_convertible_v<boxed_optional<point>, bool>);
static_assert(!std::is_convertible_v<std::string, boxed_optional<point>>);

}  // namespace

TEST_CASE("a boxed optional is used as an optional is")
{
    boxed_optional<point> box;
    CHECK_FALSE(box);
    CHECK_FALSE(box.has_value());
    CHECK(box == std::nullopt);
    CHECK_THROWS_AS(box.value(), std::bad_optional_access);
    CHECK(box.value_or(point{.x = 7}).x == 7);

    box = point{.x = 1, .name = "a"};
    REQUIRE(box);
    CHECK(box->x == 1);
    CHECK((*box).name == "a");
    CHECK(box.value().x == 1);
    CHECK(box.value_or(point{}).x == 1);
    CHECK(box != std::nullopt);
    CHECK(box == point{.x = 1, .name = "a"});

    box = {.x = 2};
    CHECK(box->x == 2);
    CHECK(box.emplace().x == 0);
    CHECK(box.emplace(point{.x = 3, .name = "c"}).name == "c");
    box = {};
    CHECK_FALSE(box);
    box.emplace();
    box = std::nullopt;
    CHECK_FALSE(box);
    box.emplace();
    box.reset();
    CHECK_FALSE(box);
}

TEST_CASE("a copy of a boxed optional is a value of its own")
{
    boxed_optional<point> first(point{.x = 1});
    boxed_optional<point> second = first;
    second->x = 2;
    CHECK(first->x == 1);
    first = second;
    second->x = 3;
    CHECK(first->x == 2);
    const boxed_optional<point>& same = first;
    first = same;
    CHECK(first->x == 2);
    first = boxed_optional<point>();
    CHECK_FALSE(first);
    second = first;
    CHECK_FALSE(second);
}

TEST_CASE("a moved boxed optional gives its value away and is empty")
{
    boxed_optional<point> first(point{.x = 1});
    const point* const place = &*first;
    boxed_optional<point> second = std::move(first);
    CHECK(&*second == place);
    CHECK_FALSE(first);
    first = std::move(second);
    CHECK(&*first == place);
    const point taken = *std::move(first);
    CHECK(taken.x == 1);
    CHECK(boxed_optional<point>(point{.x = 5}).value_or(point{}).x == 5);
    CHECK(boxed_optional<std::unique_ptr<int>>(std::make_unique<int>(4)).value() != nullptr);
}

TEST_CASE("a boxed optional converts from and to an optional, and compares with it")
{
    const std::optional<point> plain(point{.x = 1});
    boxed_optional<point> box = plain;
    CHECK(box == plain);
    CHECK(plain == box);
    CHECK(box != std::optional<point>());
    CHECK(sum_of(box) == 1);
    std::optional<point> back = box;
    CHECK(back == plain);
    back.reset();
    back = box;
    CHECK(back == plain);
    back = std::move(box);
    CHECK(back == plain);
    box = std::nullopt;
    CHECK(sum_of(box) == -1);
    box = back;
    CHECK(box == plain);
    box = std::optional<point>(point{.x = 2});
    CHECK(box->x == 2);
    box = std::optional<point>();
    CHECK_FALSE(box);
    CHECK(box == std::optional<point>());
}

TEST_CASE("a struct may hold a boxed optional of its own type")
{
    chain one{.value = 1, .next = chain{.value = 2}};
    const chain copy = one;
    CHECK(copy == one);
    one.next->value = 3;
    CHECK(copy.next->value == 2);
    CHECK_FALSE(copy == one);
}

TEST_CASE("the members that a chunk seldom has are used as optionals")
{
    chat_completion_chunk chunk{.usage = usage{.total_tokens = 5}};
    CHECK((chunk.usage && chunk.usage->total_tokens == 5));
    const std::optional<usage> kept = chunk.usage;
    CHECK(kept == chunk.usage);
    chunk.usage.reset();
    CHECK_FALSE(chunk.usage.has_value());
    message_delta delta{.function_call = function_call_delta{.name = "f"}, .audio = audio_delta{.data = "QQ=="}};
    CHECK(delta.function_call->name == "f");
    CHECK(delta.audio->data.value_or("") == "QQ==");
}

}  // namespace boxed_optional_test
