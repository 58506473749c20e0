#include "codec/merge_members.hpp"

#include <dedalus/error.hpp>

#include "codec/json_path.hpp"
#include "codec/wire_error.hpp"
#include "codec/wire_writer.hpp"

#include <boost/json/value.hpp>

#include <string>

namespace dedalus::codec {

namespace json = boost::json;

void merge_members(json::object& members, const json::object& from, bool stream)
{
    if (from.contains("stream"))
        throw invalid_request_error("call_options::body: stream is decided by the operation");
    const json::value* deferred = from.if_contains("deferred");
    if (stream && deferred != nullptr && deferred->is_bool() && deferred->get_bool())
        throw invalid_request_error("call_options::body: a deferred completion cannot be streamed");
    json::value checked(members.storage());
    try {
        wire_writer::write(from, checked, json_path());
    }
    catch (const wire_error& e) {
        throw invalid_request_error(std::string("call_options::body: ") + e.what());
    }
    for (const json::key_value_pair& member : checked.get_object())
        members[member.key()] = member.value();
}

}  // namespace dedalus::codec
