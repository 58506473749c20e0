#pragma once

#include <dedalus/config.hpp>
#include <dedalus/stores/records.hpp>
#include <dedalus/stores/run_store.hpp>

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace dedalus {

/// A run as one JSON document, version 1 of "dedalus-run": head, log, call records, inbox, waits, late results. It
/// holds prompts, answers and results of tools, and hashes of one-time tokens, but no credential of a request. Of an
/// imported run it gives the same bytes again. Throws store_error(damaged) when a body is no JSON object or an id no
/// UTF-8: a run that handoff_loop has written has neither.
DEDALUS_EXPORT std::string export_run(const stores::stored_run& run);

/// The run of such a document. What this version does not know is kept: members of the head, and entries of other
/// kinds. Bodies must be as they were written, because checksums cover them; records without a checksum are taken as
/// they are. The fence is the highest that a record has. docs/checkpoint.md says what a document must have. Throws
/// store_error(wrong_format) for a newer version, and store_error(damaged) for what is no such document, has a wrong
/// checksum or contradicts itself.
DEDALUS_EXPORT stores::stored_run import_run(std::string_view document);

/// Puts the run of such a document into a store, whole or not at all; stores::create_outcome::exists when there is one
/// of its id. It stands there as it was exported: a suspended run waits on, and any worker of the store goes on with
/// the others. It is a copy. Where the original is left, take care that nobody goes on with both.
///
/// The document is read before the call returns. Throws then what the other import_run() throws, and config_error
/// without a store; throws from the awaitable store_error, with store_errc::unsupported by a store that cannot
/// restore runs. Cancellation: see run_store.
DEDALUS_EXPORT boost::asio::awaitable<stores::create_outcome>
import_run(std::shared_ptr<run_store> store, std::string_view document);

/// Puts a copy of a run into its store under another id, as it was when this turn had ended, to go on from there in
/// another way: `turn` 0 is the request alone, and the calls of the others must have ended. Nothing of that is sent or
/// run again. The copy has the budget that was left then, and names its parent (`parent_run`); a limit on its time
/// begins anew. stores::create_outcome::exists when there is a run of the new id.
///
/// Throws config_error from the call itself without a store, and from the awaitable when there is no such run or turn,
/// or the run has ended with its answer; store_error, with store_errc::unsupported by a store that cannot restore runs.
/// Cancellation: see run_store.
DEDALUS_EXPORT boost::asio::awaitable<stores::create_outcome>
fork_run(std::shared_ptr<run_store> store, std::string run_id, int turn, std::string new_id);

}  // namespace dedalus
