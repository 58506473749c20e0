// The dedalus client talks to aimock, a mock server that someone else wrote.

import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";

import { LLMock } from "@copilotkit/aimock";

import { dedalusClient } from "./processes.mjs";

const paris = "The capital of France is Paris, on the Seine.";
const oslo = "It is 7 degrees in Oslo.";

describe("the dedalus client with aimock", () => {
    const mock = new LLMock({ port: 0 });
    before(async () => {
        await mock.start();
    });
    after(async () => {
        await mock.stop();
    });
    beforeEach(() => {
        mock.reset();
        mock.onMessage("capital of France", { content: paris });
        mock.on(
            { userMessage: "weather in Oslo", hasToolResult: false },
            { toolCalls: [{ name: "get_weather", arguments: { city: "Oslo" } }] },
        );
        mock.on({ userMessage: "weather in Oslo", hasToolResult: true }, { content: oslo });
    });

    const bodies = () => mock.getRequests().map((entry) => entry.body);

    test("reads an answer", async () => {
        const answer = await dedalusClient("unary", mock.url);
        assert.equal(answer.text, paris);
        assert.equal(answer.finish_reason, "stop");
        assert.equal(answer.status, 200);
        assert.ok(answer.total_tokens > 0);

        const [request] = mock.getRequests();
        assert.equal(request.path, "/v1/chat/completions");
        assert.equal(answer.request_id, request.headers["x-request-id"]);
        assert.equal(request.body.model, "openai/gpt-5-nano");
        assert.deepEqual(request.body.messages, [{ role: "user", content: "What is the capital of France?" }]);
    });

    test("reads a stream piece by piece", async () => {
        const answer = await dedalusClient("stream", mock.url);
        assert.equal(answer.text, paris);
        assert.equal(answer.finish_reason, "stop");
        assert.equal(answer.chunks.join(""), paris);
        assert.ok(answer.chunks.filter((text) => text !== "").length > 1, "the text came in one piece");
        assert.equal(bodies()[0].stream, true);
    });

    test("runs a tool and sends its result back", async () => {
        const run = await dedalusClient("tools", mock.url);
        assert.equal(run.phase, "completed");
        assert.equal(run.final_text, oslo);
        assert.equal(run.turns, 2);
        assert.equal(run.calls.length, 1);
        assert.equal(run.calls[0].name, "get_weather");
        assert.deepEqual(run.calls[0].arguments, { city: "Oslo" });

        const [first, second] = bodies();
        assert.equal(bodies().length, 2);
        assert.equal(first.tools[0].function.name, "get_weather");
        assert.deepEqual(first.tools[0].function.parameters.required, ["city"]);
        const [question, asked, result] = second.messages;
        assert.equal(second.messages.length, 3);
        assert.equal(question.role, "user");
        assert.equal(asked.tool_calls[0].function.name, "get_weather");
        assert.equal(result.role, "tool");
        assert.equal(result.tool_call_id, asked.tool_calls[0].id);
        assert.deepEqual(JSON.parse(result.content), { city: "Oslo", temperature: 7, call_id: result.tool_call_id });
    });

    test("adds up a streamed tool call", async () => {
        const answer = await dedalusClient("stream-tools", mock.url);
        assert.equal(answer.finish_reason, "tool_calls");
        assert.equal(answer.tool_calls.length, 1);
        assert.equal(answer.tool_calls[0].type, "function");
        assert.equal(answer.tool_calls[0].function.name, "get_weather");
        assert.deepEqual(JSON.parse(answer.tool_calls[0].function.arguments), { city: "Oslo" });
    });

    test("reports an error with its status, code and type", async () => {
        mock.nextRequestError(400, { message: "the secret words", type: "invalid_request_error", code: "bad_thing" });
        const error = await dedalusClient("error", mock.url);
        assert.equal(error.status, 400);
        assert.equal(error.code, "bad_thing");
        assert.equal(error.type, "invalid_request_error");
        assert.equal(error.retries, 0);
        assert.doesNotMatch(error.what, /secret words/);
    });

    test("tries again after a server error", async () => {
        mock.nextRequestError(503, { message: "busy" });
        const answer = await dedalusClient("unary", mock.url);
        assert.equal(answer.text, paris);
        assert.equal(mock.getRequests().length, 2);
    });
});
