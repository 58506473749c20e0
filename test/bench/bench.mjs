// Runs the clients against the servers, interleaved, and writes the report. Usage, from test/bench/run:
//   node bench.mjs <build folder> <folder for the report> [--quick] [--rounds=<n>] [--rows=<beginning of an id>,...]
//       [--clients=<name>,...] [--serve]

import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { digestOf, makeEvents, makeUnary, repeated, writeBodies } from "./bodies.mjs";
import { measureBuild } from "./build_rows.mjs";
import { durabilityRows, measureDurability } from "./durability_rows.mjs";
import { freePorts, runClient, startServer, stopServers, timeClient } from "./processes.mjs";
import { writeReport } from "./report.mjs";
import { makeRows } from "./rows.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
const [build, folder, ...flags] = process.argv.slice(2);
const flag = (name) => flags.find((each) => each.startsWith(`--${name}=`))?.slice(name.length + 3);
const quick = flags.includes("--quick");
const rounds = Number(flag("rounds") ?? (quick ? 1 : 5));
const wanted = flag("rows")?.split(",");
const only = flag("clients")?.split(",");

const size = quick
    ? { chunks: 1000, streams: 1, unary: 50, cold: 20, many: 20, crowd: 40, window: 2, growth: [1000, 2000], starts: 2 }
    : {
          chunks: 100_000,
          streams: 2,
          unary: 3000,
          cold: 300,
          many: 1000,
          crowd: 10_000,
          window: 5,
          growth: [1000, 10_000, 100_000, 1_000_000],
          starts: 20,
      };

const work = mkdtempSync(path.join(folder, "work-"));
chmodSync(work, 0o755); // the worker of nginx is somebody else
mkdirSync(path.join(work, "bodies"), { recursive: true });

const events = makeEvents(size.chunks);
const unary = makeUnary();
writeBodies(path.join(work, "bodies"), events, unary);

const program = (name) => path.join(build, "test/bench", `dedalus_bench_${name}`);
const node = [process.execPath, path.join(here, "clients/node_client.mjs")];
const clients = {
    dedalus: [program("dedalus")],
    floor_b: [program("beast"), "B"],
    floor_a: [program("beast"), "A"],
    raw_tls: [program("openssl")],
    curl: [program("curl")],
    go: [path.join(build, "test/bench/dedalus_bench_go")],
    openai: [...node, "openai"],
    dedalus_labs: [...node, "dedalus-labs"],
};
const ca = path.join(work, "certificate.pem");

async function startServers() {
    const key = path.join(work, "key.pem");
    const subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"];
    const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
    const stdio = { stdio: "ignore" };
    execFileSync("openssl", ["req", "-x509", ...curve, "-nodes", "-days", "2", "-keyout", key, "-out", ca, ...subject], stdio);
    const [port, cold, full, own] = await freePorts(4);
    const values = { folder: work, port, cold_port: cold, full_port: full };
    const template = readFileSync(path.join(here, "servers/nginx.conf"), "utf8");
    const config = path.join(work, "nginx.conf");
    writeFileSync(config, template.replace(/@(\w+)@/g, (_, name) => values[name]));
    await startServer(["nginx", "-p", work, "-e", path.join(work, "nginx_errors.log"), "-c", config], [port, cold, full]);
    await startServer([program("event_server"), `${own}`, ca, key, path.join(work, "bodies/stream.sse")], [own]);
    const url = (number) => `https://127.0.0.1:${number}`;
    return { nginx: url(port), cold: url(cold), full: url(full), events: url(own) };
}

// What a client that decodes must have got; computed once for each kind.
const expected = new Map();
function digestFor(sent) {
    const id = JSON.stringify(sent);
    if (!expected.has(id))
        expected.set(id, sent.unary ? digestOf([unary], sent.unary) : digestOf(repeated(events, sent.stream), sent.times));
    return expected.get(id);
}

function check(row, name, result) {
    if (row.sent && result.digest && result.digest !== digestFor(row.sent))
        throw new Error(`${name} decoded something else than was sent in ${row.id}`);
    if (row.sent && !result.digest && !["floor_a", "raw_tls"].includes(name))
        throw new Error(`${name} has not decoded in ${row.id}`);
    if (row.mode === "slow" && (result.wrong !== 0 || (!quick && result.fewest < row.fewest)))
        throw new Error(`${name} has lost events or is far behind in ${row.id}: ${JSON.stringify(result)}`);
}

const commandOf = (row, name) => [...clients[name], row.mode, row.url, ca, `${row.count}`, `${row.warmUp}`];

async function runOnce(row, name) {
    try {
        const result = JSON.parse(await runClient(commandOf(row, name), { NODE_EXTRA_CA_CERTS: ca }));
        check(row, name, result);
        return result;
    } finally {
        // The server still closes its ends of thousands of connections, which the next client must not pay for.
        if (row.mode === "slow") await new Promise((done) => setTimeout(done, 2000));
    }
}

// The process that asks once, from start to exit.
async function startToExit(row, name) {
    const whole = { wall_us: 0, cpu_us: 0 };
    for (let i = 0; i < row.starts; i++) {
        const { stdout, wall_us, cpu_us } = await timeClient(commandOf(row, name), { NODE_EXTRA_CA_CERTS: ca });
        const result = JSON.parse(stdout);
        check(row, name, result);
        whole.wall_us += wall_us;
        whole.cpu_us += cpu_us;
        whole.peak_kib = result.peak_kib;
    }
    return whole;
}

// Keeps what a round gave; a client that failed once has no number.
function keep(result, name, given) {
    const items = result.items ?? given.items; // of slow streams the client counts them
    const wall = result.mode === "slow" ? NaN : given.wall_us / items; // the servers decide when those end
    const kept = { values: result.value(given, result), cpu: given.cpu_us / items, wall, peaks: given.peak_kib };
    for (const [what, value] of Object.entries(kept)) (result[what][name] ??= []).push(value);
}

function giveUp(result, name, error) {
    result.problems[name] = "failed";
    for (const what of ["values", "cpu", "wall", "peaks"]) delete result[what][name];
    process.stderr.write(`  ${error.message}\n`);
}

// Who goes first has a machine that did something else before.
function rotated(names, round) {
    const first = (round - 1) % Math.max(1, names.length);
    return [...names.slice(first), ...names.slice(0, first)];
}

async function measure() {
    const servers = await startServers();
    const rows = makeRows(servers, size).filter((row) => !wanted || wanted.some((id) => row.id.startsWith(id)));
    for (const row of rows) row.clients = row.clients.filter((name) => !only || only.includes(name));
    const empty = () => ({ values: {}, cpu: {}, wall: {}, peaks: {}, problems: {} });
    const results = rows.map((row) => ({ ...row, ...empty() }));
    for (let round = 1; round <= rounds; round++) {
        const done = new Map(); // rows that share a run
        for (const result of results) {
            process.stderr.write(`round ${round} of ${rounds}: ${result.id}\n`);
            for (const name of rotated(result.clients, round)) {
                if (result.problems[name]) continue;
                const shared = `${result.run ?? result.id} ${name}`;
                if (!done.has(shared)) done.set(shared, result.starts ? startToExit(result, name) : runOnce(result, name));
                try {
                    keep(result, name, await done.get(shared));
                } catch (error) {
                    giveUp(result, name, error);
                }
            }
        }
    }
    return joinGrowth(results);
}

// Streams of different lengths are the bars of one row.
function joinGrowth(rows) {
    const points = rows.filter((row) => row.point);
    const measured = points.filter((row) => row.values.dedalus);
    if (points.length === 0) return rows;
    const ofPoints = (what) => Object.fromEntries(measured.map((row) => [row.point, row[what].dedalus]));
    const growth = {
        id: "growth",
        title: "Growth: a chunk, by the length of its stream",
        unit: points[0].unit,
        values: ofPoints("values"),
        cpu: ofPoints("cpu"),
        wall: ofPoints("wall"),
        peaks: ofPoints("peaks"),
        problems: Object.assign({}, ...points.map((row) => row.problems)),
        limits: {},
        flat: 1.25,
    };
    return [...rows.filter((row) => !row.point), growth];
}

function cleanUp() {
    stopServers();
    rmSync(work, { recursive: true, force: true });
}

// For whoever wants to look closer at a client, with a profiler.
async function serve() {
    for (const row of makeRows(await startServers(), size))
        for (const name of row.clients) console.log(`${row.id}: NODE_EXTRA_CA_CERTS=${ca} ${commandOf(row, name).join(" ")}`);
    await new Promise(() => {});
}

for (const signal of ["SIGINT", "SIGTERM"]) {
    process.on(signal, () => {
        cleanUp();
        process.exit(1);
    });
}

try {
    if (flags.includes("--serve")) await serve();
    const rows = await measure();
    const isWanted = (row) => !wanted || wanted.some((id) => `store_${row}`.startsWith(id));
    if (durabilityRows.some(isWanted)) rows.push(...measureDurability(build, work, quick ? 1 : rounds, quick, isWanted));
    if (!wanted || wanted.includes("build")) rows.push(...(await measureBuild(build, quick ? 1 : rounds)));
    const failed = writeReport(folder, rows, { rounds, quick });
    process.exitCode = failed > 0 ? 1 : 0;
} finally {
    cleanUp();
}
