// The credentials that the dedalus client encrypts are opened by the cryptography of Node.js.

import assert from "node:assert/strict";
import { constants, createDecipheriv, generateKeyPairSync, privateDecrypt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, describe, test } from "node:test";

import { dedalusClient } from "./processes.mjs";

const completion = {
    id: "c-1",
    object: "chat.completion",
    created: 1,
    model: "openai/gpt-5-nano",
    choices: [{ index: 0, message: { role: "assistant", content: "Paris" }, finish_reason: "stop" }],
};

function openEnvelope(text, privateKey, modulusBytes) {
    assert.match(text, /^[A-Za-z0-9_-]+$/);
    const bytes = Buffer.from(text, "base64url");
    assert.equal(bytes[0], 1);
    const wrapped = bytes.subarray(1, 1 + modulusBytes);
    const nonce = bytes.subarray(1 + modulusBytes, 1 + modulusBytes + 12);
    const sealed = bytes.subarray(1 + modulusBytes + 12, -16);
    const padding = constants.RSA_PKCS1_OAEP_PADDING;
    const key = privateDecrypt({ key: privateKey, padding, oaepHash: "sha256" }, wrapped);
    assert.equal(key.length, 32);
    const decipher = createDecipheriv("aes-256-gcm", key, nonce);
    decipher.setAuthTag(bytes.subarray(-16));
    return Buffer.concat([decipher.update(sealed), decipher.final()]).toString("utf8");
}

for (const modulusLength of [2048, 3072]) {
    describe(`credentials for a key of ${modulusLength} bits`, () => {
        const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength });
        const requests = [];
        const server = createServer(async (request, response) => {
            const chunks = [];
            for await (const chunk of request) chunks.push(chunk);
            requests.push({ path: request.url, headers: request.headers, body: Buffer.concat(chunks).toString("utf8") });
            const keys = [
                { ...generateKeyPairSync("ed25519").publicKey.export({ format: "jwk" }), use: "sig" },
                { ...publicKey.export({ format: "jwk" }), use: "enc", alg: "RSA-OAEP-256" },
            ];
            response.setHeader("Content-Type", "application/json");
            response.end(JSON.stringify(request.url === "/.well-known/jwks.json" ? { keys } : completion));
        });
        let url;
        before(async () => {
            server.listen(0, "127.0.0.1");
            await once(server, "listening");
            url = `http://127.0.0.1:${server.address().port}`;
        });
        after(() => {
            server.close();
            server.closeAllConnections();
        });

        test("are opened by Node.js", async () => {
            const answer = await dedalusClient("credentials", url, { DEDALUS_AS_URL: url });
            assert.equal(answer.text, "Paris");
            assert.deepEqual(
                requests.map((request) => request.path),
                ["/.well-known/jwks.json", "/v1/chat/completions"],
            );
            assert.equal(requests[0].headers.authorization, undefined);

            assert.ok(!requests[1].body.includes("sk-"));
            const body = JSON.parse(requests[1].body);
            assert.equal(body.credentials, undefined);
            const [first, second] = body.mcp_servers;
            assert.equal(first.slug, "acme/mail");
            assert.equal(first.name, "acme/mail");
            assert.equal(second.url, "https://mcp.example.com/mcp");
            assert.deepEqual(second.credentials, first.credentials);
            const open = (text) => openEnvelope(text, privateKey, modulusLength / 8);
            assert.deepEqual(Object.keys(first.credentials), ["mail", "kb"]);
            assert.equal(open(first.credentials.mail), '{"api_key":"sk-é","port":25,"tls":true}');
            assert.equal(open(first.credentials.kb), '{"token":""}');
        });
    });
}
