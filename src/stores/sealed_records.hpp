#pragma once

#include <dedalus/stores/operations.hpp>
#include <dedalus/stores/records.hpp>

#include "stores/run_sealer.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// What of a run is encrypted, and what each of it is bound to. seal() changes a record into the one that is kept;
/// open() changes it back, and says how much of it was possible.
namespace dedalus::stores {

void seal(const run_sealer& by, run_head& head, std::int64_t rev);
opening open(const run_sealer& by, run_head& head, std::int64_t rev);

/// Throws store_error(invalid_argument) for a wrong checksum.
void seal(const run_sealer& by, log_entry& entry);
void seal(const run_sealer& by, call_record& record);
opening open(const run_sealer& by, call_record& record);

void seal(const run_sealer& by, wait_record& wait);
void seal(const run_sealer& by, inbox_item& item);
void seal(const run_sealer& by, late_result& late);

/// The body of a post becomes that of an inbox item.
void seal(const run_sealer& by, post_request& request);

/// What stands for the fingerprint of a wait: one for each key, the newest first.
std::vector<std::string> masked_fingerprints(const run_sealer& by, const std::string& fingerprint);

/// What stands for the name of a blob, likewise.
std::vector<std::string> masked_names(const run_sealer& by, const std::string& name);

/// A blob as it is kept, under the first of its masked names.
std::pair<std::string, std::string>
sealed_blob(const run_sealer& by, const std::string& name, const std::string& bytes);

/// Changes a blob that is kept under a masked name back: its name, and its bytes.
opening open_blob(const run_sealer& by, std::string& name, std::string& bytes);

void seal(const run_sealer& by, stored_run& run);
opening open(const run_sealer& by, stored_run& run);

}  // namespace dedalus::stores
