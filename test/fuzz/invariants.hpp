#pragma once

#include <dedalus/error.hpp>
#include <dedalus/json.hpp>

#include "codec/parse_json.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/value_from.hpp>
#include <boost/json/value_to.hpp>
#include <boost/system/error_code.hpp>

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

namespace dedalus::fuzz {

/// Ends the program, so that the fuzzer keeps the input, unless the condition holds.
inline void require(bool holds, const char* promise)
{
    if (holds)
        return;
    std::fprintf(stderr, "broken promise: %s\n", promise);
    std::abort();
}

/// The value as JSON, or nothing when it holds a number that JSON has no text for: "1e999" is read as infinity.
template <class T>
std::optional<boost::json::value> written(const T& value)
{
    try {
        return boost::json::value_from(value);
    }
    catch (const invalid_request_error& e) {
        require(std::string(e.what()).find("no infinity") != std::string::npos, "what was read can be written");
        return std::nullopt;
    }
}

/// What is written is JSON text that is read as the same value, and is written as the same JSON again.
template <class T>
void require_round_trip(const T& value)
{
    const std::optional<boost::json::value> first = written(value);
    if (!first)
        return;
    boost::system::error_code ec;
    const boost::json::value parsed = codec::parse_json(boost::json::serialize(*first), ec);
    require(!ec.failed(), "what is written is valid JSON");
    require(parsed == *first, "the text of JSON is read as the same JSON");
    const T second = boost::json::value_to<T>(parsed);
    require(written(second) == first, "what was read twice is written as it was the first time");
}

/// The text as T, when it is JSON of that type.
template <class T>
std::optional<T> read(std::string_view text)
{
    boost::system::error_code ec;
    const boost::json::value parsed = codec::parse_json(text, ec);
    if (ec.failed())
        return std::nullopt;
    try {
        return boost::json::value_to<T>(parsed);
    }
    catch (const response_format_error&) {
        return std::nullopt;
    }
}

}  // namespace dedalus::fuzz
