#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>

namespace dedalus::testing {

/// Where in a document a check looks: a chain of keys and indices that lives on the stack.
class location
{
public:
    explicit location(std::string_view root) : step_(root) {}

    location(const location& parent, std::string_view key) : parent_(&parent), step_(key) {}

    location(const location& parent, std::size_t index) : parent_(&parent), step_(index) {}

    /// The chain from its root, as `loc` of a validation item.
    boost::json::array path() const;

private:
    const location* parent_ = nullptr;
    std::variant<std::string_view, std::size_t> step_;
};

/// The problems of one request, in the shape of `detail[]` of a 422 answer.
class validation_report
{
public:
    static constexpr std::size_t max_items = 100;

    /// @param type  of the problem, in the words of the API: "missing", "string_type", ...
    void add(const location& where, std::string_view type, std::string message, const boost::json::value& input);

    bool ok() const { return items_.empty(); }

    /// {"detail": [...]}
    boost::json::object body() const { return {{"detail", items_}}; }

private:
    boost::json::array items_;
};

}  // namespace dedalus::testing
