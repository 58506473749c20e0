// Starts the programs of the build that the tests talk to or through.

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import readline from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

export const build = process.env.DEDALUS_BUILD_DIR;
if (!build) throw new Error("DEDALUS_BUILD_DIR has to name the build directory of the library");

const run = promisify(execFile);
const here = path.dirname(fileURLToPath(import.meta.url));

// Runs a program to its end, at most 60 seconds; resolves to the JSON that it printed.
async function runForJson(program, args, env = {}) {
    const { stdout } = await run(program, args, { env: { ...process.env, ...env }, timeout: 60_000 });
    return JSON.parse(stdout);
}

// One conversation of the dedalus client.
export function dedalusClient(mode, baseUrl, env = {}) {
    return runForJson(path.join(build, "test/interop/dedalus_aimock_client"), [mode, baseUrl], env);
}

// One conversation of an official client, in a process of its own because Node.js reads its CA file at start.
export function officialClient(name, mode, server, { caFile = server.caFile } = {}) {
    const env = caFile ? { NODE_EXTRA_CA_CERTS: caFile } : {};
    return runForJson(process.execPath, [path.join(here, "official_client.mjs"), name, mode, server.url], env);
}

// Starts dedalus-testserver; resolves once it has printed where it listens.
export async function startTestServer(...args) {
    const child = spawn(path.join(build, "src/dedalus-testserver"), args, { stdio: ["ignore", "pipe", "inherit"] });
    const lines = readline.createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const url = (await lines.next()).value;
    if (!url) throw new Error("dedalus-testserver ended before it printed its URL");
    const caFile = url.startsWith("https:") ? (await lines.next()).value.replace(/^ca_file: /, "") : undefined;
    return {
        url,
        caFile,
        async stop() {
            const exited = once(child, "exit");
            child.kill("SIGTERM");
            return (await exited)[0];
        },
    };
}
