// One conversation of an official client with the server at a URL; prints what it got as one line of JSON.
// Usage: node official_client.mjs openai|dedalus-labs unary|stream|tools|invalid|unreachable <URL of the server>

import Dedalus from "dedalus-labs";
import OpenAI from "openai";

const [name, mode, url] = process.argv.slice(2);

// The paths of dedalus-labs begin with /v1, those of openai are relative to it.
const client =
    name === "openai"
        ? new OpenAI({ apiKey: "interop-key", baseURL: `${url}/v1`, maxRetries: 0 })
        : new Dedalus({ apiKey: "interop-key", baseURL: url, maxRetries: 0 });

const model = "openai/gpt-5-nano";
const capital = { model, messages: [{ role: "user", content: "What is the capital of France?" }] };
const tools = [
    {
        type: "function",
        function: {
            name: "get_weather",
            description: "Current weather in a city",
            parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
        },
    },
];

const modes = {
    async unary() {
        return client.chat.completions.create(capital);
    },

    async stream() {
        const chunks = [];
        const stream = await client.chat.completions.create({
            ...capital,
            stream: true,
            stream_options: { include_usage: true },
        });
        for await (const chunk of stream) chunks.push(chunk);
        return chunks;
    },

    async tools() {
        const messages = [{ role: "user", content: "What is the weather in Oslo?" }];
        const first = await client.chat.completions.create({ model, messages, tools });
        const asked = first.choices[0].message;
        const results = asked.tool_calls.map((call) => ({
            role: "tool",
            tool_call_id: call.id,
            content: "7 degrees and sunny",
        }));
        const last = await client.chat.completions.create({ model, messages: [...messages, asked, ...results], tools });
        return { first, last };
    },

    async invalid() {
        try {
            await client.chat.completions.create({ ...capital, temperature: "warm" });
        } catch (error) {
            return { name: error.constructor.name, status: error.status, detail: error.error };
        }
        return {};
    },

    async unreachable() {
        try {
            await client.chat.completions.create(capital);
        } catch (error) {
            return { name: error.constructor.name, cause: error.cause?.code ?? error.cause?.cause?.code };
        }
        return {};
    },
};

console.log(JSON.stringify(await modes[mode]()));
