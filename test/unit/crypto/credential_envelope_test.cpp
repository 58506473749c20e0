#include "crypto/credential_envelope.hpp"

#include <dedalus/error.hpp>

#include "crypto/base64url.hpp"
#include "support/catch.hpp"
#include "testing/credential_opener.hpp"

#include <boost/json/serialize.hpp>

#include <stdexcept>
#include <string>

namespace credential_envelope_test {

namespace json = boost::json;
using namespace dedalus::crypto;
using dedalus::testing::credential_opener;

namespace {

constexpr std::size_t wrapped_key_bytes = 256;

/// Making a key takes long.
credential_opener& recipient()
{
    static credential_opener opener;
    return opener;
}

rsa_public_key public_key(credential_opener& of)
{
    return encryption_key(json::serialize(of.key_set()));
}

std::string seal(std::string_view text)
{
    return credential_sealer(public_key(recipient())).seal(text);
}

std::string refusal_of(const rsa_public_key& key)
{
    try {
        const credential_sealer sealer(key);
    }
    catch (const key_error& e) {
        return e.what();
    }
    return {};
}

}  // namespace

TEST_CASE("an envelope is opened by the owner of the key")
{
    for (const std::string& text : {std::string(), std::string(R"({"api_key":"sk-x"})"), std::string(64 * 1024, 'x')})
        CHECK(recipient().open(seal(text)) == text);
}

TEST_CASE("an envelope is version, wrapped key, nonce, ciphertext and tag in base64url without padding")
{
    const std::string text = R"({"api_key":"sk-x"})";
    const std::string sealed = seal(text);
    CHECK(sealed.find_first_of("+/=") == std::string::npos);
    const std::string bytes = base64url_decode(sealed).value();
    CHECK(bytes.size() == 1 + wrapped_key_bytes + 12 + text.size() + 16);
    CHECK(bytes.front() == '\x01');
    CHECK(bytes.find("sk-x") == std::string::npos);
}

TEST_CASE("two envelopes of one text share neither key nor nonce nor ciphertext")
{
    const credential_sealer sealer(public_key(recipient()));
    const std::string a = base64url_decode(sealer.seal("the same")).value();
    const std::string b = base64url_decode(sealer.seal("the same")).value();
    CHECK(a.substr(1, wrapped_key_bytes) != b.substr(1, wrapped_key_bytes));
    CHECK(a.substr(1 + wrapped_key_bytes, 12) != b.substr(1 + wrapped_key_bytes, 12));
    CHECK(a.substr(1 + wrapped_key_bytes + 12) != b.substr(1 + wrapped_key_bytes + 12));
}

TEST_CASE("an envelope that was changed anywhere does not open")
{
    const std::string bytes = base64url_decode(seal("text")).value();
    for (std::size_t i = 0; i < bytes.size(); i += i < 250 ? 50 : 1) {
        CAPTURE(i);
        std::string changed = bytes;
        changed[i] = static_cast<char>(changed[i] ^ 1);
        CHECK_THROWS_AS(recipient().open(base64url_encode(changed)), std::invalid_argument);
    }
    CHECK_THROWS_AS(recipient().open(base64url_encode(bytes.substr(0, bytes.size() - 1))), std::invalid_argument);
    CHECK(recipient().open(base64url_encode(bytes)) == "text");
}

TEST_CASE("an envelope does not open with another key")
{
    credential_opener stranger;
    CHECK_THROWS_AS(stranger.open(seal("text")), std::invalid_argument);
}

TEST_CASE("a key that is too short or too long or no key is refused")
{
    const rsa_public_key good = public_key(recipient());
    const std::string modulus = good.modulus;
    CHECK(refusal_of(good).empty());
    CHECK(refusal_of({std::string(1, '\0') + modulus, good.exponent}).empty());  // leading zeros change no number
    CHECK(refusal_of({modulus.substr(1), good.exponent}) == "its RSA key is shorter than 2048 bits");
    CHECK(refusal_of({std::string(2000, '\0'), good.exponent}) == "its RSA key is shorter than 2048 bits");
    CHECK(refusal_of({std::string(1025, '\xff'), good.exponent}) == "its RSA key is too large");
    CHECK(refusal_of({std::string(100000, '\xff'), good.exponent}) == "its RSA key is too large");
    CHECK(refusal_of({modulus, modulus}) == "its RSA key is too large");

    std::string even = modulus;
    even.back() = static_cast<char>(even.back() & ~1);
    CHECK(refusal_of({even, good.exponent}) == "its RSA key is not valid");
    for (const std::string& exponent : {std::string(1, '\0'), std::string(1, '\x01'), std::string(1, '\x04')})
        CHECK(refusal_of({modulus, exponent}) == "its RSA key is not valid");
}

TEST_CASE("a text above the limit is refused")
{
    CHECK_THROWS_AS(seal(std::string(64 * 1024 + 1, 'x')), std::length_error);
}

}  // namespace credential_envelope_test
