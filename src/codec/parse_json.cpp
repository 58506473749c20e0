#include "codec/parse_json.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/parse_options.hpp>

#include <utility>

namespace dedalus::codec {

namespace json = boost::json;

json::value
parse_json(std::string_view text, boost::system::error_code& ec, json::storage_ptr storage, std::size_t max_depth)
{
    json::parse_options options;
    options.max_depth = max_depth;
    return json::parse(json::string_view(text.data(), text.size()), ec, std::move(storage), options);
}

}  // namespace dedalus::codec
