#include "testing/handoff_state.hpp"

#include "testing/request_view.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <random>

namespace dedalus::testing {

namespace json = boost::json;

namespace {

// Public on purpose: it tells a state that this server made from one that was changed on its way, no more.
constexpr std::string_view checksum_key = "dedalus-testserver";

constexpr std::size_t nonce_size = 16;

std::string to_hex(std::string_view bytes)
{
    constexpr std::string_view digits = "0123456789abcdef";
    std::string hex;
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        hex.push_back(digits[byte >> 4U]);
        hex.push_back(digits[byte & 0xFU]);
    }
    return hex;
}

std::optional<std::string> from_hex(std::string_view hex)
{
    constexpr std::string_view digits = "0123456789abcdef";
    std::string bytes;
    if (hex.size() % 2 != 0)
        return std::nullopt;
    for (std::size_t i = 0; i < hex.size(); i += 2) {
        const std::size_t high = digits.find(hex[i]);
        const std::size_t low = digits.find(hex[i + 1]);
        if (high == std::string_view::npos || low == std::string_view::npos)
            return std::nullopt;
        bytes.push_back(static_cast<char>(high * 16 + low));
    }
    return bytes;
}

std::string checksum(std::string_view text)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    HMAC(
        EVP_sha256(),
        checksum_key.data(),
        static_cast<int>(checksum_key.size()),
        reinterpret_cast<const unsigned char*>(text.data()),
        text.size(),
        digest,
        &size
    );
    return to_hex(std::string_view(reinterpret_cast<const char*>(digest), size)).substr(0, 32);
}

std::string seal(const handoff_state& state)
{
    const json::array fields{state.nonce, state.first_tool, state.second_tool};
    const std::string text = to_hex(json::serialize(fields));
    return text + "." + checksum(text);
}

std::optional<handoff_state> unseal(std::string_view sealed)
{
    const std::size_t dot = sealed.find('.');
    if (dot == std::string_view::npos || checksum(sealed.substr(0, dot)) != sealed.substr(dot + 1))
        return std::nullopt;
    const std::optional<std::string> text = from_hex(sealed.substr(0, dot));
    if (!text)
        return std::nullopt;
    const json::array fields = json::parse(*text).as_array();
    return handoff_state{
        std::string(fields.at(0).as_string()),
        std::string(fields.at(1).as_string()),
        std::string(fields.at(2).as_string()),
    };
}

}  // namespace

bool is_handoff_call(std::string_view id)
{
    constexpr std::string_view prefix = "call_";
    if (!id.starts_with(prefix) || (!id.ends_with("_first") && !id.ends_with("_second")))
        return false;
    id.remove_prefix(prefix.size());
    return id.find_first_not_of("0123456789abcdef") == nonce_size;
}

handoff_state new_handoff_state(std::string first_tool, std::string second_tool)
{
    std::random_device random;
    std::string nonce;
    for (std::size_t i = 0; i < nonce_size; ++i)
        nonce.push_back("0123456789abcdef"[random() % 16]);
    return {std::move(nonce), std::move(first_tool), std::move(second_tool)};
}

std::string deferred_text(const handoff_state& state)
{
    std::string text = "[ {\"id\":\"" + state.deferred_call() + "\",  \"name\": \"send_confirmation\",\n";
    text += "   \"arguments\" : {\"amount\":1.0, \"limit\":1e2, \"serial\":12345678901234567890123, ";
    text += "\"path\":\"confirmations\\/new\", \"greeting\":\"gr\\u00fc\\u00df\",\t";
    text += "\"resume_state\":\"" + seal(state) + "\"},\n";
    text +=
        "   \"venue\":\"server\", \"dependencies\":[\"" + state.server_call() + "\",\"" + state.second_call() + "\"],";
    text += " \"blocked_by\":[ \"" + state.second_call() + "\" ], \"priority\":0.10 } ]";
    return text;
}

std::optional<handoff_state> state_of_deferred_call(const json::object& call)
{
    const json::value* arguments = member(call, "arguments");
    if (arguments == nullptr || !arguments->is_object())
        return std::nullopt;
    return unseal(string_member(arguments->get_object(), "resume_state"));
}

}  // namespace dedalus::testing
