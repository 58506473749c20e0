#pragma once

#include <dedalus/boxed_optional.hpp>
#include <dedalus/json.hpp>
#include <dedalus/open_enum.hpp>

#include "codec/json_path.hpp"
#include "codec/wire_schema.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace dedalus::codec {

/// Throws wire_error when the text is not UTF-8.
void check_text(std::string_view text, const json_path& at);

/// Writes a value of each type that a wire struct is made of, into the storage of `to`. Throws wire_error for what
/// JSON cannot hold: NaN, infinity and texts that are not UTF-8; and for JSON of the user that is nested more than
/// max_json_depth deep.
class wire_writer
{
public:
    using json_value = boost::json::value;

    static void write(bool from, json_value& to, const json_path& at);
    static void write(std::int64_t from, json_value& to, const json_path& at);
    static void write(double from, json_value& to, const json_path& at);
    static void write(const std::string& from, json_value& to, const json_path& at);
    static void write(const boost::json::object& from, json_value& to, const json_path& at);
    static void write(const json_value& from, json_value& to, const json_path& at);

    template <wire_enum T>
    static void write(const T& from, json_value& to, const json_path& at)
    {
        write(from.str(), to, at);
    }

    template <wire_struct T>
    static void write(const T& from, json_value& to, const json_path& at)
    {
        write_struct(&from, wire_schema_of<T>(), to, at);
    }

    template <class T>
    static void write(const std::optional<T>& from, json_value& to, const json_path& at)
    {
        if (from)
            write(*from, to, at);
    }

    template <class T>
    static void write(const boxed_optional<T>& from, json_value& to, const json_path& at)
    {
        if (from)
            write(*from, to, at);
    }

    template <class T>
    static void write(const std::vector<T>& from, json_value& to, const json_path& at)
    {
        boost::json::array& elements = to.emplace_array();
        elements.reserve(from.size());
        for (const T& element : from) {
            const json_path place(at, elements.size());
            write(element, elements.emplace_back(nullptr), place);
        }
    }

    template <class T>
    static void write(const std::map<std::string, T, std::less<>>& from, json_value& to, const json_path& at)
    {
        boost::json::object& members = to.emplace_object();
        for (const auto& [key, value] : from) {
            const json_path place(at, key);
            check_text(key, place);
            write(value, members[key], place);
        }
    }

    template <class... Ts>
    static void write(const std::variant<Ts...>& from, json_value& to, const json_path& at)
    {
        std::visit([&](const auto& alternative) { write(alternative, to, at); }, from);
    }
};

}  // namespace dedalus::codec
