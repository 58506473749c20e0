// The official clients of Node.js. The packages are those of test/interop, in the versions of its lock file.
// Usage: node node_client.mjs openai|dedalus-labs <as measurement.hpp says>

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const [name, mode, baseUrl, , countText, warmUpText] = process.argv.slice(2);
const [count, warmUp] = [Number(countText), Number(warmUpText)];
const { default: Client } = createRequire(new URL("../../interop/package.json", import.meta.url))(name);

// The paths of dedalus-labs begin with /v1, those of openai are relative to it.
const client = new Client({
    apiKey: "bench",
    baseURL: name === "openai" ? baseUrl : baseUrl.replace(/\/v1$/, ""),
});
const request = { model: "gpt-5-nano", messages: [{ role: "user", content: "What is the capital of France?" }] };
const streamed = { ...request, stream: true, stream_options: { include_usage: true } };

function add(chunk, result) {
    result.items += 1;
    if (chunk.usage) result.totalTokens += chunk.usage.total_tokens;
    for (const choice of chunk.choices) {
        const delta = choice.delta ?? choice.message;
        if (typeof delta.content === "string") result.text += delta.content;
        for (const call of delta.tool_calls ?? []) result.args += call.function.arguments;
    }
}

async function ask(times) {
    const result = { text: "", args: "", items: 0, totalTokens: 0 };
    for (let i = 0; i < times; i++) {
        if (mode === "unary") {
            add(await client.chat.completions.create(request), result);
            continue;
        }
        const stream = await client.chat.completions.create(streamed);
        for await (const chunk of stream) add(chunk, result);
    }
    return result;
}

function cpuUs() {
    const { user, system } = process.cpuUsage();
    return user + system;
}

const monotonicNs = () => Number(process.hrtime.bigint());
const residentKib = () => Number(readFileSync("/proc/self/statm", "ascii").split(" ")[1]) * 4;
const peakKib = () => process.resourceUsage().maxRSS;
const sleep = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));

async function slow() {
    const before = residentKib();
    const counted = new Array(count).fill(0);
    const latency = [];
    let [measuring, wrong, begun, opened] = [false, 0, 0, 0];
    await new Promise((allOpen) => {
        const openNext = async () => {
            const number = begun++;
            if (number >= count) return;
            let seen = 0;
            for await (const chunk of await client.chat.completions.create(streamed)) {
                const [sequence, sent] = chunk.choices[0].delta.content.split(" ").map(Number);
                if (sequence !== seen) wrong += 1;
                if (measuring) {
                    counted[number] += 1;
                    latency.push((monotonicNs() - sent) / 1000);
                }
                if (seen++ > 0) continue;
                if (++opened === count) allOpen();
                openNext();
            }
        };
        for (let i = 0; i < 64; i++) openNext();
    });
    await sleep(1);
    measuring = true;
    const [cpu, wall] = [cpuUs(), monotonicNs()];
    await sleep(warmUp);
    measuring = false;
    const spent = { cpu_us: cpuUs() - cpu, wall_us: Math.round((monotonicNs() - wall) / 1000) };
    const kib = residentKib() - before;
    latency.sort((a, b) => a - b);
    const part = (share) => Math.round(latency[Math.floor(share * (latency.length - 1))]);
    console.log(
        JSON.stringify({
            items: latency.length,
            ...spent,
            peak_kib: peakKib(),
            kib_per_stream: kib / count,
            p50_us: part(0.5),
            p99_us: part(0.99),
            max_us: part(1),
            wrong,
            fewest: Math.min(...counted),
        }),
    );
    process.exit(0);
}

if (mode === "slow") await slow();
await ask(warmUp);
const [cpu, wall] = [cpuUs(), monotonicNs()];
const result = await ask(count);
const spent = { cpu_us: cpuUs() - cpu, wall_us: Math.round((monotonicNs() - wall) / 1000) };
const digest = createHash("sha256")
    .update([result.text, result.args, result.items, result.totalTokens].join("\n"))
    .digest("hex");
console.log(JSON.stringify({ items: result.items, ...spent, peak_kib: peakKib(), digest }));
