#pragma once

#include <dedalus/json.hpp>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <boost/json/value_from.hpp>
#include <boost/json/value_to.hpp>

#include <string_view>

/// Reads the text as `T`.
template <class T>
T read_as(std::string_view text)
{
    return boost::json::value_to<T>(boost::json::parse(boost::json::string_view(text.data(), text.size())));
}

/// Reads the text as `T` and writes it again.
template <class T>
boost::json::value round_trip(std::string_view text)
{
    return boost::json::value_from(read_as<T>(text));
}
