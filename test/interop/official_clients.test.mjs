// The official clients talk to dedalus-testserver, over HTTP and over HTTPS with the server's CA.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { officialClient, startTestServer } from "./processes.mjs";

for (const scheme of ["http", "https"]) {
    describe(`dedalus-testserver over ${scheme}`, () => {
        let server;
        before(async () => {
            server = await startTestServer(...(scheme === "http" ? ["--http"] : []));
        });
        after(async () => {
            assert.equal(await server.stop(), 0);
        });

        for (const name of ["openai", "dedalus-labs"]) {
            test(`answers ${name} (${scheme})`, async () => {
                const answer = await officialClient(name, "unary", server);
                assert.equal(answer.object, "chat.completion");
                assert.equal(answer.model, "openai/gpt-5-nano");
                assert.equal(answer.choices.length, 1);
                assert.equal(answer.choices[0].message.role, "assistant");
                assert.match(answer.choices[0].message.content, /Paris/);
                assert.equal(answer.choices[0].finish_reason, "stop");
                assert.equal(answer.usage.total_tokens, answer.usage.prompt_tokens + answer.usage.completion_tokens);
            });

            test(`streams to ${name} (${scheme})`, async () => {
                const chunks = await officialClient(name, "stream", server);
                const deltas = chunks.flatMap((chunk) => chunk.choices);
                assert.ok(deltas.length > 3, `only ${deltas.length} deltas`);
                assert.ok(chunks.every((chunk) => chunk.object === "chat.completion.chunk" && chunk.id === chunks[0].id));
                assert.equal(deltas[0].delta.role, "assistant");
                assert.match(deltas.map((choice) => choice.delta.content ?? "").join(""), /Paris/);
                assert.equal(deltas.at(-1).finish_reason, "stop");
                assert.ok(chunks.at(-1).usage.total_tokens > 0, "no usage in the last chunk");
            });

            test(`calls a tool of ${name} (${scheme})`, async () => {
                const { first, last } = await officialClient(name, "tools", server);
                assert.equal(first.choices[0].finish_reason, "tool_calls");
                const [call] = first.choices[0].message.tool_calls;
                assert.equal(call.type, "function");
                assert.equal(call.function.name, "get_weather");
                assert.equal(typeof JSON.parse(call.function.arguments).city, "string");
                assert.equal(last.choices[0].finish_reason, "stop");
                assert.match(last.choices[0].message.content, /7 degrees and sunny/);
            });

            test(`refuses an invalid request of ${name} (${scheme})`, async () => {
                const error = await officialClient(name, "invalid", server);
                assert.equal(error.name, "UnprocessableEntityError");
                assert.equal(error.status, 422);
                assert.match(JSON.stringify(error.detail ?? ""), /temperature/);
            });
        }
    });
}

test("https: a client that does not know the CA refuses the server", async () => {
    const server = await startTestServer();
    try {
        const error = await officialClient("openai", "unreachable", server, { caFile: "" });
        assert.equal(error.name, "APIConnectionError");
        assert.match(String(error.cause), /SELF_SIGNED_CERT|UNABLE_TO_/);
    } finally {
        await server.stop();
    }
});
