#include "crypto/jwks.hpp"

#include "codec/parse_json.hpp"
#include "crypto/base64url.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <boost/system/error_code.hpp>

#include <optional>

namespace dedalus::crypto {

namespace json = boost::json;

namespace {

std::optional<std::string_view> text_member(const json::object& key, std::string_view name)
{
    const json::value* value = key.if_contains(json::string_view(name.data(), name.size()));
    if (value == nullptr || !value->is_string())
        return std::nullopt;
    return std::string_view(value->get_string().data(), value->get_string().size());
}

bool is_for_encryption(const json::value& key)
{
    return key.is_object() && text_member(key.get_object(), "kty") == "RSA" &&
           text_member(key.get_object(), "use") == "enc";
}

int suitability(const json::object& key)
{
    if (text_member(key, "alg") == "RSA-OAEP-256")
        return 2;
    return key.contains("alg") ? 0 : 1;
}

const json::object& best_key(const json::array& keys)
{
    const json::object* best = nullptr;
    for (const json::value& key : keys)
        if (is_for_encryption(key) && (best == nullptr || suitability(key.get_object()) > suitability(*best)))
            best = &key.get_object();
    if (best == nullptr)
        throw key_error("it has no RSA key for encryption");
    return *best;
}

std::string number_member(const json::object& key, std::string_view name)
{
    std::optional<std::string> bytes = base64url_decode(text_member(key, name).value_or(""));
    if (!bytes || bytes->empty())
        throw key_error("the member \"" + std::string(name) + "\" of its RSA key is not base64url");
    return std::move(*bytes);
}

}  // namespace

rsa_public_key encryption_key(std::string_view key_set)
{
    boost::system::error_code ec;
    const json::value root = codec::parse_json(key_set, ec);
    if (ec.failed())
        throw key_error("it is not valid JSON");
    const json::value* keys = root.is_object() ? root.get_object().if_contains("keys") : nullptr;
    if (keys == nullptr || !keys->is_array())
        throw key_error("it is not an object with a list \"keys\"");
    const json::object& key = best_key(keys->get_array());
    return {number_member(key, "n"), number_member(key, "e")};
}

}  // namespace dedalus::crypto
