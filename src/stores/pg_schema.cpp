#include "stores/pg_schema.hpp"

#include <dedalus/stores/store_error.hpp>

#include <array>

namespace dedalus::stores {

namespace asio = boost::asio;

namespace {

// Times are microseconds since 1970, UTC: what the records hold, to the last digit. Ids of calls may hold any bytes,
// and bodies must come back as they were, which jsonb does not promise. Rows of runs change often and keep room for it.
constexpr const char* version_1 = R"(
CREATE TABLE dedalus_runs (
    run_id text COLLATE "C" PRIMARY KEY, phase text NOT NULL, head bytea NOT NULL, labels jsonb NOT NULL,
    rev bigint NOT NULL, last_seq bigint NOT NULL, fence bigint NOT NULL,
    lease_owner text NOT NULL, lease_until bigint NOT NULL,
    wakeup_at bigint, expires_at bigint, created_at bigint NOT NULL, updated_at bigint NOT NULL,
    collect_at bigint, create_op text NOT NULL, last_op text NOT NULL
) WITH (fillfactor = 80);
CREATE INDEX dedalus_runs_by_creation ON dedalus_runs (created_at, run_id);
CREATE INDEX dedalus_runs_by_wakeup ON dedalus_runs (wakeup_at)
    WHERE phase IN ('ready', 'sending', 'executing', 'suspended');
CREATE INDEX dedalus_runs_by_phase ON dedalus_runs (phase, updated_at);
CREATE TABLE dedalus_log (
    run_id text COLLATE "C" NOT NULL REFERENCES dedalus_runs ON DELETE CASCADE, seq bigint NOT NULL,
    at bigint NOT NULL, fence bigint NOT NULL, turn bigint NOT NULL, kind text NOT NULL,
    body bytea NOT NULL, raw bytea NOT NULL, crc bigint NOT NULL, PRIMARY KEY (run_id, seq)
);
CREATE TABLE dedalus_calls (
    run_id text COLLATE "C" NOT NULL REFERENCES dedalus_runs ON DELETE CASCADE, call_id bytea NOT NULL,
    occurrence bigint NOT NULL, slot bigint NOT NULL, kind bigint NOT NULL, attempt bigint NOT NULL,
    fence bigint NOT NULL, at bigint NOT NULL, body bytea NOT NULL, crc bigint NOT NULL, op_id text NOT NULL,
    PRIMARY KEY (run_id, call_id, occurrence, slot)
);
CREATE TABLE dedalus_waits (
    run_id text COLLATE "C" NOT NULL REFERENCES dedalus_runs ON DELETE CASCADE, call_id bytea NOT NULL,
    occurrence bigint NOT NULL, kind text COLLATE "C" NOT NULL, fingerprint bytea NOT NULL, token_sha256 bytea NOT NULL,
    expires_at bigint, body bytea NOT NULL, decided_by text NOT NULL, PRIMARY KEY (run_id, call_id, occurrence, kind)
);
CREATE TABLE dedalus_inbox (
    arrival bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id text COLLATE "C" NOT NULL REFERENCES dedalus_runs ON DELETE CASCADE, inbox_id text NOT NULL,
    call_id bytea, occurrence bigint, wait_kind text, kind text NOT NULL, body bytea NOT NULL,
    at bigint NOT NULL, consumed_rev bigint, UNIQUE (run_id, inbox_id)
);
CREATE INDEX dedalus_inbox_pending ON dedalus_inbox (run_id) WHERE consumed_rev IS NULL;
CREATE TABLE dedalus_late (
    run_id text COLLATE "C" NOT NULL REFERENCES dedalus_runs ON DELETE CASCADE, call_id bytea NOT NULL,
    occurrence bigint NOT NULL, fence bigint NOT NULL, body bytea NOT NULL, at bigint NOT NULL,
    PRIMARY KEY (run_id, call_id, occurrence, fence)
);
CREATE TABLE dedalus_blobs (
    run_id text COLLATE "C" NOT NULL REFERENCES dedalus_runs ON DELETE CASCADE, sha256 text NOT NULL,
    bytes bytea NOT NULL, PRIMARY KEY (run_id, sha256)
);
)";

// Step n leads from version n to n + 1.
constexpr std::array<const char*, pg_schema_version> steps = {version_1};

}  // namespace

asio::awaitable<int> read_schema_version(pg_connection& c /* borrowed */)
{
    const pg_rows there = co_await c.run("SELECT to_regclass('dedalus_schema') IS NOT NULL", pg_arguments());
    if (there.number(0, 0) == 0)
        co_return 0;
    const pg_rows rows = co_await c.run("SELECT coalesce(max(version), 0)::bigint FROM dedalus_schema", pg_arguments());
    co_return static_cast<int>(rows.number(0, 0));
}

asio::awaitable<bool> migrate(pg_connection& c /* borrowed */)
{
    // "dedalus" in ASCII: one migration at a time.
    co_await c.run_all("SELECT pg_advisory_xact_lock(28254606105737587)");
    const int version = co_await read_schema_version(c);
    if (version > pg_schema_version)
        throw store_error(store_errc::wrong_format, "the tables have a newer version");
    if (version == 0)
        co_await c.run_all("CREATE TABLE dedalus_schema (version bigint PRIMARY KEY)");
    for (int step = version; step < pg_schema_version; ++step) {
        co_await c.run_all(steps[static_cast<std::size_t>(step)]);
        pg_arguments arguments;
        arguments.number(step + 1);
        co_await c.run("INSERT INTO dedalus_schema VALUES ($1)", arguments);
    }
    co_return true;
}

}  // namespace dedalus::stores
