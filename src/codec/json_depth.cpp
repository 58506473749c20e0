#include "codec/json_depth.hpp"

#include "codec/wire_error.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <string>
#include <string_view>

namespace dedalus::codec {

namespace json = boost::json;

void check_depth(const json_path& at)
{
    if (at.depth() >= max_json_depth)
        throw wire_error(at, "nested more than " + std::to_string(max_json_depth) + " deep");
}

void check_depth(const json::value& value, const json_path& at)
{
    if (const json::object* object = value.if_object()) {
        check_depth(at);
        for (const json::key_value_pair& pair : *object)
            check_depth(pair.value(), json_path(at, std::string_view(pair.key())));
    }
    else if (const json::array* array = value.if_array()) {
        check_depth(at);
        for (std::size_t i = 0; i < array->size(); ++i)
            check_depth((*array)[i], json_path(at, i));
    }
}

}  // namespace dedalus::codec
