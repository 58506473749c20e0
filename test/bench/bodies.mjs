// The bodies that the servers send, the same in every run.

import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import path from "node:path";

// xorshift32: the same numbers everywhere.
function makeRandom() {
    let state = 2463534242;
    return (below) => {
        state ^= state << 13;
        state ^= state >>> 17;
        state ^= state << 5;
        return (state >>> 0) % below;
    };
}

const words = (
    "the of and to in a is that for it was on are as with they at be this from have or by one had not but what all were " +
    "when we there can an your which their said if do will each about how up out them then she many some so these would " +
    "other into has more her two like him see time could no make than first been its who now people my made over did " +
    "down only way find use may water long little very after words called just where most know through back much go " +
    "caf\u00e9 na\u00efve stra\u00dfe \u6771\u4eac \ud83d\ude00"
).split(" ");

// JSON with everything beyond ASCII escaped, as many servers write it.
const json = (value) =>
    JSON.stringify(value).replace(
        /[^\x00-\x7f]/g,
        (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
    );

const head = {
    id: "chatcmpl-CVq3d8zRmTn7bYw1KxLp0aGhEfS2u",
    object: "chat.completion.chunk",
    created: 1760000000,
    model: "gpt-5-nano-2025-08-07",
    system_fingerprint: null,
};
const usage = { prompt_tokens: 14, completion_tokens: 100000, total_tokens: 100014 };

function delta(random, i) {
    if (i === 0) return { role: "assistant", content: "", refusal: null };
    // Now and then a piece of the arguments of a tool call.
    if (i % 50 === 0) return { tool_calls: [{ index: 0, function: { arguments: `{"${words[random(40)]}":` } }] };
    let text = "";
    for (let n = 1 + random(3); n > 0; n--) text += ` ${words[random(words.length)]}`;
    return { content: random(20) === 0 ? `${text}.\n` : text };
}

function padding(random) {
    let text = "";
    for (let n = 2 + random(8); n > 0; n--) text += "abcdefghijklmnopqrstuvwxyz0123456789"[random(36)];
    return text;
}

// `count` events with the last three: the finish reason, the usage, and [DONE], which is none of JSON.
export function makeEvents(count) {
    const random = makeRandom();
    const events = [];
    for (let i = 0; i < count - 3; i++) {
        const choices = [{ index: 0, delta: delta(random, i), logprobs: null, finish_reason: null }];
        events.push(json({ ...head, choices, usage: null, obfuscation: padding(random) }));
    }
    const last = [{ index: 0, delta: {}, logprobs: null, finish_reason: "stop" }];
    events.push(json({ ...head, choices: last, usage: null, obfuscation: "" }));
    events.push(json({ ...head, choices: [], usage }));
    events.push("[DONE]");
    return events;
}

export function makeUnary() {
    const random = makeRandom();
    let text = "";
    while (text.length < 520) text += `${words[random(words.length)]} `;
    return json({
        ...head,
        object: "chat.completion",
        choices: [
            {
                index: 0,
                message: { role: "assistant", content: text, refusal: null, annotations: [] },
                logprobs: null,
                finish_reason: "stop",
            },
        ],
        usage: {
            ...usage,
            prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
            completion_tokens_details: { reasoning_tokens: 64, audio_tokens: 0, accepted_prediction_tokens: 0 },
        },
    });
}

// The digest of what a client must have decoded (measurement.hpp): of so many answers, or streams of these events.
export function digestOf(texts, times) {
    const sum = { text: "", args: "", items: 0, tokens: 0 };
    for (const text of texts) {
        if (text === "[DONE]") continue;
        const value = JSON.parse(text);
        sum.items += 1;
        sum.tokens += value.usage?.total_tokens ?? 0;
        for (const choice of value.choices) {
            const part = choice.delta ?? choice.message;
            sum.text += part.content ?? "";
            for (const call of part.tool_calls ?? []) sum.args += call.function.arguments;
        }
    }
    const all = [sum.text.repeat(times), sum.args.repeat(times), sum.items * times, sum.tokens * times];
    return createHash("sha256").update(all.join("\n")).digest("hex");
}

// What event_server sends for `count` events out of a file with these.
export function repeated(events, count) {
    const middle = events.slice(0, -3);
    const sent = [];
    for (let i = 0; i < count - 3; i++) sent.push(middle[i % middle.length]);
    return [...sent, ...events.slice(-3)];
}

export function writeBodies(folder, events, unary) {
    writeFileSync(path.join(folder, "stream.sse"), events.map((event) => `data: ${event}\n\n`).join(""));
    writeFileSync(path.join(folder, "unary.json"), unary);
}
