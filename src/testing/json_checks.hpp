#pragma once

#include "testing/validation_report.hpp"

#include <boost/json/value.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Building blocks from which the tables of the request schema are made.
namespace dedalus::testing::checks {

/// Adds what is wrong with a value to the report.
using checker = std::function<void(const boost::json::value&, const location&, validation_report&)>;

/// A member of an object.
struct field
{
    std::string name;
    checker check;
    bool is_required = false;
    bool accepts_null = false;
};

/// Must be there, not null.
field required(std::string name, checker check);

/// May be left out, not null.
field optional(std::string name, checker check);

/// May be left out or null.
field nullable(std::string name, checker check);

enum class extra_keys
{
    allowed,
    refused,
};

struct text_limits
{
    std::size_t min = 0;  ///< in characters
    std::size_t max = std::numeric_limits<std::size_t>::max();
};

struct size_limits
{
    std::size_t min = 0;
    std::size_t max = std::numeric_limits<std::size_t>::max();
};

checker anything();
checker text(text_limits limits = {});

/// A text for which `matches` holds; `pattern` tells the reader of the message what was expected.
checker text_matching(std::string pattern, bool (*matches)(std::string_view));
checker one_of(std::vector<std::string> words);
checker boolean();
checker integer(
    std::int64_t min = std::numeric_limits<std::int64_t>::min(),
    std::int64_t max = std::numeric_limits<std::int64_t>::max()
);
checker number(double min = std::numeric_limits<double>::lowest(), double max = std::numeric_limits<double>::max());
checker list(checker item, size_limits limits = {});
checker map(checker value, text_limits keys = {}, size_limits limits = {});
checker object(std::vector<field> fields, extra_keys extra = extra_keys::allowed);
/// An object with any members.
checker free_object();

/// What to check for each kind of JSON value; a null `checker` refuses the kind.
struct by_kind
{
    checker string = {};
    checker object = {};
    checker array = {};
    checker number = {};
    checker boolean = {};
};

/// A union that the kind of the value decides. `expectation` completes "Input should be ...".
checker either(by_kind alternatives, std::string expectation);

/// A union of objects that the text member `tag` decides. `default_tag`, when not empty, stands for an absent tag.
checker
tagged(std::string tag, std::vector<std::pair<std::string, checker>> alternatives, std::string default_tag = {});

/// All of these checks.
checker all(std::vector<checker> parts);

}  // namespace dedalus::testing::checks
