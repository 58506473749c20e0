#include "codec/json_path.hpp"

#include "support/catch.hpp"

#include <cstddef>
#include <string>

namespace json_path_test {

using dedalus::codec::json_path;

TEST_CASE("a path is the names and the indices from the root")
{
    const json_path root;
    const json_path choices(root, "choices");
    const json_path first(choices, std::size_t{0});
    const json_path message(first, "message");
    CHECK(root.text().empty());
    CHECK(choices.text() == "choices");
    CHECK(first.text() == "choices[0]");
    CHECK(message.text() == "choices[0].message");
}

TEST_CASE("a path that begins with an index begins with the bracket")
{
    const json_path root;
    const json_path element(root, std::size_t{12});
    CHECK(element.text() == "[12]");
    CHECK(json_path(element, "a-b_1").text() == "[12].a-b_1");
}

TEST_CASE("a name that may be a text of the user is not shown")
{
    const json_path root;
    const json_path metadata(root, "metadata");
    for (const std::string& name : {std::string(), std::string("my secret"), std::string("\xff"), std::string(65, 'a')})
        CHECK(json_path(metadata, name).text() == "metadata[\"?\"]");
    CHECK(json_path(metadata, std::string(64, 'a')).text() == "metadata." + std::string(64, 'a'));
}

}  // namespace json_path_test
