import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildHttpStep } from "../../../../src/drill/steps/http.ts";
import type { HttpStepOptions } from "../../../../src/drill/steps/http.ts";
import type { StepResult } from "../../../../src/drill/record.ts";
import { Secret } from "../../../../src/sys/secret.ts";
import { findFreeAddress, serve } from "../../../support/http-server.ts";
import type { TestServer } from "../../../support/http-server.ts";
import { startTestRun } from "../../../support/run-context.ts";
import { performOn } from "../../../support/step-run.ts";

let server: TestServer;
beforeAll(async () => {
  server = await serve(async (request, response) => {
    if (request.url === "/hang") return;
    if (request.url === "/moved") return void response.writeHead(302, { location: `${server.url}/` }).end();
    if (request.url?.startsWith("/down"))
      return void response.writeHead(500).end(`secret ${"planted-value"}`);
    const said = { method: request.method, key: request.headers["x-key"], body: await text(request) };
    response.writeHead(201, { "content-type": "application/json", "x-region": "eu" });
    response.end(JSON.stringify({ data: [{ id: "a" }, { id: "b", tags: ["x"] }], said }));
  });
});
afterAll(() => server[Symbol.asyncDispose]());

async function ask(changes: Partial<HttpStepOptions>, path = "/"): Promise<StepResult> {
  const run = startTestRun();
  run.redactor.add(new Secret("planted-value"));
  const step = buildHttpStep({
    name: "ask",
    url: `${server.url}${path}`,
    written: `${server.url}${path}`,
    method: "GET",
    headers: {},
    expect: {},
    timeoutMs: 60_000,
    ...changes,
  });
  return (await performOn([], [step], { run })).first;
}

describe("an http step passes", () => {
  test("with any status from 200 to 299", async () => {
    expect(await ask({})).toMatchObject({
      outcome: "passed",
      details: [`GET ${server.url}/ answered 201, as expected.`],
    });
  });

  test("with the status, headers and values that are expected, wherever in a list", async () => {
    const json = { "data.1.id": "b", "data.*.id": "a", "data.*.tags": ["x"] };
    expect((await ask({ expect: { status: 201, headers: { "X-Region": "eu" }, json } })).outcome).toBe(
      "passed",
    );
    expect((await ask({ expect: { status: 500 } }, "/down")).outcome).toBe("passed");
  });

  test("with a redirect, when that is expected, and follows none", async () => {
    expect(
      (await ask({ expect: { status: 302, headers: { location: `${server.url}/` } } }, "/moved")).outcome,
    ).toBe("passed");
    expect(await ask({}, "/moved")).toMatchObject({
      outcome: "failed",
      reason: expect.stringContaining(
        `status 302, which leads to ${server.url}/ and is not followed`,
      ) as string,
    });
  });

  test("and calls the address as it was written, which holds no token", async () => {
    const written = "http://app/?token=${TOKEN}";
    for (const path of ["/?token=planted-token", "/down?token=planted-token"]) {
      expect(JSON.stringify(await ask({ written }, path))).not.toContain("planted-token");
    }
    const url = `${await findFreeAddress()}/?token=planted-token`;
    const unanswered = await ask({ written, url });
    expect(unanswered.reason).toContain(`GET ${written} was not answered`);
    expect(JSON.stringify(unanswered)).not.toContain("planted-token");
  });

  test("and sends method, headers and body", async () => {
    const json = { "said.method": "PUT", "said.key": "k1", "said.body": "hello" };
    const request = { method: "PUT", headers: { "x-key": new Secret("k1") }, body: "hello" };
    expect((await ask({ ...request, expect: { json } })).outcome).toBe("passed");
  });
});

describe("an http step fails", () => {
  test.each<[string, HttpStepOptions["expect"], string]>([
    ["another status", { status: 200 }, "expected status 200"],
    ["another header", { headers: { "x-region": "us" } }, "expected header x-region to be us"],
    ["another value", { json: { "data.0.id": "b" } }, 'expected "b" at data.0.id'],
    ["a value of another type", { json: { "data.0.id": ["a"] } }, 'expected ["a"] at data.0.id'],
    ["a missing value", { json: { "data.9.id": null } }, "expected null at data.9.id"],
  ])("by %s", async (_, expectation, problem) => {
    const { outcome, reason } = await ask({ expect: expectation });
    expect({ outcome, reason }).toEqual({ outcome: "failed", reason: expect.stringContaining(problem) });
    expect(reason).toContain('It answered status 201: {"data":[');
  });

  test("by an error of the application, which is quoted without secrets", async () => {
    const { reason } = await ask({ expect: { json: { ok: true } } }, "/down");
    expect(reason).toBe(
      `GET ${server.url}/down: expected status 200 to 299; expected true at ok. It answered status 500: secret ***`,
    );
  });

  test("when nobody answers", async () => {
    const url = await findFreeAddress();
    expect((await ask({ url, written: url })).reason).toContain(
      `GET ${url} was not answered: connect ECONNREFUSED`,
    );
  });

  test("at its deadline", async () => {
    expect((await ask({ timeoutMs: 200 }, "/hang")).reason).toBe("It took longer than 0.2 s.");
  });
});
