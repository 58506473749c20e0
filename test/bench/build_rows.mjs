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
    const object = path.join(folder, "user.o");
    const compile = (name, to) => ["g++", "-std=c++20", "-O2", include, "-c", source(name), "-o", to];
    const base = path.join(folder, "base.cpp");
    const umbrella = path.join(folder, "umbrella.cpp");
    writeFileSync(base, "#include <boost/asio/awaitable.hpp>\n#include <boost/json.hpp>\n");
    writeFileSync(umbrella, "#include <dedalus/dedalus.hpp>\n");
    const header = { floor_b: [], dedalus: [] };
    const unit = { floor_b: [], dedalus: [] };
    try {
        for (let i = 0; i < rounds; i++) {
            header.floor_b.push(cpuSeconds(syntax(base)));
            header.dedalus.push(cpuSeconds(syntax(umbrella)));
            unit.floor_b.push(cpuSeconds(compile("floor_user.cpp", path.join(folder, "floor_user.o"))));
            unit.dedalus.push(cpuSeconds(compile("user.cpp", object)));
        }
        const hello = path.join(folder, "hello");
        const libraries = ["-lboost_json", "-lboost_url", "-lssl", "-lcrypto", "-lz", "-lpthread"];
        execFileSync("g++", [object, path.join(build, "src/libdedalus.a"), ...libraries, "-s", "-o", hello]);
        return [
            {
                id: "header",
                title: "Umbrella header, -fsyntax-only (floor: boost/asio/awaitable.hpp and boost/json.hpp)",
                unit: "CPU s",
                values: header,
                goals: { floor_b: 1.3 },
            },
            {
                id: "unit",
                title: "User's source with one co_await, -O2 (floor: the same program without the library)",
                unit: "CPU s",
                values: unit,
                goals: { floor_b: 1.3 },
            },
            {
                id: "size",
                title: "Linked hello program, stripped",
                unit: "KiB",
                values: { dedalus: [statSync(hello).size / 1024] },
            },
        ];
    } finally {
        rmSync(folder, { recursive: true, force: true });
    }
}
