#include "client/mcp_credentials.hpp"

#include <dedalus/error.hpp>

#include "crypto/credential_envelope.hpp"
#include "support/ascii.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serializer.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>
#include <utility>

namespace dedalus {

namespace json = boost::json;

namespace {

[[noreturn]] void refuse(const std::string& path, std::string_view problem)
{
    throw invalid_request_error(std::string(path).append(": ").append(problem));
}

std::string element(std::string_view list, std::size_t index)
{
    return std::string(list) + '[' + std::to_string(index) + ']';
}

bool is_empty(const json::value* value)
{
    return value == nullptr || value->is_null() || (value->is_array() && value->get_array().empty());
}

/// The list, or a list of the one.
json::array as_list(json::value& value)
{
    if (value.is_array())
        return std::move(value.get_array());
    json::array list(value.storage());
    list.push_back(std::move(value));
    return list;
}

crypto::secret_text serialized(const json::value& value)
{
    std::array<char, 512> piece{};
    crypto::secret_text text;
    json::serializer serializer;
    serializer.reset(&value);
    while (!serializer.done())
        text.append(serializer.read(piece.data(), piece.size()));
    crypto::cleanse(piece.data(), piece.size());
    return text;
}

plain_credential read_credential(const json::value& from, const std::string& path)
{
    const json::object* members = from.if_object();
    if (members == nullptr)
        refuse(path, "expected an object");
    const json::value* name = members->if_contains("connection_name");
    if (name == nullptr || !name->is_string() || name->get_string().empty())
        refuse(path + ".connection_name", "expected a text that is not empty");
    const json::value* values = members->if_contains("values");
    if (values == nullptr || !values->is_object())
        refuse(path + ".values", "expected an object");
    // What stands beside them would not be in the envelope, hence be lost.
    if (members->size() > 2)
        refuse(path, "only connection_name and values are known");
    plain_credential credential{std::string(name->get_string()), serialized(*values)};
    if (credential.values.view().size() > crypto::credential_sealer::max_plaintext_bytes)
        refuse(path + ".values", "larger than 64 KiB");
    return credential;
}

std::vector<plain_credential> read_credentials(const json::array& list)
{
    std::vector<plain_credential> credentials;
    for (const json::value& each : list) {
        const std::string path = element("credentials", credentials.size());
        plain_credential read = read_credential(each, path);
        const bool twice =
            std::any_of(credentials.begin(), credentials.end(), [&read](const plain_credential& earlier) {
                return earlier.connection_name == read.connection_name;
            });
        if (twice)
            refuse(path + ".connection_name", "an earlier credential has the same name");
        credentials.push_back(std::move(read));
    }
    return credentials;
}

bool is_url(std::string_view server)
{
    return support::ascii_iequals(server.substr(0, 8), "https://") ||
           support::ascii_iequals(server.substr(0, 7), "http://");
}

json::object named_server(std::string_view server, json::storage_ptr storage)
{
    json::object result(std::move(storage));
    if (is_url(server)) {
        result["url"] = server;
        result["name"] = server;
        return result;
    }
    const std::size_t at = server.rfind('@');
    const bool versioned = at != std::string_view::npos && at > 0 && at + 1 < server.size();
    const std::string_view slug = versioned ? server.substr(0, at) : server;
    result["slug"] = slug;
    if (versioned)
        result["version"] = server.substr(at + 1);
    result["name"] = slug;
    return result;
}

void name_server(json::object& server)
{
    if (!is_empty(server.if_contains("name")))
        return;
    for (const char* source : {"slug", "url"}) {
        const json::value* value = server.if_contains(source);
        if (value == nullptr || !value->is_string())
            continue;
        json::value name = *value;  // the element that is added below may move the others
        server["name"] = std::move(name);
        return;
    }
}

void check_own_credentials(
    const json::object& server, const std::vector<plain_credential>& credentials, const std::string& path
)
{
    const json::value* own = server.if_contains("credentials");
    if (own == nullptr || own->is_null())
        return;
    if (!own->is_object())
        refuse(path + ".credentials", "expected an object");
    for (const plain_credential& each : credentials)
        if (own->get_object().contains(each.connection_name))
            refuse(path + ".credentials", "holds a connection name that `credentials` of the request holds as well");
}

json::array named_servers(json::array from, const std::vector<plain_credential>& credentials)
{
    for (std::size_t i = 0; i < from.size(); ++i) {
        json::value& server = from[i];
        const std::string path = element("mcp_servers", i);
        if (server.is_string())
            server = named_server(std::string(server.get_string()), server.storage());
        if (!server.is_object())
            refuse(path, "expected a text or an object");
        name_server(server.get_object());
        check_own_credentials(server.get_object(), credentials, path);
    }
    return from;
}

}  // namespace

bool has_mcp_credentials(const json::object& body)
{
    return !is_empty(body.if_contains("credentials"));
}

std::vector<plain_credential> take_mcp_credentials(json::object& body)
{
    json::value* servers = body.if_contains("mcp_servers");
    if (is_empty(servers))
        refuse("credentials", "there are no mcp_servers that they could be for");
    std::vector<plain_credential> credentials = read_credentials(as_list(body.at("credentials")));
    *servers = named_servers(as_list(*servers), credentials);
    body.stable_erase("credentials");
    return credentials;
}

void put_sealed_credentials(json::object& body, const json::object& sealed)
{
    for (json::value& server : body.at("mcp_servers").as_array()) {
        json::value& own = server.as_object()["credentials"];
        if (own.is_null())
            own = sealed;
        else
            for (const json::key_value_pair& each : sealed)
                own.as_object().insert(each);
    }
}

}  // namespace dedalus
