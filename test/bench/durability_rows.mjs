// What it costs to keep runs in a store: rows from dedalus_durability_bench, which brings its own PostgreSQL.

import { execFileSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import path from "node:path";

// `limits` are those of the program itself; `flat` limits the ratio of longer runs to the shortest.
const rows = {
    loop_cpu: { title: "Handoff loop, a turn with one call", unit: "CPU µs per turn" },
    loop_wall: { title: "Handoff loop, a turn with one call", unit: "wall µs per turn" },
    commit_p50: { title: "Store: a commit, median", unit: "µs" },
    commit_p99: { title: "Store: a commit, p99", unit: "µs" },
    append_p50: { title: "Store: an append of call records, median", unit: "µs" },
    append_p99: { title: "Store: an append of call records, p99", unit: "µs" },
    amplification: { title: "Store: bytes that it is given, 100 turns with 3 results of 4 KiB", unit: "bytes per byte of the run" },
    wal: { title: "PostgreSQL: write-ahead log, the same run", unit: "bytes per byte of the run" },
    load: { title: "Store: load of the same run", unit: "wall ms" },
    growth_plain: { title: "Growth: a turn, no store", unit: "CPU µs per turn", flat: 2 }, // the text of all before is copied
    growth_stored: { title: "Growth: a turn, store in memory", unit: "CPU µs per turn", flat: 1.5 },
    growth_store: { title: "Growth: the store in memory for a turn", unit: "µs per turn", flat: 1.5 },
    growth_cpu: { title: "Growth: a turn, store on disk", unit: "CPU µs per turn, without the server of the store", flat: 1.5 },
    growth_wait: { title: "Growth: wait for a store on disk in a turn", unit: "wall µs per turn", flat: 1.5 },
    growth_head: { title: "Growth: largest head of a run", unit: "bytes", flat: 1.1 },
    growth_bytes: { title: "Growth: bytes that a store is given for a turn", unit: "bytes per turn", flat: 1.1 },
};

export const durabilityRows = Object.keys(rows);

// Not on the core of the clients: a server works for each commit.
export function measureDurability(build, folder, rounds, quick, wanted) {
    const program = path.join(build, "test/bench/durability/dedalus_durability_bench");
    const file = path.join(folder, "durability.json");
    const results = {};
    for (let round = 1; round <= rounds; round++) {
        process.stderr.write(`round ${round} of ${rounds}: stores\n`);
        rmSync(file, { force: true });
        try {
            execFileSync(program, [...(quick ? ["--quick"] : []), "--json", file], { stdio: "ignore" });
        } catch (error) {
            if (error.status !== 1) throw error; // 1: a goal is missed, which the rows say
        }
        for (const { row, of, value, at_most: most } of JSON.parse(readFileSync(file, "utf8"))) {
            if (!rows[row] || !wanted(row)) continue;
            const result = (results[row] ??= { id: `store_${row}`, ...rows[row], values: {}, limits: {} });
            (result.values[of] ??= []).push(value);
            if (most) result.limits[of] = most;
        }
    }
    return Object.values(results);
}
