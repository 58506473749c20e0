// The table as Markdown, everything as JSON, and a plot for each row.

import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { plot } from "./plot.mjs";

const order = ["dedalus", "floor_b", "floor_a", "raw_tls", "curl", "go", "openai", "dedalus_labs"];
export const titles = {
    dedalus: "dedalus",
    floor_b: "floor B",
    floor_a: "floor A",
    raw_tls: "raw TLS",
    curl: "libcurl + nlohmann",
    go: "plain Go",
    openai: "openai (npm)",
    dedalus_labs: "dedalus-labs (npm)",
};

// What has no client, like stores, has its own names, in the order in which it was measured.
const namesOf = (row) => [...order.filter((each) => row.values[each]), ...Object.keys(row.values).filter((each) => !titles[each])];
const titleOf = (name) => titles[name] ?? name;
const hasPlot = (row) => Object.keys(row.values).length > 1;

export function summary(values) {
    const sorted = [...values].sort((a, b) => a - b);
    const middle = sorted.length / 2;
    const median = (sorted[Math.ceil(middle) - 1] + sorted[Math.floor(middle)]) / 2;
    return { median, min: sorted[0], max: sorted.at(-1) };
}

const digits = (value) => (value < 1 ? value.toFixed(3) : value < 10 ? value.toFixed(2) : value < 100 ? value.toFixed(1) : Math.round(value).toString());

// The ratio of two clients is the median of the ratios within each round: what disturbs a round disturbs both.
function ratio(row, a, b) {
    const pairs = row.values[a].map((value, i) => value / row.values[b][i]).filter(Number.isFinite);
    return summary(pairs).median;
}

// Values of the same kind, "SQLite, 10 turns" and "SQLite, 100 turns": the least first.
function series(row) {
    const groups = Map.groupBy(Object.keys(row.values), (name) => name.slice(0, name.lastIndexOf(", ") + 1));
    return [...groups.values()].filter((names) => names.length > 1);
}

// Of a row without clients: limits for each of its values, and for how much more than the first of its series one is.
function limitsOf(row) {
    const checks = Object.entries(row.limits ?? {}).map(([name, limit]) => {
        const { median } = summary(row.values[name]);
        return { text: `${titleOf(name)}: ${digits(median)} (goal ${limit})`, met: median <= limit };
    });
    for (const [first, ...others] of row.flat ? series(row) : []) {
        const growth = Math.max(...others.map((name) => ratio(row, name, first)));
        checks.push({ text: `at most ${digits(growth)} x ${first} (goal ${row.flat} x)`, met: growth <= row.flat });
    }
    return checks;
}

function goalsOf(row) {
    if (!row.values.dedalus) return limitsOf(row);
    const checks = Object.entries(row.goals ?? {})
        .filter(([name]) => row.values[name])
        .map(([name, goal]) => {
            const got = ratio(row, "dedalus", name);
            const text =
                goal < 0.2
                    ? `${digits(1 / got)} x less than ${titles[name]} (goal ${Math.round(1 / goal)} x)`
                    : `${digits(got)} x ${titles[name]} (goal ${goal} x)`;
            return { text, met: got <= goal };
        });
    if (row.limit) {
        const { median, max } = summary(row.values.dedalus);
        const got = row.always ? max : median;
        checks.push({ text: `${row.always ? "at most " : ""}${digits(got)} (goal ${row.limit})`, met: got <= row.limit });
    }
    return checks;
}

function machine() {
    const line = (command, ...args) => execFileSync(command, args, { encoding: "utf8" }).trim().split("\n")[0];
    const system = execFileSync("sh", ["-c", ". /etc/os-release && echo $PRETTY_NAME"], { encoding: "utf8" }).trim();
    const cpus = os.cpus();
    return {
        date: new Date().toISOString().slice(0, 16).replace("T", " ") + " UTC",
        machine: `${cpus.length} cores, ${cpus[0].model.trim()}, ${system}`,
        versions: [line("g++", "--version"), line("openssl", "version"), line("go", "version"), `Node.js ${process.version}`],
        load: os.loadavg()[0].toFixed(1),
    };
}

// What is told of each client besides the value of the row.
function columnsOf(row) {
    const shown = (values, scale) => (name) => digits(summary(values[name]).median * scale);
    const measured = (values) => Object.values(values ?? {}).some((each) => each.every(Number.isFinite));
    const columns = {};
    if (row.values.floor_b) columns["x floor B"] = (name) => digits(ratio(row, name, "floor_b"));
    if (row.values.openai) columns["x openai"] = (name) => digits(ratio(row, name, "openai"));
    if (measured(row.cpu)) columns["CPU µs"] = shown(row.cpu, 1);
    if (measured(row.wall)) columns["wall µs"] = shown(row.wall, 1);
    if (measured(row.peaks)) columns["peak MiB"] = shown(row.peaks, 1 / 1024);
    return columns;
}

function markdown(rows, about) {
    const lines = [
        `${about.date}; ${about.machine}; ${about.versions.join("; ")}; ${about.rounds} rounds; load at the end ${about.load}`,
        "",
        "Value: median of the rounds (least, most). CPU and wall of the client, per item; the most memory it had. Ratios to",
        "floor B and to openai: the median of the ratios within each round.",
    ];
    for (const row of rows) {
        const columns = columnsOf(row);
        lines.push("", `### ${row.title}: ${row.unit}`, "");
        lines.push(`| ${[row.limits ? "" : "client", "value", ...Object.keys(columns)].join(" | ")} |`);
        lines.push(`|${"---|".repeat(2 + Object.keys(columns).length)}`);
        for (const name of namesOf(row)) {
            const { median, min, max } = summary(row.values[name]);
            const value = `${digits(median)} (${digits(min)}, ${digits(max)})`;
            lines.push(`| ${[titleOf(name), value, ...Object.values(columns).map((cell) => cell(name))].join(" | ")} |`);
        }
        for (const [name, problem] of Object.entries(row.problems ?? {})) lines.push(`| ${titles[name]} | ${problem} |${" |".repeat(Object.keys(columns).length)}`);
        for (const { text, met } of goalsOf(row)) lines.push("", `${met ? "Met" : "**Not met**"}: ${text}`);
        if (hasPlot(row)) lines.push("", `![${row.title}](${row.id}.svg)`);
    }
    return lines.join("\n") + "\n";
}

// Returns how many results there are that cannot be trusted.
export function writeReport(folder, rows, options) {
    const about = { ...machine(), ...options };
    const data = rows.map(({ id, title, unit, values, cpu, wall, peaks, problems, ...row }) => ({
        id,
        title,
        unit,
        values,
        cpu_us: cpu,
        wall_us: wall,
        peaks,
        problems,
        goals: goalsOf({ values, ...row }),
    }));
    writeFileSync(path.join(folder, "report.json"), JSON.stringify({ about, rows: data }, null, 1) + "\n");
    writeFileSync(path.join(folder, "report.md"), markdown(rows, about));
    for (const row of rows.filter(hasPlot)) {
        const bars = namesOf(row)
            .map((name) => ({ label: titleOf(name), ours: name === "dedalus", ...summary(row.values[name]) }));
        writeFileSync(path.join(folder, `${row.id}.svg`), plot(`${row.title}: ${row.unit}`, bars, digits));
    }
    return rows.reduce((count, row) => count + Object.keys(row.problems ?? {}).length, 0);
}
