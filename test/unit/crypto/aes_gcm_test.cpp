#include "crypto/aes_gcm.hpp"

#include "crypto/hex.hpp"
#include "support/catch.hpp"

#include <stdexcept>
#include <string>

namespace aes_gcm_test {

using dedalus::crypto::gcm_open;
using dedalus::crypto::gcm_seal;

namespace {

std::string bytes_of(const char* hex)
{
    return dedalus::crypto::hex_decode(hex).value();
}

// Test case 16 of "The Galois/Counter Mode of Operation" (McGrew, Viega).
const std::string key = bytes_of("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308");
const std::string bound = bytes_of("feedfacedeadbeeffeedfacedeadbeefabaddad2");
const std::string plaintext = bytes_of("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
                                       "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39");
const std::string sealed = bytes_of("cafebabefacedbaddecaf888"
                                    "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
                                    "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
                                    "76fc6ece0f4e1768cddf8853bb2d551b");

}  // namespace

TEST_CASE("AES-GCM opens the test vector of its authors")
{
    CHECK(gcm_open(key, sealed, bound) == plaintext);
}

TEST_CASE("what AES-GCM has sealed is opened with the same key and bound data alone")
{
    for (const std::string& text : {std::string(), std::string("a\0b", 3), std::string(100'000, 'x')}) {
        const std::string made = gcm_seal(key, text, bound);
        CHECK(made.size() == text.size() + 28);
        CHECK(gcm_open(key, made, bound) == text);
        CHECK_FALSE(gcm_open(key, made, ""));
        CHECK_FALSE(gcm_open(std::string(32, 'k'), made, bound));
    }
}

TEST_CASE("AES-GCM seals the same text as other bytes each time")
{
    const std::string once = gcm_seal(key, plaintext, bound);
    const std::string again = gcm_seal(key, plaintext, bound);
    CHECK(once.substr(0, 12) != again.substr(0, 12));
    CHECK(once.substr(12) != again.substr(12));
}

TEST_CASE("AES-GCM opens nothing that has another bit or another length")
{
    for (std::size_t i = 0; i < sealed.size(); ++i) {
        std::string altered = sealed;
        altered[i] = static_cast<char>(altered[i] ^ 1);
        CHECK_FALSE(gcm_open(key, altered, bound));
        CHECK_FALSE(gcm_open(key, sealed.substr(0, i), bound));
    }
    CHECK_FALSE(gcm_open(key, sealed + '\0', bound));
}

TEST_CASE("AES-GCM takes keys of 32 bytes alone")
{
    CHECK_THROWS_AS(gcm_seal(std::string(16, 'k'), "text", ""), std::invalid_argument);
    CHECK_THROWS_AS(gcm_open(std::string(33, 'k'), sealed, bound), std::invalid_argument);
}

}  // namespace aes_gcm_test
