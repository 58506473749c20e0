#pragma once

#include <dedalus/config.hpp>
#include <dedalus/detail/json_path.hpp>
#include <dedalus/detail/json_shape.hpp>
#include <dedalus/schema/annotation.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace dedalus::detail {

// What reading and writing of types have in common, compiled once. All that throws throws validation_error with the
// path; no text has a value.

[[noreturn]] DEDALUS_EXPORT void refuse(const json_path& at, std::string_view problem);

/// To be called when the object has a member besides `names`.
[[noreturn]] DEDALUS_EXPORT void
refuse_unknown_member(const boost::json::object& object, std::span<const std::string_view> names, const json_path& at);

DEDALUS_EXPORT bool boolean_of(const boost::json::value& from, const json_path& at);
DEDALUS_EXPORT std::int64_t
integer_of(const boost::json::value& from, std::int64_t smallest, std::int64_t largest, const json_path& at);
DEDALUS_EXPORT std::uint64_t unsigned_of(const boost::json::value& from, std::uint64_t largest, const json_path& at);
DEDALUS_EXPORT double number_of(const boost::json::value& from, double largest, const json_path& at);
DEDALUS_EXPORT std::string text_of(const boost::json::value& from, const json_path& at);
DEDALUS_EXPORT void require_null(const boost::json::value& from, const json_path& at);
DEDALUS_EXPORT const boost::json::object& object_of(const boost::json::value& from, const json_path& at);
DEDALUS_EXPORT const boost::json::array& array_of(const boost::json::value& from, const json_path& at);

/// Which of the words it is.
DEDALUS_EXPORT std::size_t
index_of_word(const boost::json::value& from, std::span<const std::string_view> words, const json_path& at);

DEDALUS_EXPORT void check_number(double number, const schema_annotation& limits, const json_path& at);
DEDALUS_EXPORT void check_text(std::string_view text, const schema_annotation& limits, const json_path& at);
DEDALUS_EXPORT void check_size(std::size_t size, const schema_annotation& limits, const json_path& at);

/// The alternative to read: the first that fits, else the only one of the right kind, whose reading tells what is
/// wrong.
DEDALUS_EXPORT std::size_t choose_alternative(
    std::span<const bool> of_kind, std::span<const bool> fitting, const boost::json::value& from, const json_path& at
);

DEDALUS_EXPORT bool is_word(const boost::json::value& json, std::span<const std::string_view> words) noexcept;
DEDALUS_EXPORT bool is_integer(const boost::json::value& json, bool is_signed, std::uint64_t largest) noexcept;

/// Of shapes that one kind of JSON decides.
DEDALUS_EXPORT bool is_kind(const boost::json::value& json, json_shape shape) noexcept;

/// What JSON can hold: a finite number, a text of valid UTF-8.
DEDALUS_EXPORT void require_finite(double number, const json_path& at);
DEDALUS_EXPORT void require_utf8(std::string_view text, const json_path& at);

}  // namespace dedalus::detail
