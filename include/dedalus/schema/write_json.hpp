#pragma once

#include <dedalus/detail/json_path.hpp>
#include <dedalus/detail/typed_writer.hpp>
#include <dedalus/parse_error.hpp>

#include <boost/json/value.hpp>

namespace dedalus {

/// The JSON of a T, as json_schema<T>() describes it: what read_json<T>() reads back. An empty optional is null. Limits
/// of annotations are not checked.
///
/// Throws validation_error, with the JSON path, for NaN, infinity, text that is not valid UTF-8 and values of an
/// enumeration that it does not name.
template <class T>
boost::json::value write_json(const T& value)
{
    return detail::typed_writer::write(value, detail::json_path());
}

}  // namespace dedalus
