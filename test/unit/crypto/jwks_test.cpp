#include "crypto/jwks.hpp"

#include "support/catch.hpp"

#include <string>

namespace jwks_test {

using namespace dedalus::crypto;

namespace {

/// The problem that the key set has; "" when it has a key.
std::string problem(std::string_view key_set)
{
    try {
        static_cast<void>(encryption_key(key_set));
    }
    catch (const key_error& e) {
        return e.what();
    }
    return {};
}

std::string set_of(const std::string& keys)
{
    return R"({"keys":[)" + keys + "]}";
}

const std::string plain = R"({"kty":"RSA","use":"enc","n":"cGxhaW4","e":"AQAB"})";
const std::string oaep = R"({"kty":"RSA","use":"enc","alg":"RSA-OAEP-256","n":"b2FlcA","e":"AQAB"})";
const std::string other = R"({"kty":"RSA","use":"enc","alg":"RSA1_5","n":"b3RoZXI","e":"AQAB"})";
const std::string signing = R"({"kty":"RSA","use":"sig","alg":"RS256","n":"c2ln","e":"AQAB"})";
const std::string curve = R"({"kty":"EC","use":"enc","crv":"P-256","x":"eA","y":"eQ"})";

}  // namespace

TEST_CASE("the key for encryption is found among keys for other uses and of other kinds")
{
    const rsa_public_key key = encryption_key(set_of(signing + ',' + curve + R"(,7,{},{"kty":1,"use":null},)" + plain));
    CHECK(key == rsa_public_key{"plain", std::string("\x01\x00\x01", 3)});
}

TEST_CASE("of several keys one for RSA-OAEP-256 comes before one for anything, and that before one for something else")
{
    CHECK(encryption_key(set_of(other + ',' + plain + ',' + oaep)).modulus == "oaep");
    CHECK(encryption_key(set_of(other + ',' + plain)).modulus == "plain");
    CHECK(encryption_key(set_of(other)).modulus == "other");
    CHECK(encryption_key(set_of(plain + R"(,{"kty":"RSA","use":"enc","n":"c2Vjb25k","e":"AQAB"})")).modulus == "plain");
}

TEST_CASE("a key set without a key that can be used says what is missing")
{
    for (const char* text : {"", "<html>", "{", R"({"keys":[})"})
        CHECK(problem(text) == "it is not valid JSON");
    for (const char* text : {"[]", "null", "{}", R"({"keys":{}})", R"({"keys":null})"})
        CHECK(problem(text) == "it is not an object with a list \"keys\"");
    for (const std::string& keys : {std::string(), signing, curve, signing + ',' + curve})
        CHECK(problem(set_of(keys)) == "it has no RSA key for encryption");
}

TEST_CASE("a number of the key that is missing or no base64url is named")
{
    for (const char* n : {"", R"("n":7,)", R"("n":"",)", R"("n":"AQAB==",)", R"("n":"a+b/",)"}) {
        CAPTURE(n);
        const std::string key = std::string(R"({"kty":"RSA","use":"enc",)") + n + R"("e":"AQAB"})";
        CHECK(problem(set_of(key)) == "the member \"n\" of its RSA key is not base64url");
    }
    CHECK(
        problem(set_of(R"({"kty":"RSA","use":"enc","n":"AQAB"})")) == "the member \"e\" of its RSA key is not base64url"
    );
}

TEST_CASE("a key set that is nested without end is refused")
{
    CHECK(problem(R"({"keys":)" + std::string(100000, '[')) == "it is not valid JSON");
}

}  // namespace jwks_test
