#pragma once

#include <dedalus/config.hpp>
#include <dedalus/stores/run_store.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace dedalus {

/// Gives the keys of an encrypted_run_store, 32 random bytes each, the newest first: it encrypts with that one, and
/// decrypts with all. Asked anew by each operation, so that keys can change at any time. Any thread, several at once;
/// it must not block for long. What it throws comes out of the operation.
using store_key_provider = std::function<std::vector<std::string>()>;

/// Reads keys from a text file: one in a line, as 64 hex digits, the newest first. Empty lines, and those that begin
/// with #, are passed over. Blocks. Throws config_error, which quotes nothing of the file, when it cannot be read, has
/// another line, or no key.
DEDALUS_EXPORT std::vector<std::string> read_store_keys(const std::string& path);

/// Encrypts runs before another store keeps them, with AES-256-GCM: the bytes of heads, bodies and raw bytes of log
/// entries, bodies of call records, waits, inbox items and late results, and blobs. What it gives is what was put in.
///
/// **In the clear** stays what the other store works with: ids of runs, calls, inbox items, operations and owners;
/// labels; phase, revision, fence, lease and times; kind, turn and number of log entries; kind and attempt of call
/// records; kinds of waits and inbox items, the hash of a one-time token; the number and the sizes of all of them. So
/// put nothing personal into ids and labels. Fingerprints of arguments and names of blobs are hashes by which a guess
/// could be confirmed: the other store gets an HMAC in their place, in which equal ones of one run are still equal.
///
/// **Detected** is whatever was altered, put into another place, or moved to another run: load() says `corrupt`, and
/// the run has empty bytes there; other operations throw store_error(damaged). The head is bound to its revision,
/// phase, labels and `expires_at`. Not detected is what a missing entry of the log does not show: that other records
/// were removed, or a whole run was put back to an earlier state.
///
/// **Keys.** For each run, keys are derived from one of the provider. Nonces are random: a run may have 2^32 records of
/// one key, whose repetition stays less likely than 2^-32. A record holds the id of its key, which is a hash of it.
/// When that key is not given any more, store_error(unknown_key) is thrown, a wrong key included. To rotate, put a new
/// key first and keep the old ones: what is written from then on has the new one, nothing is encrypted again. A lost
/// key is a lost run.
///
/// **Limits.** 37 bytes are added to each of the bytes named above, 101 to a blob, and up to 173 to a wait, so that the
/// largest may be smaller by as much than records.hpp says. A record whose checksum is wrong is refused
/// (invalid_argument), because the other store has another checksum.
///
/// Runs that the other store has in plaintext are not read (wrong_format): export them from it and import them here.
/// An export is in plaintext, and the same as from a store without encryption.
///
/// Operations, atomicity, cancellation and thread safety are those of the other store. When a wait was written with an
/// older key, a decision about it asks the other store once for each key. After a rotation, a blob that is put again is
/// kept twice.
class DEDALUS_EXPORT encrypted_run_store final : public run_store
{
public:
    /// Throws config_error without a store or provider, and when the provider gives no key or one that has not 32
    /// bytes; so do the operations.
    encrypted_run_store(std::shared_ptr<run_store> kept_in, store_key_provider keys);

    boost::asio::awaitable<void> migrate() override;
    boost::asio::awaitable<int> schema_version() override;
    boost::asio::awaitable<stores::create_outcome> create(stores::create_request request) override;
    boost::asio::awaitable<stores::load_result> load(stores::load_request request) override;
    boost::asio::awaitable<stores::acquire_result> acquire(stores::acquire_request request) override;
    boost::asio::awaitable<stores::renew_result> renew(stores::renew_request request) override;
    boost::asio::awaitable<stores::lease_outcome> release(stores::release_request request) override;
    boost::asio::awaitable<stores::commit_result> commit(stores::commit_request request) override;
    boost::asio::awaitable<stores::append_result> append_call(stores::append_request request) override;
    boost::asio::awaitable<stores::post_outcome> post(stores::post_request request) override;
    boost::asio::awaitable<stores::late_outcome> put_late_result(stores::late_request request) override;
    boost::asio::awaitable<std::vector<std::string>> list_resumable(stores::run_filter filter) override;
    boost::asio::awaitable<stores::list_page> list(stores::list_query query) override;
    boost::asio::awaitable<stores::remove_outcome> remove(std::string run_id, bool must_be_terminal) override;
    store_capabilities capabilities() const noexcept override;
    boost::asio::awaitable<bool> set_ttl(std::string run_id, std::optional<std::chrono::milliseconds> ttl) override;
    boost::asio::awaitable<std::size_t> collect(stores::collect_query query) override;
    boost::asio::awaitable<bool> put_named_blob(std::string run_id, std::string name, std::string bytes) override;
    boost::asio::awaitable<std::optional<std::string>> get_blob(std::string run_id, std::string name) override;
    boost::asio::awaitable<stores::create_outcome> restore(stores::restore_request request) override;
    boost::asio::awaitable<std::unique_ptr<run_watch>> watch(std::string run_id) override;

    /// Encrypts the record: append_in() of the other store writes it as it is.
    stores::append_request for_append_in(stores::append_request finish) const override;

private:
    std::shared_ptr<run_store> kept_in_;
    store_key_provider keys_;
};

}  // namespace dedalus
