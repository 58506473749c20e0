// Programs that the benchmark starts.

import { execFile, spawn } from "node:child_process";
import net from "node:net";
import os from "node:os";
import { promisify } from "node:util";

const run = promisify(execFile);

// Servers on the first core, clients on the second, so that neither pays for the other.
const pinned = (core, command) => (os.cpus().length > 1 ? ["taskset", "-c", core, ...command] : command);

function runPinned(command, env) {
    const [program, ...args] = pinned("1", command);
    return run(program, args, { env: { ...process.env, ...env }, timeout: 300_000 });
}

export const runClient = async (command, env = {}) => (await runPinned(command, env)).stdout;

// Likewise, with what the whole process took, to the millisecond: its start and its end included.
export async function timeClient(command, env = {}) {
    const timed = ["bash", "-c", `TIMEFORMAT='%R %U %S'; time "$@"`, "bash", ...command];
    const { stdout, stderr } = await runPinned(timed, env);
    const [wall, user, system] = stderr.trim().split("\n").at(-1).split(" ").map(Number);
    return { stdout, wall_us: 1e6 * wall, cpu_us: 1e6 * (user + system) };
}

const servers = [];

export async function startServer(command, ports) {
    const [program, ...args] = pinned("0", command);
    const child = spawn(program, args, { stdio: ["ignore", "ignore", "inherit"] });
    servers.push(child);
    for (const port of ports) await untilListening(port, child);
    return child;
}

export function stopServers() {
    for (const child of servers) child.kill("SIGTERM");
}

async function untilListening(port, child) {
    for (let i = 0; i < 200 && child.exitCode === null; i++) {
        const open = await new Promise((done) => {
            const socket = net.connect(port, "127.0.0.1", () => done(true));
            socket.on("error", () => done(false)).on("connect", () => socket.destroy());
        });
        if (open) return;
        await new Promise((done) => setTimeout(done, 50));
    }
    throw new Error(`nothing listens on port ${port}: ${child.spawnargs.join(" ")}`);
}

export function freePorts(count) {
    const open = Array.from({ length: count }, () => net.createServer().listen(0, "127.0.0.1"));
    return Promise.all(
        open.map(
            (server) =>
                new Promise((done) =>
                    server.on("listening", () => {
                        const { port } = server.address();
                        server.close(() => done(port));
                    }),
                ),
        ),
    );
}
