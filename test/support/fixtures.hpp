#pragma once

#include <boost/json/value.hpp>

#include <string>
#include <string_view>
#include <vector>

/// The files of test/fixtures/wire.
namespace test {

/// The names of all files of a folder, such as "request", sorted, without the folder.
std::vector<std::string> fixture_names(std::string_view folder);

/// The bytes of a file, such as "request/mistral.json". Throws when there is none.
std::string fixture_text(std::string_view path);

/// The same file as JSON. Throws when it is none.
boost::json::value fixture_json(std::string_view path);

}  // namespace test
