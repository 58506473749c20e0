#pragma once

#include <dedalus/boxed_optional.hpp>
#include <dedalus/chat/request.hpp>
#include <dedalus/explicit_nulls.hpp>

#include "codec/describe_messages.hpp"
#include "codec/describe_requests.hpp"
#include "codec/describe_tools.hpp"
#include "codec/json_depth.hpp"
#include "codec/parse_json.hpp"
#include "codec/wire_reader.hpp"
#include "codec/wire_rules.hpp"
#include "codec/wire_schema.hpp"
#include "codec/wire_tag.hpp"
#include "codec/wire_writer.hpp"

#include <boost/describe/members.hpp>
#include <boost/describe/modifiers.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <boost/mp11/algorithm.hpp>
#include <boost/system/error_code.hpp>

#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace dedalus::codec {

/// What Boost.Describe knows of the members of a wire struct.
template <class T>
struct described_members
{
    using type = boost::describe::describe_members<T, boost::describe::mod_public>;
};

template <>
struct described_members<chat_completion_request>
{
    using type = boost::mp11::mp_append<
        boost::describe::describe_members<chat_completion_request, boost::describe::mod_public>,
        boost::describe::describe_members<chat_completion_request_continued, boost::describe::mod_public>>;
};

// Members of these types are left out when they are empty.
template <class M>
inline constexpr bool is_left_out_when_empty = false;
template <class U>
inline constexpr bool is_left_out_when_empty<std::optional<U>> = true;
template <class U>
inline constexpr bool is_left_out_when_empty<boxed_optional<U>> = true;
template <class U>
inline constexpr bool is_left_out_when_empty<std::vector<U>> = true;
template <class K, class U, class C>
inline constexpr bool is_left_out_when_empty<std::map<K, U, C>> = true;

/// Builds the schema of a wire struct from Boost.Describe.
template <class T>
class wire_description
{
public:
    static const wire_schema& schema() noexcept
    {
        static constexpr auto members = members_of(typename described_members<T>::type());
        static constexpr wire_schema schema{
            tag_name_of<T>,
            tag_of<T>,
            text_member_of<T>,
            members,
            &extra,
            &const_extra,
            &nulls,
            &const_nulls,
        };
        return schema;
    }

private:
    static constexpr bool has_nulls = requires(T & object) { object.nulls; };
    static_assert(
        !has_nulls || boost::mp11::mp_size<typename described_members<T>::type>() <= explicit_nulls::max_members
    );

    template <class D>
    using member_t = std::remove_cvref_t<decltype(std::declval<T&>().*D::pointer)>;

    template <class D>
    static constexpr wire_presence presence_of()
    {
        if (is_left_out_when_empty<member_t<D>>)
            return wire_presence::when_not_empty;
        return rule_of<D::pointer> == member_rule::left_out_at_default ? wire_presence::when_not_default
                                                                       : wire_presence::always;
    }

    template <template <class...> class List, class... Ds>
    static constexpr std::array<wire_member, sizeof...(Ds)> members_of(List<Ds...>)
    {
        return {wire_member{
            Ds::name,
            presence_of<Ds>(),
            std::is_same_v<member_t<Ds>, std::optional<boost::json::value>>,
            &read<Ds>,
            &write<Ds>,
            &is_default<Ds>,
        }...};
    }

    template <class D>
    static void read(const boost::json::value& from, void* object, const json_path& at)
    {
        constexpr member_rule rule = rule_of<D::pointer>;
        auto& member = static_cast<T*>(object)->*D::pointer;
        if constexpr (rule == member_rule::any_json_as_text) {
            if (!from.is_string()) {
                member = boost::json::serialize(from);
                return;
            }
        }
        if constexpr (rule == member_rule::text_as_object) {
            if (from.is_string())
                return wire_reader::read(parse_object(from.get_string(), at), member, at);
        }
        if constexpr (rule == member_rule::raw_on_mismatch) {
            try {
                wire_reader::read(from, member, at);
            }
            catch (const wire_error&) {
                member = {};
            }
        }
        else
            wire_reader::read(from, member, at);
    }

    template <class D>
    static void write(const void* object, boost::json::value& to, const json_path& at)
    {
        wire_writer::write(static_cast<const T*>(object)->*D::pointer, to, at);
    }

    template <class D>
    static bool is_default(const void* object)
    {
        return is_default_value(static_cast<const T*>(object)->*D::pointer);
    }

    template <class... Ts>
    static bool is_default_value(const std::variant<Ts...>& value)
    {
        const auto* first = std::get_if<0>(&value);
        return first != nullptr && is_default_value(*first);
    }

    template <class M>
    static bool is_default_value(const M& value)
    {
        if constexpr (wire_struct<M>)
            return is_default_struct(&value, wire_schema_of<M>());
        else if constexpr (requires { value.has_value(); })
            return !value.has_value();
        else if constexpr (requires { value.empty(); })
            return value.empty();
        else
            return value == M{};
    }

    static boost::json::object& extra(void* object) { return static_cast<T*>(object)->extra; }

    static const boost::json::object& const_extra(const void* object) { return static_cast<const T*>(object)->extra; }

    static explicit_nulls* nulls([[maybe_unused]] void* object)
    {
        if constexpr (has_nulls)
            return &static_cast<T*>(object)->nulls;
        else
            return nullptr;
    }

    static const explicit_nulls* const_nulls([[maybe_unused]] const void* object)
    {
        if constexpr (has_nulls)
            return &static_cast<const T*>(object)->nulls;
        else
            return nullptr;
    }

    static boost::json::value parse_object(std::string_view text, const json_path& at)
    {
        if (text.empty())
            return boost::json::object();
        boost::system::error_code ec;
        boost::json::value value = parse_json(text, ec, {}, max_json_depth - at.depth());
        if (ec.failed() || !value.is_object())
            throw wire_error(at, "expected an object, got a string that is no text of an object");
        return value;
    }
};

}  // namespace dedalus::codec
