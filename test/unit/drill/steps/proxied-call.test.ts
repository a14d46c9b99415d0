import { text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { fingerprintKey } from "../../../../src/drill/key-fingerprint.ts";
import type { StepResult } from "../../../../src/drill/record.ts";
import { CALLS } from "../../../../src/drill/steps/call-kinds.ts";
import type { CallKind } from "../../../../src/drill/steps/call-kinds.ts";
import { buildProxiedCallStep } from "../../../../src/drill/steps/proxied-call.ts";
import type { ProxiedCallOptions } from "../../../../src/drill/steps/proxied-call.ts";
import { Secret } from "../../../../src/sys/secret.ts";
import { FakeTarget } from "../../../support/fake-target.ts";
import { findFreeAddress, serve } from "../../../support/http-server.ts";
import { startTestRun } from "../../../support/run-context.ts";
import { buildStep, performOn } from "../../../support/step-run.ts";

const CALLERS_KEY = "pk-caller-0123456789";
const PROVIDER_KEY = "sk-provider-0123456789";
const LOGGED = { model: "gpt-4o-mini", status: 200 };

const OPTIONS = {
  name: "call",
  call: "openai-chat",
  url: "",
  apiKey: new Secret(CALLERS_KEY),
  model: "gpt-4o-mini",
  headers: {},
  live: false,
  logged: { store: "log", query: "SELECT model, status FROM log", expect: LOGGED, withinMs: 0 },
  timeoutMs: 60_000,
} as const satisfies ProxiedCallOptions;

/** A small proxy, with one fault or none. */
interface Application {
  /** The key it sends to the upstream. */
  sends: string | undefined;
  /** What it answers without asking the upstream. */
  ownAnswer?: { status: number; body: string };
  /** What it makes of the upstream's answer. */
  spoils?: (answer: string) => string;
  /** The rows it logs. */
  logs: Record<string, unknown>[];
}

const SOUND: Application = { sends: PROVIDER_KEY, logs: [LOGGED] };

async function call(
  { sends: key, ownAnswer, spoils = (answer) => answer, logs }: Application,
  changes: Partial<ProxiedCallOptions> = {},
): Promise<StepResult> {
  const log: Record<string, unknown>[] = [LOGGED];
  let upstreamUrl = "";
  await using application = await serve(async (request, response) => {
    const body = await text(request);
    if (ownAnswer) return void response.writeHead(ownAnswer.status).end(ownAnswer.body);
    const headers = key && { authorization: `Bearer ${key}`, "x-api-key": key, "x-goog-api-key": key };
    const answer = await fetch(`${upstreamUrl}${request.url}`, {
      method: "POST",
      body,
      ...(headers && { headers }),
    });
    log.push(...logs);
    response.writeHead(answer.status).end(spoils(await answer.text()));
  });
  const decrypt = buildStep("keys", async ({ decrypted, upstream }) => {
    upstreamUrl = upstream?.env["LIFEBOAT_UPSTREAM_URL"] ?? "";
    const fingerprint = fingerprintKey(decrypted.runKey, PROVIDER_KEY);
    decrypted.byStep.set("keys", new Map([["row 1", fingerprint]]));
  });
  const step = buildProxiedCallStep({
    ...OPTIONS,
    url: `${application.url}/v1/`,
    providerKey: { step: "keys" },
    ...changes,
  });
  const run = startTestRun();
  run.redactor.add(new Secret(CALLERS_KEY));
  const target = new FakeTarget("clickhouse", "log", { answer: () => [...log] });
  const upstream = { port: 0, https: false, hostNames: [] };
  const { results, lines } = await performOn([target], [decrypt, step], { run, upstream });
  const output = JSON.stringify([results, lines]);
  expect(output).not.toContain(PROVIDER_KEY);
  expect(output).not.toContain(CALLERS_KEY);
  return results[1] as StepResult;
}

describe("a proxied call that goes right", () => {
  test("says that key, answer and row are as they must be", async () => {
    expect(await call(SOUND)).toMatchObject({
      outcome: "passed",
      reason: "",
      details: [
        "The key decrypted from the restored row is the one that reached the upstream.",
        "The application answered 200 with what the upstream said.",
        expect.stringMatching(/^The call was logged in log within \d+ s\.$/),
      ],
    });
  });

  test.each(Object.keys(CALLS) as CallKind[])("passes in the protocol of %s", async (kind) => {
    expect((await call(SOUND, { call: kind })).reason).toBe("");
  });

  test("passes with the very row that the key was read from", async () => {
    expect((await call(SOUND, { providerKey: { step: "keys", row: "row 1" } })).reason).toBe("");
  });

  test("passes when the row comes late", async () => {
    const run = startTestRun();
    let asked = 0;
    const log = new FakeTarget("clickhouse", "log", { answer: () => ((asked += 1) < 4 ? [] : [LOGGED]) });
    await using application = await serve((_, response) => void response.end("answered"));
    const step = buildProxiedCallStep({
      ...OPTIONS,
      url: application.url,
      live: true,
      logged: { ...OPTIONS.logged, withinMs: 60_000 },
    });
    const { first } = await performOn([log], [step], { run });
    expect(first).toMatchObject({ outcome: "passed", reason: "" });
    expect(run.slept).toEqual([500, 500]);
  });
});

describe("a proxied call fails and says why when", () => {
  const notReached = "The application did not reach the upstream; it answered status";

  test("the application is down", async () => {
    const url = await findFreeAddress();
    const { outcome, reason } = await call(SOUND, { url });
    expect(outcome).toBe("failed");
    expect(reason).toContain(`POST ${url}/chat/completions was not answered: connect ECONNREFUSED`);
  });

  test("the application swallows that it could not decrypt the provider's key", async () => {
    const ownAnswer = { status: 400, body: '{"error":"NO_PROVIDER_KEY"}' };
    expect(await call({ ...SOUND, ownAnswer })).toMatchObject({
      outcome: "failed",
      reason: `${notReached} 400: {"error":"NO_PROVIDER_KEY"}`,
    });
  });

  test("the application answers 200 from memory", async () => {
    const ownAnswer = { status: 200, body: '{"choices":[]}' };
    expect((await call({ ...SOUND, ownAnswer })).reason).toBe(`${notReached} 200: {"choices":[]}`);
  });

  test("the application quotes the caller's key, which is not repeated", async () => {
    const ownAnswer = { status: 403, body: `no such key ${CALLERS_KEY}` };
    expect((await call({ ...SOUND, ownAnswer })).reason).toBe(`${notReached} 403: no such key ***`);
  });

  test("another key reached the upstream", async () => {
    expect(await call({ ...SOUND, sends: "sk-another" })).toMatchObject({
      outcome: "failed",
      reason: "The upstream got another key than the one decrypted from the restored row.",
    });
  });

  test("no key reached the upstream", async () => {
    expect(await call({ ...SOUND, sends: undefined })).toMatchObject({
      outcome: "failed",
      reason: "The call reached the upstream at /v1/chat/completions without a key of its provider.",
    });
  });

  test("the caller's own key was passed on", async () => {
    expect(await call({ ...SOUND, sends: CALLERS_KEY })).toMatchObject({
      outcome: "failed",
      reason: "The upstream got the caller's own key, not the provider's.",
    });
  });

  test("the upstream's answer does not come back", async () => {
    const { reason } = await call({ ...SOUND, spoils: () => "{}" });
    expect(reason).toBe("The application did not pass the upstream's answer on; it answered status 200: {}");
  });

  test("the row is not logged", async () => {
    expect(await call({ ...SOUND, logs: [] })).toMatchObject({
      outcome: "failed",
      reason: "The call was not logged in log within 0 s.",
    });
  });

  test("the row is logged wrongly", async () => {
    expect(await call({ ...SOUND, logs: [{ ...LOGGED, status: 500 }] })).toMatchObject({
      outcome: "failed",
      reason: "The call was logged wrongly: status is 500, expected 200.",
    });
  });
});

describe("a proxied call shows nothing about the key when", () => {
  test("no step decrypted one, and is unproven", async () => {
    expect(await call(SOUND, { providerKey: { step: "other" } })).toMatchObject({
      outcome: "unproven",
      reason: 'Step "other" decrypted nothing that the key at the upstream could be compared with.',
    });
    expect(await call(SOUND, { providerKey: { step: "keys", row: "row 2" } })).toMatchObject({
      outcome: "unproven",
      reason: 'Step "keys" decrypted no row row 2 that the key at the upstream could be compared with.',
    });
  });
});
