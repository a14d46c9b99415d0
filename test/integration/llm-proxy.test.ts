import { randomBytes } from "node:crypto";
import Anthropic from "@anthropic-ai/sdk";
import { createClient } from "@clickhouse/client";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { applyMigrations } from "../../examples/llm-proxy/migrations.ts";
import { sampleApiKey, sampleProviderKey } from "../../examples/llm-proxy/sample-data.ts";
import { createRunKey, fingerprintKey } from "../../src/drill/key-fingerprint.ts";
import { startUpstream } from "../../src/drill/upstream/server.ts";
import type { Upstream } from "../../src/drill/upstream/server.ts";
import { ANSWER, INPUT_TOKENS, OUTPUT_TOKENS } from "../../src/drill/upstream/shape.ts";
import { systemClock } from "../../src/sys/clock.ts";
import { createLlmProxyStores, FAULTY_SERVER, startLlmProxy } from "../support/llm-proxy.ts";
import type { LlmProxyStores, RunningApp } from "../support/llm-proxy.ts";
import { runSql } from "../support/postgres-databases.ts";
import { createClickHouseDatabase, createPostgresDatabase } from "../support/services.ts";
import { until } from "../support/until.ts";

/** Of organisation 2. */
const API_KEY = sampleApiKey(1);
const REVOKED_API_KEY = sampleApiKey(7);
const CHAT = { model: "gpt-4o-mini", messages: [{ role: "user" as const, content: "Hello" }] };
const MESSAGE = { ...CHAT, model: "claude-test", max_tokens: 64 };

const runKey = createRunKey();
let stores: LlmProxyStores;
let upstream: Upstream;
let app: RunningApp;

beforeAll(async () => {
  [stores, upstream] = await Promise.all([
    createLlmProxyStores(),
    startUpstream({ runKey, port: 0, clock: systemClock }),
  ]);
  app = await startLlmProxy(environment());
});
afterAll(async () => {
  await app?.stop();
  await Promise.all([upstream?.close(), stores?.drop()]);
});

function environment(): Record<string, string> {
  return {
    DATABASE_URL: stores.addresses.postgresUrl,
    CLICKHOUSE_URL: stores.addresses.clickhouseUrl,
    ENCRYPTION_KEY: stores.encryptionKey,
    OPENAI_BASE_URL: `${upstream.url}/v1`,
    ANTHROPIC_BASE_URL: upstream.url,
  };
}

/** The same application with other settings, for one test. */
async function startAnother(env: Record<string, string>, entry?: string): Promise<RunningApp> {
  const another = await startLlmProxy({ ...environment(), ...env }, entry);
  onTestFinished(async () => void (await another.stop()));
  return another;
}

const openai = (url = app.url, apiKey = API_KEY): OpenAI =>
  new OpenAI({ apiKey, baseURL: `${url}/proxy/openai/v1`, maxRetries: 0 });
const anthropic = (): Anthropic =>
  new Anthropic({ apiKey: API_KEY, baseURL: `${app.url}/proxy/anthropic`, maxRetries: 0 });

async function queryClickHouse(query: string): Promise<Record<string, unknown>[]> {
  const client = createClient({ url: stores.addresses.clickhouseUrl });
  try {
    return await (await client.query({ query, format: "JSONEachRow" })).json();
  } finally {
    await client.close();
  }
}

const findRow = async (model: string): Promise<Record<string, unknown> | undefined> =>
  (await queryClickHouse(`SELECT * FROM requests WHERE model = '${model}'`))[0];

/** The row is written after the answer. */
const waitForRow = (model: string): Promise<Record<string, unknown>> => until(() => findRow(model));

describe("its stores", () => {
  test("are filled with requests of known organisations and keys, over several months", async () => {
    expect(
      await queryClickHouse(
        `SELECT count() AS rows, uniqExact(id) AS ids, uniqExact(toYYYYMM(created_at)) AS months
         FROM requests WHERE created_at < '2026-11-01'`,
      ),
    ).toEqual([{ rows: 50_000, ids: 50_000, months: 6 }]);
    const logged = await queryClickHouse("SELECT DISTINCT organisation_id, api_key_id FROM requests");
    const known = await runSql(
      stores.addresses.postgresUrl,
      "SELECT organisation_id, api_keys.id AS api_key_id FROM api_keys JOIN provider_keys USING (organisation_id)",
    );
    expect(logged).toHaveLength(20);
    expect(known).toEqual(expect.arrayContaining(logged));
  });

  test("are migrated once, also by two processes at once", async () => {
    const [postgres, clickhouse] = await Promise.all([createPostgresDatabase(), createClickHouseDatabase()]);
    onTestFinished(async () => void (await Promise.all([postgres.drop(), clickhouse.drop()])));
    const addresses = { postgresUrl: postgres.url, clickhouseUrl: clickhouse.url };
    const applied = await Promise.all([applyMigrations(addresses), applyMigrations(addresses)]);
    expect(applied.flat()).toEqual([
      "postgres/0001_accounts.sql",
      "postgres/0002_provider_keys.sql",
      "clickhouse/0001_requests.sql",
      "clickhouse/0002_failed_requests.sql",
    ]);
    expect(await applyMigrations(addresses)).toEqual([]);
  });
});

describe("a call through it", () => {
  test.each([
    [
      "chat",
      "openai",
      async () =>
        (await openai().chat.completions.create({ ...CHAT, model: "m-chat" })).choices[0]?.message.content,
    ],
    [
      "responses",
      "openai",
      async () => (await openai().responses.create({ model: "m-responses", input: "Hello" })).output_text,
    ],
    [
      "responses-stream",
      "openai",
      async () => {
        const response = await openai()
          .responses.stream({ model: "m-responses-stream", input: "Hello" })
          .finalResponse();
        return (response.output[0] as OpenAI.Responses.ResponseOutputMessage).content[0];
      },
    ],
    [
      "chat-stream",
      "openai",
      async () => {
        const ask = {
          ...CHAT,
          model: "m-chat-stream",
          stream: true as const,
          stream_options: { include_usage: true },
        };
        let said = "";
        for await (const chunk of await openai().chat.completions.create(ask))
          said += chunk.choices[0]?.delta.content ?? "";
        return said;
      },
    ],
    [
      "messages",
      "anthropic",
      async () => (await anthropic().messages.create({ ...MESSAGE, model: "m-messages" })).content[0],
    ],
    [
      "messages-stream",
      "anthropic",
      async () =>
        (
          await anthropic()
            .messages.stream({ ...MESSAGE, model: "m-messages-stream" })
            .finalMessage()
        ).content[0],
    ],
  ] as const)(
    "of %s brings the answer, carries the decrypted key and is logged",
    async (name, provider, call) => {
      const answer = await call();
      expect(typeof answer === "object" ? answer : { text: answer }).toMatchObject({ text: ANSWER });
      const received = upstream.requests.find(({ model }) => model === `m-${name}`);
      expect(received?.keyFingerprint).toBe(fingerprintKey(runKey, sampleProviderKey(provider, 2)));
      const [caller] = await runSql(
        stores.addresses.postgresUrl,
        `SELECT organisation_id, id AS api_key_id FROM api_keys WHERE key_hash = sha256('${API_KEY}')`,
      );
      expect(await waitForRow(`m-${name}`)).toMatchObject({
        ...caller,
        provider,
        status: 200,
        prompt_tokens: INPUT_TOKENS,
        completion_tokens: OUTPUT_TOKENS,
      });
    },
  );

  test.each([
    ["an unknown", "llmp-unknown"],
    ["a revoked", REVOKED_API_KEY],
  ])("with %s key is refused", async (_, apiKey) => {
    await expect(openai(app.url, apiKey).chat.completions.create(CHAT)).rejects.toMatchObject({
      status: 401,
      error: "INVALID_API_KEY",
    });
  });

  test("under another ENCRYPTION_KEY finds no provider key, and reaches no upstream", async () => {
    const another = await startAnother({ ENCRYPTION_KEY: randomBytes(32).toString("base64") });
    const ask = { ...CHAT, model: "m-wrong-key" };
    await expect(openai(another.url).chat.completions.create(ask)).rejects.toMatchObject({
      status: 400,
      error: "NO_PROVIDER_KEY",
    });
    expect(upstream.requests.filter(({ model }) => model === ask.model)).toEqual([]);
  });

  test("without an upstream is answered with 502, which is logged", async () => {
    const another = await startAnother({ OPENAI_BASE_URL: "http://127.0.0.1:9" });
    const ask = { ...CHAT, model: "m-unreachable" };
    await expect(openai(another.url).chat.completions.create(ask)).rejects.toMatchObject({ status: 502 });
    expect(await waitForRow(ask.model)).toMatchObject({ status: 502, prompt_tokens: 0 });
  });
});

describe("health", () => {
  test("is ready with both stores", async () => {
    const ready = await fetch(`${app.url}/health/ready`);
    expect([ready.status, await ready.json()]).toEqual([200, { postgres: "ok", clickhouse: "ok" }]);
  });

  test.each([
    ["postgres", "DATABASE_URL", "postgres://nobody@127.0.0.1:9/gone"],
    ["clickhouse", "CLICKHOUSE_URL", "http://127.0.0.1:9/gone"],
  ])("is not ready without %s, while the process itself is healthy", async (store, variable, url) => {
    const another = await startAnother({ [variable]: url });
    const ready = await fetch(`${another.url}/health/ready`);
    expect([ready.status, await ready.json()]).toMatchObject([503, { [store]: "failed" }]);
    expect((await fetch(`${another.url}/health`)).status).toBe(200);
  });
});

test("SIGTERM right after the answer loses no row", async () => {
  const another = await startLlmProxy(environment());
  await openai(another.url).chat.completions.create({ ...CHAT, model: "m-sigterm" });
  expect(await another.stop()).toBe(0);
  expect(await findRow("m-sigterm")).toMatchObject({ status: 200 });
});

test.each([
  ["ENCRYPTION_KEY", randomBytes(31).toString("base64"), "base64 of 32 bytes; it holds 31."],
  ["DATABASE_URL", "", "DATABASE_URL or LIFEBOAT_POSTGRES_URL must be set"],
])("%s keeps it from starting when it cannot be used", async (variable, value, reason) => {
  await expect(startLlmProxy({ ...environment(), [variable]: value })).rejects.toThrow(reason);
});

describe("the faulty applications of the drill's tests", () => {
  const start = async (fault: string): Promise<RunningApp> => {
    const faulty = await startAnother({ FAULT: fault }, FAULTY_SERVER);
    expect((await fetch(`${faulty.url}/health/ready`)).status).toBe(200);
    return faulty;
  };
  const call = (faulty: RunningApp, model: string): Promise<OpenAI.ChatCompletion> =>
    openai(faulty.url).chat.completions.create({ ...CHAT, model });
  const listKeys = (model: string): (string | undefined)[] =>
    upstream.requests.filter((request) => request.model === model).map((request) => request.keyFingerprint);

  test("answer from memory", async () => {
    await call(await start("from-memory"), "m-memory");
    expect(listKeys("m-memory")).toEqual([]);
  });

  test("swallow what they cannot decrypt", async () => {
    await expect(call(await start("swallows-decryption"), "m-swallowed")).rejects.toMatchObject({
      status: 400,
    });
  });

  test("log nothing", async () => {
    const faulty = await start("logs-nothing");
    await call(faulty, "m-unlogged");
    expect(listKeys("m-unlogged")).toEqual([fingerprintKey(runKey, sampleProviderKey("openai", 2))]);
    await faulty.stop();
    expect(await findRow("m-unlogged")).toBeUndefined();
  });

  test("send another key", async () => {
    await call(await start("sends-another-key"), "m-other-key");
    expect(listKeys("m-other-key")).toEqual([fingerprintKey(runKey, "sk-of-someone-else")]);
  });
});
