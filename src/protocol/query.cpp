#include "protocol/query.hpp"

#include <boost/url/encode.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>

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

}  // namespace dedalus::protocol
