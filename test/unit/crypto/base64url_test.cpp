#include "crypto/base64url.hpp"

#include "support/catch.hpp"

#include <string>

namespace base64url_test {

using dedalus::crypto::base64url_decode;
using dedalus::crypto::base64url_encode;

TEST_CASE("base64url of the RFC's examples is theirs without padding")
{
    CHECK(base64url_encode("").empty());
    CHECK(base64url_encode("f") == "Zg");
    CHECK(base64url_encode("fo") == "Zm8");
    CHECK(base64url_encode("foo") == "Zm9v");
    CHECK(base64url_encode("foob") == "Zm9vYg");
    CHECK(base64url_encode("foobar") == "Zm9vYmFy");
    CHECK(base64url_encode("\xfb\xff\xbf") == "-_-_");
}

TEST_CASE("base64url gives back the bytes of every length")
{
    std::string bytes;
    for (int i = 0; i < 300; ++i) {
        CHECK(base64url_decode(base64url_encode(bytes)) == bytes);
        bytes += static_cast<char>(i * 7);
    }
}

TEST_CASE("base64url refuses padding, the other alphabet, white space, unused bits and impossible lengths")
{
    for (const char* text : {"Zg==", "Zm8=", "+/+/", "Zm 9", "Zm9v\n", " Zm9v", "Zh", "Z", "Zm9vY", "Zm9\xff"}) {
        CAPTURE(text);
        CHECK_FALSE(base64url_decode(text).has_value());
    }
    CHECK_FALSE(base64url_decode(std::string_view("Zm9\0", 4)).has_value());
}

}  // namespace base64url_test
