// What the library costs the compiler and the linker of its user.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const here = path.dirname(fileURLToPath(import.meta.url));
const include = `-I${path.join(here, "../../include")}`;

// User and system time of a command in seconds, by the shell's own measure.
function cpuSeconds(command) {
    const timed = `TIMEFORMAT='%U %S'; time "$@"`;
    const text = execFileSync("bash", ["-c", `{ ${timed} 2>&3; } 3>&2 2>&1`, "bash", ...command], {
        encoding: "utf8",
        stdio: ["ignore", "pipe", "pipe"],
    });
    const [user, system] = text.trim().split("\n").at(-1).split(" ").map(Number);
    return user + system;
}

export async function measureBuild(build, rounds) {
    const folder = mkdtempSync(path.join(os.tmpdir(), "dedalus-bench-"));
    const source = (name) => path.join(here, "sources", name);
    const syntax = (file) => ["g++", "-std=c++20", include, "-fsyntax-only", file];
    const object = (name) => path.join(folder, `${name}.o`);
    const compile = (name, file) => ["g++", "-std=c++20", "-O2", include, "-c", file, "-o", object(name)];
    const base = path.join(folder, "base.cpp");
    const umbrella = path.join(folder, "umbrella.cpp");
    writeFileSync(base, "#include <boost/asio/awaitable.hpp>\n#include <boost/json.hpp>\n");
    writeFileSync(umbrella, "#include <dedalus/dedalus.hpp>\n");
    const header = { floor_b: [], dedalus: [] };
    const unit = { dedalus: [], floor_b: [], "the two headers alone": [] };
    try {
        for (let i = 0; i < rounds; i++) {
            header.floor_b.push(cpuSeconds(syntax(base)));
            header.dedalus.push(cpuSeconds(syntax(umbrella)));
            unit["the two headers alone"].push(cpuSeconds(compile("base", base)));
            unit.floor_b.push(cpuSeconds(compile("floor_user", source("floor_user.cpp"))));
            unit.dedalus.push(cpuSeconds(compile("user", source("user.cpp"))));
        }
        const libraries = ["-lboost_json", "-lboost_url", "-lssl", "-lcrypto", "-lz", "-lpthread"];
        const linkedKib = (...parts) => {
            const program = path.join(folder, "hello");
            execFileSync("g++", [...parts, ...libraries, "-s", "-o", program]);
            return statSync(program).size / 1024;
        };
        return [
            {
                id: "header",
                title: "Umbrella header, -fsyntax-only (floor: boost/asio/awaitable.hpp and boost/json.hpp)",
                unit: "CPU s",
                values: header,
                goals: { floor_b: 1.3 },
                limit: 0.85,
            },
            {
                id: "unit",
                title: "User's source with one co_await, -O2 (floor: the same program without the library)",
                unit: "CPU s",
                values: unit,
                goals: { floor_b: 1.3 },
                limit: 1.3,
            },
            {
                id: "size",
                title: "Linked hello program, stripped; Boost and OpenSSL shared (floor: without the library)",
                unit: "KiB",
                values: {
                    dedalus: [linkedKib(object("user"), path.join(build, "src/libdedalus.a"))],
                    floor_b: [linkedKib(object("floor_user"))],
                },
            },
        ];
    } finally {
        rmSync(folder, { recursive: true, force: true });
    }
}
