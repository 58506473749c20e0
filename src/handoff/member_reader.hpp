#pragma once

#include <dedalus/stores/store_error.hpp>

#include "codec/parse_json.hpp"
#include "handoff/utc_time.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <boost/system/error_code.hpp>

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace dedalus::handoff_core {

/// Takes members out of a JSON object, so that those which nobody knows remain. An absent member is like null. Throws
/// store_error(damaged) with the name of the member, never with its value.
class member_reader
{
public:
    explicit member_reader(boost::json::object members) : members_(std::move(members)) {}

    [[noreturn]] static void fail(std::string_view name)
    {
        throw store_error(store_errc::damaged, "the member \"" + std::string(name) + "\" of a checkpoint");
    }

    std::optional<boost::json::value> take(std::string_view name)
    {
        const auto found = members_.find(name);
        if (found == members_.end())
            return {};
        std::optional<boost::json::value> value = std::move(found->value());
        members_.stable_erase(found);
        if (value->is_null())
            value.reset();
        return value;
    }

    std::optional<std::string> text(std::string_view name)
    {
        const auto value = take(name);
        if (!value)
            return {};
        if (!value->is_string())
            fail(name);
        return std::string(value->get_string());
    }

    std::optional<std::int64_t>
    integer(std::string_view name, std::int64_t least = 0, std::int64_t most = std::numeric_limits<std::int64_t>::max())
    {
        const auto value = take(name);
        if (!value)
            return {};
        if (!value->is_int64() || value->get_int64() < least || value->get_int64() > most)
            fail(name);
        return value->get_int64();
    }

    std::optional<bool> boolean(std::string_view name)
    {
        const auto value = take(name);
        if (!value)
            return {};
        if (!value->is_bool())
            fail(name);
        return value->get_bool();
    }

    std::optional<stores::time_point> time(std::string_view name)
    {
        const auto value = text(name);
        if (!value)
            return {};
        const auto parsed = from_utc_text(*value);
        if (!parsed || !is_time_of_system(*parsed))
            fail(name);
        return parsed;
    }

    std::optional<boost::json::object> object(std::string_view name)
    {
        auto value = take(name);
        if (!value)
            return {};
        if (!value->is_object())
            fail(name);
        return std::move(value->get_object());
    }

    std::optional<boost::json::array> array(std::string_view name)
    {
        auto value = take(name);
        if (!value)
            return {};
        if (!value->is_array())
            fail(name);
        return std::move(value->get_array());
    }

    std::string required_text(std::string_view name) { return required(name, text(name)); }

    std::int64_t required_integer(
        std::string_view name, std::int64_t least = 0, std::int64_t most = std::numeric_limits<std::int64_t>::max()
    )
    {
        return required(name, integer(name, least, most));
    }

    /// Null is a value here.
    boost::json::value required_value(std::string_view name)
    {
        const auto found = members_.find(name);
        if (found == members_.end())
            fail(name);
        boost::json::value value = std::move(found->value());
        members_.stable_erase(found);
        return value;
    }

    /// An integer from `least` to the greatest int.
    int required_int(std::string_view name, int least = 0)
    {
        return static_cast<int>(required_integer(name, least, std::numeric_limits<int>::max()));
    }

    bool required_boolean(std::string_view name) { return required(name, boolean(name)); }

    boost::json::object required_object(std::string_view name) { return required(name, object(name)); }

    boost::json::array required_array(std::string_view name) { return required(name, array(name)); }

    boost::json::object rest() { return std::move(members_); }

private:
    template <class T>
    static T required(std::string_view name, std::optional<T> value)
    {
        if (!value)
            fail(name);
        return std::move(*value);
    }

    boost::json::object members_;
};

/// The members of a record's body.
inline member_reader read_object(std::string_view text)
{
    boost::system::error_code failure;
    boost::json::value parsed = codec::parse_json(text, failure);
    if (failure.failed() || !parsed.is_object())
        throw store_error(store_errc::damaged, "a record of the run is not a JSON object");
    return member_reader(std::move(parsed.get_object()));
}

}  // namespace dedalus::handoff_core
