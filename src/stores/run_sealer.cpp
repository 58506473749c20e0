#include "stores/run_sealer.hpp"

#include <dedalus/error.hpp>
#include <dedalus/stores/store_error.hpp>

#include "crypto/aes_gcm.hpp"
#include "crypto/hex.hpp"
#include "crypto/hmac.hpp"

#include <algorithm>
#include <utility>

namespace dedalus::stores {

namespace {

constexpr char sealed_version = '\x01';
constexpr std::size_t key_id_bytes = 8;
constexpr std::size_t sealed_head_bytes = 1 + key_id_bytes;

/// HKDF-Expand to 32 bytes: its first block is all of it.
std::string derive(std::string_view key, std::string_view purpose, std::string_view run_id)
{
    std::string info = "dedalus-run/1 ";
    info.append(purpose).append(1, '\0').append(run_id).append(1, '\x01');
    return crypto::hmac_sha256(key, info);
}

crypto::secret_text derive_secret(std::string_view key, std::string_view purpose, std::string_view run_id)
{
    std::string derived = derive(key, purpose, run_id);
    crypto::secret_text secret;
    secret.append(derived);
    crypto::cleanse(derived.data(), derived.size());
    return secret;
}

std::string bound_to(std::string_view sealed_head, const sealed_place& place)
{
    return std::string(sealed_head) + place.bytes();
}

}  // namespace

void require_done(opening outcome)
{
    switch (outcome) {
    case opening::done:
        return;
    case opening::altered:
        throw store_error(store_errc::damaged, "it was altered, or put into another place");
    case opening::unknown_key:
        throw store_error(store_errc::unknown_key, "none of the given keys has its id");
    case opening::not_sealed:
        throw store_error(store_errc::wrong_format, "it is not encrypted, or by a newer version");
    }
}

sealed_place& sealed_place::number(std::int64_t value)
{
    auto rest = static_cast<std::uint64_t>(value);
    for (int i = 0; i < 8; ++i) {
        bytes_ += static_cast<char>(rest & 0xff);
        rest >>= 8;
    }
    return *this;
}

sealed_place& sealed_place::text(std::string_view value)
{
    number(static_cast<std::int64_t>(value.size()));
    bytes_ += value;
    return *this;
}

sealed_place& sealed_place::time(const std::optional<time_point>& value)
{
    number(value ? 1 : 0);
    return number(value ? value->time_since_epoch().count() : 0);
}

sealed_place& sealed_place::call(const call_key& key)
{
    return text(key.call_id).number(key.occurrence);
}

run_sealer::run_sealer(std::vector<std::string> keys, std::string_view run_id)
{
    if (keys.empty())
        throw config_error("no key for encrypted runs");
    for (std::string& key : keys) {
        if (key.size() != crypto::aes_key_bytes)
            throw config_error("a key for encrypted runs has 32 bytes");
        run_key& of_run = keys_.emplace_back();
        of_run.id = derive(key, "key id", "").substr(0, key_id_bytes);
        of_run.for_sealing = derive_secret(key, "encryption", run_id);
        of_run.for_masks = derive_secret(key, "masks", run_id);
        crypto::cleanse(key.data(), key.size());
    }
}

std::string run_sealer::seal(std::string_view plaintext, const sealed_place& place) const
{
    const run_key& newest = keys_.front();
    std::string sealed = sealed_version + newest.id;
    sealed += crypto::gcm_seal(newest.for_sealing.view(), plaintext, bound_to(sealed, place));
    return sealed;
}

opening run_sealer::open(std::string& sealed, const sealed_place& place) const
{
    const std::string text = std::exchange(sealed, std::string());
    const std::string_view view = text;
    if (view.size() < sealed_head_bytes || view.front() != sealed_version)
        return opening::not_sealed;
    const auto key = std::ranges::find(keys_, view.substr(1, key_id_bytes), &run_key::id);
    if (key == keys_.end())
        return opening::unknown_key;
    const std::string_view head = view.substr(0, sealed_head_bytes);
    auto plaintext = crypto::gcm_open(key->for_sealing.view(), view.substr(sealed_head_bytes), bound_to(head, place));
    if (!plaintext)
        return opening::altered;
    sealed = std::move(*plaintext);
    return opening::done;
}

std::vector<std::string> run_sealer::masks(std::string_view name) const
{
    std::vector<std::string> result;
    for (const run_key& key : keys_)
        result.push_back(crypto::hex_encode(crypto::hmac_sha256(key.for_masks.view(), name)));
    return result;
}

}  // namespace dedalus::stores
