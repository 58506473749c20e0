#include "crypto/hex.hpp"

#include "support/catch.hpp"

#include <string>

namespace hex_test {

using dedalus::crypto::hex_decode;
using dedalus::crypto::hex_encode;

TEST_CASE("hex digits stand for bytes, and what is not made of them for none")
{
    const std::string bytes("\x00\x7f\x80\xff", 4);
    CHECK(hex_encode(bytes) == "007f80ff");
    CHECK(hex_decode("007f80ff") == bytes);
    CHECK(hex_decode("007F80fF") == bytes);
    CHECK(hex_decode("") == "");
    for (const char* wrong : {"0", "0g", "g0", "0x", " 0", "000"})
        CHECK_FALSE(hex_decode(wrong));
}

}  // namespace hex_test
