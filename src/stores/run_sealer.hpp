#pragma once

#include <dedalus/stores/records.hpp>

#include "crypto/secret.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dedalus::stores {

/// What came of decrypting; a worse one is greater.
enum class opening
{
    done,
    altered,
    unknown_key,
    not_sealed,
};

/// Throws the store_error that fits, unless it is done.
void require_done(opening outcome);

/// Names a record within its run, so that it opens nowhere else.
class sealed_place
{
public:
    /// @param what  part of the run
    explicit sealed_place(std::string_view what) { text(what); }

    sealed_place& number(std::int64_t value);
    sealed_place& text(std::string_view value);
    sealed_place& time(const std::optional<time_point>& value);
    sealed_place& call(const call_key& key);

    const std::string& bytes() const noexcept { return bytes_; }

private:
    std::string bytes_;
};

/// Encrypts and decrypts what belongs to one run. A sealed text is the byte 0x01, the id of its key (8 bytes), a nonce,
/// the ciphertext and its tag; the place is its associated data.
///
/// Keys of the run are derived from those of the provider by HKDF-Expand (RFC 5869), so that records of another run
/// open with none of them, and nonces of other runs do not count.
class run_sealer
{
public:
    /// @param keys  the newest first; they are cleansed. Throws config_error for none, or one that has not 32 bytes
    run_sealer(std::vector<std::string> keys, std::string_view run_id);

    std::string seal(std::string_view plaintext, const sealed_place& place) const;

    /// Puts the plaintext into the place of what is sealed; nothing, unless it is done.
    opening open(std::string& sealed, const sealed_place& place) const;

    /// A text that says nothing of the name, and is another one in each run: 64 lower-case hex digits for each key, the
    /// newest first.
    std::vector<std::string> masks(std::string_view name) const;

private:
    struct run_key
    {
        std::string id{};
        crypto::secret_text for_sealing{};
        crypto::secret_text for_masks{};
    };

    std::vector<run_key> keys_;
};

}  // namespace dedalus::stores
