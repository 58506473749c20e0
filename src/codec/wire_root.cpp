#include "codec/wire_root.hpp"

#include <dedalus/error.hpp>

#include "codec/json_depth.hpp"
#include "codec/json_path.hpp"
#include "codec/wire_error.hpp"

namespace dedalus::codec {

namespace json = boost::json;

void read_root(const json::value& from, void* object, const wire_schema& schema)
{
    try {
        check_depth(from, json_path());
        read_struct(from, object, schema, json_path());
    }
    catch (const wire_error& e) {
        throw response_format_error(e.what(), 0, {}, {});
    }
}

void write_root(const void* object, const wire_schema& schema, json::value& to)
{
    try {
        write_struct(object, schema, to, json_path());
    }
    catch (const wire_error& e) {
        throw invalid_request_error(e.what());
    }
}

}  // namespace dedalus::codec
