#pragma once

#include <dedalus/config.hpp>
#include <dedalus/stores/records.hpp>

#include <string>
#include <string_view>

namespace dedalus {

/// A run as one JSON document, version 1 of "dedalus-run": head, log, call records, inbox, late results. It holds
/// prompts, answers and results of tools, and hashes of one-time tokens, but no credential of a request.
/// Of an imported run it gives the same bytes again. Throws store_error(damaged) when a body is no JSON object or an id
/// no UTF-8: a run that handoff_loop has written has neither.
DEDALUS_EXPORT std::string export_run(const stores::stored_run& run);

/// The run of such a document. What this version does not know is kept: members of the head, and entries of other
/// kinds. Bodies must be as they were written, because checksums cover them. The fence is the highest that a record
/// has. Throws store_error(wrong_format) for a newer version, and store_error(damaged) for what is no such document,
/// has a wrong checksum or contradicts itself.
DEDALUS_EXPORT stores::stored_run import_run(std::string_view document);

}  // namespace dedalus
