import { describe, expect, test } from "vitest";
import type { StepConfig } from "../../../src/config/config.ts";
import { parseAs, readProblems } from "./raw-input.ts";

const OPTIONS = { destination: "file:///backups", "target-postgres-url": "postgres://u@h/d" };
const ENV = { KEY: "planted-key", PORT: "4010" };
const CALL = {
  "proxied-call": "openai-chat",
  url: "http://127.0.0.1:${PORT}/v1",
  "api-key": "${KEY}",
  model: "gpt-4o-mini",
};

function write(...steps: object[]) {
  return { yaml: JSON.stringify({ drill: { steps } }), env: ENV, options: OPTIONS };
}

function readSteps(...steps: object[]): StepConfig[] {
  return parseAs("drill", write(...steps)).steps;
}

/** The problems of one step, without its place. */
function findProblems(step: object): string[] {
  const [, ...lines] = readProblems({ command: "drill", ...write(step) }).split("\n");
  return lines.map((line) => line.replace(/^.*?drill\.steps\[0\]\.?/, ""));
}

describe("a start step", () => {
  test("takes command, address and variables", () => {
    const [step] = readSteps({
      start: ["node", "server.js", "${PORT}"],
      ready: "http://127.0.0.1:${PORT}/ready",
      env: { KEY: "${KEY}" },
      "working-directory": "app",
      timeout: "30s",
    });
    expect(step).toMatchObject({
      kind: "start",
      name: "start node server.js ${PORT}",
      command: ["node", "server.js", "4010"],
      ready: "http://127.0.0.1:4010/ready",
      workingDirectory: "app",
      timeoutMs: 30_000,
    });
  });

  test.each<[object, string[]]>([
    [{ start: "x" }, ["ready is missing."]],
    [{ start: "x", ready: "localhost:80" }, ["ready is no address. Write http://127.0.0.1:PORT/path."]],
    [{ start: "x", ready: "http://a", timeout: "5" }, [expect.stringMatching(/^timeout is no duration/)]],
    [
      { start: "x", ready: "${NOWHERE}" },
      ["ready needs the environment variable NOWHERE, which is not set or empty."],
    ],
  ])("%j has problems", (step, expected) => {
    expect(findProblems(step)).toEqual(expected);
  });
});

describe("an http step", () => {
  test("takes request and expectations; what headers got from the environment is secret", () => {
    const { steps, secrets } = parseAs(
      "drill",
      write({
        http: "http://127.0.0.1:4010/me",
        headers: { authorization: "Bearer ${KEY}" },
        expect: { status: 403, headers: { "x-a": "b" }, json: { "data.*.id": [1, null] } },
      }),
    );
    expect(steps[0]).toMatchObject({
      kind: "http",
      name: "request http://127.0.0.1:4010/me",
      method: "GET",
      expect: { status: 403, headers: { "x-a": "b" }, json: { "data.*.id": [1, null] } },
    });
    expect(secrets.map((secret) => secret.reveal())).toContain("Bearer planted-key");
    expect(JSON.stringify(steps)).not.toContain("planted-key");
  });

  test("posts a body unless it says otherwise", () => {
    const steps = readSteps({ http: "http://a", body: "x" }, { http: "http://a", body: "x", method: "PUT" });
    expect(steps).toMatchObject([
      { method: "POST", body: "x" },
      { method: "PUT", body: "x" },
    ]);
  });

  test.each<[object, string[]]>([
    [{ http: "/me" }, ["http is no address. Write http://127.0.0.1:PORT/path."]],
    [{ http: "http://a", expect: { status: 0 } }, ["expect.status must be a whole number above 0."]],
    [{ http: "http://a", expect: { code: 200 } }, ["expect.code is no known key."]],
  ])("%j has problems", (step, expected) => {
    expect(findProblems(step)).toEqual(expected);
  });
});

describe("an assert step", () => {
  const query = { assert: "SELECT '${KEY}'", store: "postgres" };

  test.each<[object, object]>([
    [{ equals: 7 }, { kind: "equals", value: 7 }],
    [{ equals: null }, { kind: "equals", value: null }],
    [{ equals: false }, { kind: "equals", value: false }],
    [{ "at-least": 0 }, { kind: "at-least", value: 0 }],
    [{ "at-most": -1.5 }, { kind: "at-most", value: -1.5 }],
    [{ between: [1, 7] }, { kind: "between", low: 1, high: 7 }],
    [{ none: true }, { kind: "none" }],
  ])("expects %j", (given, expected) => {
    expect(readSteps({ ...query, ...given })[0]).toMatchObject({
      kind: "assert",
      store: "postgres",
      query: "SELECT '${KEY}'",
      expect: expected,
    });
  });

  test("asks as a role, with settings", () => {
    const settings = { "request.jwt.claims": '{"sub":"${PORT}"}' };
    const [step, plain] = readSteps(
      { ...query, none: true, "as-role": "tenant", settings },
      { ...query, none: true },
    );
    expect(step).toMatchObject({
      as: { role: "tenant", settings: { "request.jwt.claims": '{"sub":"4010"}' } },
    });
    expect(plain).not.toHaveProperty("as");
  });

  test.each<[object, string[]]>([
    [{}, ["must say what it expects: one of equals, at-least, at-most, between, none."]],
    [
      { equals: 1, none: true },
      ["must say what it expects: one of equals, at-least, at-most, between, none."],
    ],
    [{ between: [7, 1] }, ["between must name the lesser value first."]],
  ])("%j has problems", (given, expected) => {
    expect(findProblems({ ...query, ...given }).map((line) => line.trim())).toEqual(expected);
  });
});

test("a step's store must be one that the file names", () => {
  const step = { assert: "SELECT 1", store: "postgrse", none: true };
  const yaml = JSON.stringify({ stores: { postgres: {} }, drill: { steps: [step] } });
  const problems = readProblems({ command: "drill", yaml, options: OPTIONS });
  expect(problems).toContain(
    "drill.steps[0].store names postgrse, which is no store. Did you mean postgres?",
  );
});

test("a step that lacks the very word that says what it does is told so", () => {
  const { "proxied-call": _, ...rest } = CALL;
  expect(findProblems(rest).join()).toContain("is missing.");
});

describe("an orphans step", () => {
  const ids = { store: "postgres", query: "SELECT id" };

  test("takes both queries and an allowance", () => {
    expect(
      readSteps({ orphans: ids, "known-by": ids }, { orphans: ids, "known-by": ids, allow: 3 }),
    ).toMatchObject([
      { kind: "orphans", name: "orphans of postgres in postgres", ids, knownBy: ids, allow: 0 },
      { allow: 3 },
    ]);
  });

  test.each<[object, string[]]>([
    [{ orphans: ids }, ["known-by is missing."]],
    [{ orphans: ids, "known-by": { store: "postgres" } }, ["known-by.query is missing."]],
  ])("%j has problems", (step, expected) => {
    expect(findProblems(step)).toEqual(expected);
  });
});

describe("a proxied call", () => {
  test("compares the key with the decrypt step before it, and waits half a minute for the row", () => {
    const logged = { store: "postgres", query: "SELECT 1" };
    const { steps, upstream, secrets } = parseAs(
      "drill",
      write({ decrypt: "spanlens", key: "${KEY}", name: "keys" }, { ...CALL, logged }),
    );
    expect(steps[1]).toMatchObject({
      kind: "proxied-call",
      name: "proxied call, openai-chat",
      call: "openai-chat",
      url: "http://127.0.0.1:4010/v1",
      model: "gpt-4o-mini",
      live: false,
      providerKey: { step: "keys" },
      logged: { ...logged, expect: {}, withinMs: 30_000 },
    });
    expect(upstream).toEqual({ port: 0, https: false, hostNames: [] });
    expect(secrets.map((secret) => secret.reveal())).toContain("planted-key");
  });

  test("names the step and the row itself", () => {
    const [step] = readSteps({ ...CALL, "provider-key": { step: "other", row: "7" } });
    expect(step).toMatchObject({ providerKey: { step: "other", row: "7" } });
  });

  test("needs no upstream when it is live, unless the file asks for one", () => {
    expect(parseAs("drill", write({ ...CALL, live: true })).upstream).toBeUndefined();
    const yaml = JSON.stringify({ drill: { upstream: { port: 4100, https: true } } });
    const { upstream } = parseAs("drill", { yaml, options: OPTIONS });
    expect(upstream).toEqual({ port: 4100, https: true, hostNames: [] });
  });

  test.each<[object, string[]]>([
    [{ "proxied-call": "openai" }, [expect.stringMatching(/^proxied-call must be one of openai-chat, /)]],
    [{ url: "127.0.0.1" }, ["url is no address. Write http://127.0.0.1:PORT/path."]],
    [{ "api-key": "${UNSET}" }, ["api-key needs the environment variable UNSET, which is not set or empty."]],
    [
      { live: true, "provider-key": { row: "1" } },
      ["provider-key cannot be compared in a live call. Leave it or live out."],
    ],
    [
      { logged: { store: "postgres", query: "q", within: "soon" } },
      [expect.stringMatching(/^logged\.within is no duration/)],
    ],
  ])("with %j has problems", (changes, expected) => {
    expect(findProblems({ ...CALL, ...changes })).toEqual(expected);
  });
});

test.each(["newest", "oldest", "random"] as const)("--pick %s", (pick) => {
  expect(parseAs("drill", { options: { ...OPTIONS, pick } }).selection).toEqual({ pick });
});

test("--pick of another word, or beside --backup, is a problem", () => {
  expect(readProblems({ command: "drill", options: { ...OPTIONS, pick: "newst", backup: "x" } })).toBe(
    "The configuration has 2 problems:\n" +
      "  --pick does not go with the option backup. Give one of them.\n" +
      "  --pick is none of newest, oldest, random. Did you mean newest?",
  );
});
