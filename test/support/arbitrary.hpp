#pragma once

#include <dedalus/json.hpp>

#include "codec/wire_description.hpp"
#include "codec/wire_tag.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <boost/mp11/algorithm.hpp>

#include <array>
#include <concepts>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace test {

/// Makes values of the wire types at random; the same seed gives the same values.
class arbitrary
{
public:
    explicit arbitrary(unsigned seed) : random_(seed) {}

    template <class T>
    T make()
    {
        T value{};
        fill(value);
        return value;
    }

    /// Any JSON, at most `depth` deep.
    boost::json::value any_json(int depth)
    {
        switch (below(depth > 0 ? 8 : 6)) {
        case 0:
            return nullptr;
        case 1:
            return one_in(2);
        case 2:
            return integer();
        case 3:
            return std::numeric_limits<std::uint64_t>::max() - below(5);
        case 4:
            return number();
        case 5:
            return boost::json::string(text());
        case 6: {
            boost::json::array list;
            for (int n = below(3); n > 0; --n)
                list.push_back(any_json(depth - 1));
            return list;
        }
        default:
            return any_object(depth - 1);
        }
    }

private:
    static constexpr int max_depth = 3;

    int below(int limit) { return static_cast<int>(random_() % static_cast<unsigned>(limit)); }

    bool one_in(int chances) { return below(chances) == 0; }

    std::int64_t integer()
    {
        constexpr std::array<std::int64_t, 6> values{
            0,
            1,
            -1,
            (std::int64_t(1) << 53) + 1,
            std::numeric_limits<std::int64_t>::max(),
            std::numeric_limits<std::int64_t>::min()};
        return one_in(2) ? below(1000) : values[static_cast<std::size_t>(below(values.size()))];
    }

    double number()
    {
        constexpr std::array<double, 5> values{0.0, 1.0, -0.125, 1e300, -9999.0};
        return one_in(2) ? below(1000) / 8.0 : values[static_cast<std::size_t>(below(values.size()))];
    }

    std::string text()
    {
        static const std::array<std::string, 8> values{
            "",
            "a",
            "myArg",
            "null",
            "\"\\/\n\t",
            "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80",
            std::string("\0x", 2),
            "type"};
        return values[static_cast<std::size_t>(below(values.size()))];
    }

    boost::json::object any_object(int depth)
    {
        boost::json::object object;
        for (int n = below(3); n > 0; --n)
            object["x_" + text() + std::to_string(below(9))] = any_json(depth);
        return object;
    }

    void fill(bool& to) { to = one_in(2); }

    void fill(std::int64_t& to) { to = integer(); }

    void fill(double& to) { to = number(); }

    void fill(std::string& to) { to = text(); }

    void fill(boost::json::value& to) { to = any_json(2); }

    // No tag of a known alternative: such an object would rightly come back as that alternative.
    void fill(boost::json::object& to)
    {
        to = any_object(2);
        to["type"] = "x_unknown";
        to["role"] = "x_unknown";
    }

    template <dedalus::wire_enum T>
    void fill(T& to)
    {
        to = T(text());
    }

    template <class T>
    void fill(std::optional<T>& to)
    {
        if (one_in(2))
            fill(to.emplace());
    }

    template <class T>
    void fill(dedalus::boxed_optional<T>& to)
    {
        if (one_in(2))
            fill(to.emplace());
    }

    template <class T>
    void fill(std::vector<T>& to)
    {
        if (depth_ >= max_depth)
            return;
        for (int n = below(3); n > 0; --n) {
            T element{};
            fill(element);
            to.push_back(std::move(element));
        }
    }

    template <class T>
    void fill(std::map<std::string, T, std::less<>>& to)
    {
        for (int n = below(3); n > 0; --n)
            fill(to["key" + text() + std::to_string(n)]);
    }

    template <class... Ts>
    void fill(std::variant<Ts...>& to)
    {
        const int chosen = below(sizeof...(Ts));
        fill_alternative(to, chosen, std::index_sequence_for<Ts...>());
    }

    template <class... Ts, std::size_t... Indices>
    void fill_alternative(std::variant<Ts...>& to, int chosen, std::index_sequence<Indices...>)
    {
        ((static_cast<int>(Indices) == chosen ? fill(to.template emplace<Indices>()) : void()), ...);
    }

    template <dedalus::wire_struct T>
    void fill(T& to)
    {
        ++depth_;
        std::size_t place = 0;
        boost::mp11::mp_for_each<typename dedalus::codec::described_members<T>::type>([&](auto member) {
            if (depth_ <= max_depth || one_in(4))
                fill(to.*decltype(member)::pointer);
            add_null_or_empty(decltype(member)::name, to.*decltype(member)::pointer, to.extra);
            keep_null_apart(to, decltype(member)::name, place++);
        });
        if (one_in(3))
            to.extra["x_more"] = any_json(2);
        --depth_;
    }

    // A null goes where reading puts it.
    template <class T>
    void keep_null_apart(T& to, const char* name, std::size_t place)
    {
        const boost::json::value* const other = to.extra.if_contains(name);
        if constexpr (requires { to.nulls; }) {
            if (other != nullptr && other->is_null()) {
                to.extra.erase(name);
                to.nulls.insert(place);
            }
        }
    }

    // What an empty member cannot tell from absence: it is kept in `extra`.
    template <class M>
    void add_null_or_empty(const char*, const M&, boost::json::object&)
    {}

    template <class T>
    void add_null_or_empty(const char* name, const std::optional<T>& member, boost::json::object& extra)
    {
        if (!std::same_as<T, boost::json::value> && !member && one_in(4))
            extra[name] = nullptr;
    }

    template <class T>
    void add_null_or_empty(const char* name, const dedalus::boxed_optional<T>& member, boost::json::object& extra)
    {
        if (!member && one_in(4))
            extra[name] = nullptr;
    }

    template <class T>
    void add_null_or_empty(const char* name, const std::vector<T>& member, boost::json::object& extra)
    {
        if (member.empty() && one_in(3))
            extra[name] = one_in(2) ? boost::json::value(nullptr) : boost::json::value(boost::json::array());
    }

    template <class T>
    void
    add_null_or_empty(const char* name, const std::map<std::string, T, std::less<>>& member, boost::json::object& extra)
    {
        if (member.empty() && one_in(3))
            extra[name] = one_in(2) ? boost::json::value(nullptr) : boost::json::value(boost::json::object());
    }

    std::minstd_rand random_;
    int depth_ = 0;
};

}  // namespace test
