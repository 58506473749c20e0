#pragma once

#include <dedalus/detail/json_path.hpp>
#include <dedalus/detail/typed_reader.hpp>
#include <dedalus/parse_error.hpp>

#include <boost/json/value.hpp>

#include <concepts>

namespace dedalus {

/// Reads a T, as json_schema<T>() describes it, from JSON; T and the types of its members are default-initializable.
///
/// Strict as the schema: unknown members, words and types, numbers out of range and broken limits of an annotation are
/// errors. Lenient in two points, for models that are not held to the schema: an optional member may be missing, and an
/// integer may be written as 5.0. Of a std::variant the first alternative is read whose type, members and words fit as
/// far as two levels down. The depth of the value is the affair of whoever parsed it.
///
/// Throws validation_error with the JSON path of the first thing that does not fit.
template <std::default_initializable T>
T read_json(const boost::json::value& from)
{
    T to{};
    detail::typed_reader::read(from, to, detail::json_path());
    return to;
}

}  // namespace dedalus
