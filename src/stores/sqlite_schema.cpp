#include "stores/sqlite_schema.hpp"

#include <dedalus/stores/store_error.hpp>

#include "stores/sqlite_database.hpp"

namespace dedalus::stores {

namespace {

// "DEDA": tells the file from databases of other programs.
constexpr std::int64_t application_id = 0x44454441;

constexpr const char* version_1 = R"(
CREATE TABLE runs (
    run_id TEXT PRIMARY KEY, phase TEXT NOT NULL, head BLOB NOT NULL, labels TEXT NOT NULL,
    rev INTEGER NOT NULL, last_seq INTEGER NOT NULL, fence INTEGER NOT NULL,
    lease_owner TEXT NOT NULL, lease_until INTEGER NOT NULL,
    wakeup_at INTEGER, expires_at INTEGER, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
    collect_at INTEGER, create_op TEXT NOT NULL, last_op TEXT NOT NULL
) STRICT;
CREATE INDEX runs_by_creation ON runs (created_at, run_id);
CREATE INDEX runs_by_wakeup ON runs (wakeup_at) WHERE phase IN ('ready', 'sending', 'executing', 'suspended');
CREATE INDEX runs_by_phase ON runs (phase, updated_at);
CREATE TABLE log (
    run_id TEXT NOT NULL REFERENCES runs ON DELETE CASCADE, seq INTEGER NOT NULL,
    at INTEGER NOT NULL, fence INTEGER NOT NULL, turn INTEGER NOT NULL, kind TEXT NOT NULL,
    body BLOB NOT NULL, raw BLOB NOT NULL, crc INTEGER NOT NULL, PRIMARY KEY (run_id, seq)
) STRICT;
CREATE TABLE calls (
    run_id TEXT NOT NULL REFERENCES runs ON DELETE CASCADE, call_id BLOB NOT NULL, occurrence INTEGER NOT NULL,
    slot INTEGER NOT NULL, kind INTEGER NOT NULL, attempt INTEGER NOT NULL, fence INTEGER NOT NULL,
    at INTEGER NOT NULL, body BLOB NOT NULL, crc INTEGER NOT NULL, op_id TEXT NOT NULL,
    PRIMARY KEY (run_id, call_id, occurrence, slot)
) STRICT;
CREATE TABLE waits (
    run_id TEXT NOT NULL REFERENCES runs ON DELETE CASCADE, call_id BLOB NOT NULL, occurrence INTEGER NOT NULL,
    kind TEXT NOT NULL, fingerprint BLOB NOT NULL, token_sha256 BLOB NOT NULL, expires_at INTEGER,
    body BLOB NOT NULL, decided_by TEXT NOT NULL, PRIMARY KEY (run_id, call_id, occurrence, kind)
) STRICT;
CREATE TABLE inbox (
    arrival INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT NOT NULL REFERENCES runs ON DELETE CASCADE,
    inbox_id TEXT NOT NULL, call_id BLOB, occurrence INTEGER, wait_kind TEXT, kind TEXT NOT NULL,
    body BLOB NOT NULL, at INTEGER NOT NULL, consumed_rev INTEGER, UNIQUE (run_id, inbox_id)
) STRICT;
CREATE INDEX inbox_pending ON inbox (run_id) WHERE consumed_rev IS NULL;
CREATE TABLE late (
    run_id TEXT NOT NULL REFERENCES runs ON DELETE CASCADE, call_id BLOB NOT NULL, occurrence INTEGER NOT NULL,
    fence INTEGER NOT NULL, body BLOB NOT NULL, at INTEGER NOT NULL,
    PRIMARY KEY (run_id, call_id, occurrence, fence)
) STRICT;
CREATE TABLE blobs (
    run_id TEXT NOT NULL REFERENCES runs ON DELETE CASCADE, sha256 TEXT NOT NULL, bytes BLOB NOT NULL,
    PRIMARY KEY (run_id, sha256)
) STRICT;
PRAGMA application_id = 1145390145;
PRAGMA user_version = 1;
)";
static_assert(application_id == 1145390145);

}  // namespace

void migrate(sqlite_database& database)
{
    database.execute("BEGIN IMMEDIATE");
    try {
        const std::int64_t id = database.number("PRAGMA application_id");
        const std::int64_t version = database.number("PRAGMA user_version");
        const bool empty = database.number("SELECT count(*) FROM sqlite_schema") == 0;
        if (empty && id == 0 && version == 0)
            database.execute(version_1);
        else if (id != application_id)
            throw store_error(store_errc::wrong_format, "the SQLite file belongs to another program");
        else if (version != sqlite_schema_version)
            throw store_error(
                store_errc::wrong_format, "the SQLite file has version " + std::to_string(version) + ", known is 1"
            );
        database.execute("COMMIT");
    }
    catch (...) {
        database.execute("ROLLBACK");
        throw;
    }
}

}  // namespace dedalus::stores
