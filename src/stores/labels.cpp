#include "stores/labels.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace dedalus::stores {

namespace json = boost::json;

std::string labels_to_json(const label_map& labels)
{
    json::object object;
    for (const auto& [name, value] : labels)
        object.emplace(name, value);
    return json::serialize(object);
}

label_map labels_from_json(std::string_view text)
{
    label_map labels;
    const json::value value = json::parse(text);
    for (const auto& [name, label] : value.as_object())
        labels.emplace(name, label.as_string());
    return labels;
}

}  // namespace dedalus::stores
