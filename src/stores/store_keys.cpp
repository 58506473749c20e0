#include <dedalus/error.hpp>
#include <dedalus/stores/encrypted.hpp>

#include "crypto/aes_gcm.hpp"
#include "crypto/hex.hpp"

#include <fstream>
#include <utility>

namespace dedalus {

std::vector<std::string> read_store_keys(const std::string& path)
{
    std::ifstream file(path);
    if (!file)
        throw config_error("the file of the store's keys cannot be read");
    std::vector<std::string> keys;
    std::string line;
    for (int number = 1; std::getline(file, line); ++number) {
        if (line.empty() || line.front() == '#')
            continue;
        std::optional<std::string> key = crypto::hex_decode(line);
        if (!key || key->size() != crypto::aes_key_bytes)
            throw config_error("line " + std::to_string(number) + " of the store's keys is not 64 hex digits");
        keys.push_back(std::move(*key));
    }
    if (keys.empty() || file.bad())
        throw config_error("the file of the store's keys has none");
    return keys;
}

}  // namespace dedalus
