#include "protocol/query.hpp"

#include <boost/url/encode.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>

#include <algorithm>

namespace dedalus::protocol {

std::string query_text(std::span<const query_parameter> parameters)
{
    const auto encoded = [](const std::string& text) {
        return boost::urls::encode(text, boost::urls::unreserved_chars);
    };
    std::string result;
    for (const query_parameter& each : parameters) {
        result += result.empty() ? '?' : '&';
        result += encoded(each.name) + '=' + encoded(each.value);
    }
    return result;
}

std::vector<query_parameter> merged_query(std::vector<query_parameter> base, std::span<const query_parameter> over)
{
    std::erase_if(base, [over](const query_parameter& old) {
        return std::any_of(over.begin(), over.end(), [&old](const query_parameter& each) {
            return each.name == old.name;
        });
    });
    base.insert(base.end(), over.begin(), over.end());
    return base;
}

}  // namespace dedalus::protocol
