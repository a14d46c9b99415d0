import { request } from "node:https";
import { text } from "node:stream/consumers";
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createRunKey, fingerprintKey } from "../../../src/drill/key-fingerprint.ts";
import { createCertificate } from "../../../src/drill/upstream/certificate.ts";
import { startUpstream } from "../../../src/drill/upstream/server.ts";
import type { Upstream } from "../../../src/drill/upstream/server.ts";
import { ANSWER } from "../../../src/drill/upstream/shape.ts";
import { systemClock } from "../../../src/sys/clock.ts";

const KEY = "sk-planted-7f3a9c1e";
const runKey = createRunKey();
let upstream: Upstream;

beforeAll(async () => {
  upstream = await startUpstream({ runKey, port: 0, clock: systemClock });
});
afterAll(() => upstream.close());

describe("the official OpenAI client", () => {
  const client = (): OpenAI => new OpenAI({ apiKey: KEY, baseURL: `${upstream.url}/v1`, maxRetries: 0 });
  const messages = [{ role: "user" as const, content: "Hello" }];

  test("completes a chat call", async () => {
    const completion = await client().chat.completions.create({ model: "gpt-4o-mini", messages });
    expect(completion.choices[0]?.message.content).toBe(ANSWER);
    expect(completion.usage?.total_tokens).toBeGreaterThan(0);
  });

  test("streams a chat call, with usage at the end when asked", async () => {
    const stream = await client().chat.completions.create({
      model: "gpt-4o-mini",
      messages,
      stream: true,
      stream_options: { include_usage: true },
    });
    let said = "";
    let tokens: number | undefined;
    for await (const chunk of stream) {
      said += chunk.choices[0]?.delta.content ?? "";
      tokens = chunk.usage?.total_tokens ?? tokens;
    }
    expect(said).toBe(ANSWER);
    expect(tokens).toBeGreaterThan(0);
  });

  test("gets a response", async () => {
    const response = await client().responses.create({ model: "gpt-4o-mini", input: "Hello" });
    expect(response.output_text).toBe(ANSWER);
  });

  test("streams a response", async () => {
    const final = await client().responses.stream({ model: "gpt-4o-mini", input: "Hello" }).finalResponse();
    expect(final.output).toMatchObject([{ content: [{ type: "output_text", text: ANSWER }] }]);
  });
});

describe("the official Anthropic client", () => {
  const client = (): Anthropic => new Anthropic({ apiKey: KEY, baseURL: upstream.url, maxRetries: 0 });
  const ask = {
    model: "claude-test",
    max_tokens: 64,
    messages: [{ role: "user" as const, content: "Hello" }],
  };

  test("gets a message", async () => {
    const message = await client().messages.create(ask);
    expect(message.content[0]).toMatchObject({ type: "text", text: ANSWER });
  });

  test("streams a message", async () => {
    const message = await client().messages.stream(ask).finalMessage();
    expect(message.content[0]).toMatchObject({ type: "text", text: ANSWER });
    expect(message.stop_reason).toBe("end_turn");
  });
});

describe("Gemini's shape", () => {
  const path = "/v1beta/models/gemini-2.5-flash";
  const ask = (url: string): Promise<Response> =>
    fetch(url, {
      method: "POST",
      headers: { "x-goog-api-key": KEY },
      body: JSON.stringify({ contents: [] }),
    });

  test("answers a plain call", async () => {
    const answer = (await (await ask(`${upstream.url}${path}:generateContent`)).json()) as {
      candidates: { content: { parts: { text: string }[] } }[];
    };
    expect(answer.candidates[0]?.content.parts[0]?.text).toBe(ANSWER);
  });

  test("streams as server-sent events", async () => {
    const answer = await (await ask(`${upstream.url}${path}:streamGenerateContent?alt=sse`)).text();
    const said = [...answer.matchAll(/^data: (.*)$/gm)].map(
      ([, data]) =>
        (JSON.parse(data ?? "") as { candidates: { content: { parts: { text: string }[] } }[] }).candidates[0]
          ?.content.parts[0]?.text,
    );
    expect(said.join("")).toBe(ANSWER);
  });
});

describe("what the upstream keeps", () => {
  test("is path, model and a keyed hash, and never the key", async () => {
    const own = await startUpstream({ runKey, port: 0, clock: systemClock });
    const client = new OpenAI({ apiKey: KEY, baseURL: `${own.url}/proxy/openai/v1`, maxRetries: 0 });
    await client.chat.completions.create({ model: "gpt-4o", messages: [{ role: "user", content: "Hello" }] });
    await own.close();
    expect(own.requests).toMatchObject([
      {
        path: "/proxy/openai/v1/chat/completions",
        model: "gpt-4o",
        keyFingerprint: fingerprintKey(runKey, KEY),
      },
    ]);
    expect(JSON.stringify(own.requests)).not.toContain(KEY);
  });

  test("a request without a key is recorded, and refused as the provider refuses it", async () => {
    const answer = await fetch(`${upstream.url}/v1/messages`, { method: "POST", body: "{}" });
    expect(answer.status).toBe(401);
    expect(await answer.json()).toMatchObject({ type: "error", error: { type: "authentication_error" } });
    expect(upstream.requests.at(-1)).toMatchObject({ path: "/v1/messages", keyFingerprint: undefined });
  });

  test("a path of no known protocol is recorded, and not found", async () => {
    expect((await fetch(`${upstream.url}/v1/elsewhere`)).status).toBe(404);
    expect(upstream.requests.at(-1)).toMatchObject({ path: "/v1/elsewhere", shape: undefined });
  });
});

test("over HTTPS, a client that trusts the run's certificate reaches it, and no other does", async () => {
  const certificate = await createCertificate(["api.openai.com"], new Date());
  const own = await startUpstream({ runKey, certificate, port: 0, clock: systemClock });
  const ask = (ca?: string, servername = "localhost"): Promise<string> =>
    new Promise((resolve, reject) => {
      const headers = { "x-goog-api-key": KEY };
      request(
        `${own.url}/v1beta/models/m:generateContent`,
        { method: "POST", headers, servername, ...(ca ? { ca } : {}) },
        (answer) => resolve(text(answer)),
      )
        .on("error", reject)
        .end("{}");
    });
  expect(await ask(certificate.certificatePem)).toContain(ANSWER);
  expect(await ask(certificate.certificatePem, "api.openai.com")).toContain(ANSWER);
  await expect(ask()).rejects.toThrow(/self.signed|unable to verify/i);
  await own.close();
});
