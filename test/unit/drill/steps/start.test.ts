import { existsSync, readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { buildStartStep } from "../../../../src/drill/steps/start.ts";
import type { StartStepOptions } from "../../../../src/drill/steps/start.ts";
import type { Step } from "../../../../src/drill/steps/step.ts";
import { AppError } from "../../../../src/errors.ts";
import { Scratch } from "../../../../src/sys/scratch.ts";
import { Secret } from "../../../../src/sys/secret.ts";
import { findFreeAddress, serve } from "../../../support/http-server.ts";
import { startTestRun } from "../../../support/run-context.ts";
import { buildStep, performOn } from "../../../support/step-run.ts";
import { until } from "../../../support/until.ts";

let scratch: Scratch;
let address: string;
beforeEach(async () => {
  scratch = await Scratch.create();
  address = await findFreeAddress();
});
afterEach(() => scratch.remove());

/** Node code with `status` and `pidFile` to fill in; it answers at $ADDRESS. */
const APPLICATION = `
  const { createServer } = require("node:http");
  const { spawn } = require("node:child_process");
  const { appendFileSync, renameSync, writeFileSync } = require("node:fs");
  const child = spawn("sh", ["-c", "sleep 1000 & wait"], { stdio: "ignore" });
  writeFileSync(process.env.PIDS + ".new", process.pid + " " + child.pid);
  renameSync(process.env.PIDS + ".new", process.env.PIDS); // there is whole, even when this is killed now
  console.log("booting with " + process.env.KEY);
  const { hostname, port } = new URL(process.env.ADDRESS);
  createServer((request, response) => {
    response.statusCode = Number(process.env.STATUS);
    if (process.env.LOCATION) response.setHeader("location", process.env.LOCATION);
    response.end("health");
    appendFileSync(process.env.PIDS + ".asked", request.url + "\\n");
  }).listen(Number(port), hostname);
`;

function describeApplication(status: number): Record<string, Secret> {
  return {
    ADDRESS: new Secret(address),
    STATUS: new Secret(String(status)),
    PIDS: new Secret(scratch.file("pids")),
    KEY: new Secret("planted-key"),
  };
}

function startApplication(status = 200, changes: Partial<StartStepOptions> = {}): Step {
  return buildStartStep({
    name: "application",
    command: [process.execPath, "-e", APPLICATION],
    ready: `${address}/ready`,
    env: describeApplication(status),
    timeoutMs: 60_000,
    ...changes,
  });
}

/** The processes of the application's group that still run. */
function listAlive(): string[] {
  const pids = readFileSync(scratch.file("pids"), "utf8").split(" ");
  return pids.filter((pid) => {
    if (!existsSync(`/proc/${pid}/stat`)) return false;
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8")); // ended, but not yet waited for
  });
}

/** How often the application was asked whether it is ready. */
function countProbes(): number {
  const file = scratch.file("pids.asked");
  return existsSync(file) ? readFileSync(file, "utf8").split("/ready").length - 1 : 0;
}

describe("an application that is started", () => {
  test("runs while later steps do, and is ended with all it started when the drill ends", async () => {
    let aliveMeanwhile: string[] = [];
    const look = buildStep("look", async () => {
      expect((await fetch(address)).status).toBe(200);
      aliveMeanwhile = listAlive();
    });
    const { results, lines } = await performOn([], [startApplication(), look]);
    expect(results.map(({ outcome }) => outcome)).toEqual(["passed", "passed"]);
    expect(results[0]?.details[0]).toMatch(/^application answers at http.*\/ready, after \d+ probes?\.$/);
    expect(aliveMeanwhile).toHaveLength(2);
    expect(listAlive()).toEqual([]);
    expect(lines.join("\n")).not.toContain("booting");
  });

  test("is ended, and its last lines are shown without secrets, when a later step fails", async () => {
    const run = startTestRun();
    run.redactor.add(new Secret("planted-key"));
    const fail = buildStep("call", async () => {
      throw new AppError("TOOL_FAILED", "no answer", { hint: "" });
    });
    const { results, lines } = await performOn([], [startApplication(), fail], { run });
    expect(results.map(({ outcome }) => outcome)).toEqual(["passed", "failed"]);
    expect(lines.slice(-2)).toEqual(["The last lines of application:", "booting with ***"]);
    expect(listAlive()).toEqual([]);
  });

  test("is ended when the drill is cancelled", async () => {
    const run = startTestRun();
    const cancel = buildStep("cancel", async ({ signal }) => {
      run.stopAll();
      signal.throwIfAborted();
    });
    const performing = performOn([], [startApplication(), cancel], { run });
    await expect(performing).rejects.toMatchObject({ code: "CANCELLED" });
    expect(listAlive()).toEqual([]);
  });
});

describe("an application that does not get ready", () => {
  test("in time is unproven, with what it answered last", async () => {
    // The deadline comes when the application has answered, however long it takes to boot.
    vi.useFakeTimers({ toFake: ["setTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const performing = performOn([], [startApplication(503, { timeoutMs: 60_000 })]);
    await until(() => countProbes() > 1); // so that the first one is known to the step
    vi.advanceTimersByTime(60_000);
    const { first, lines } = await performing;
    expect(first).toMatchObject({
      outcome: "unproven",
      reason: `The application was not ready in time at ${address}/ready: it answers 503.`,
    });
    expect(lines).toContain("The last lines of application:");
    expect(listAlive()).toEqual([]);
  });

  test("since its address leads elsewhere, to something that is well", async () => {
    await using production = await serve((_, response) => void response.end("fine"));
    vi.useFakeTimers({ toFake: ["setTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const env = { ...describeApplication(302), LOCATION: new Secret(production.url) };
    const performing = performOn([], [startApplication(302, { env })]);
    await Promise.race([until(() => countProbes() > 1), performing]);
    vi.advanceTimersByTime(60_000);
    expect((await performing).first).toMatchObject({
      outcome: "unproven",
      reason: expect.stringContaining(
        `it answers 302, which leads to ${production.url} and is not followed`,
      ) as string,
    });
  });

  test("since it listens nowhere says that nobody answered", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const asked = vi.spyOn(globalThis, "fetch");
    onTestFinished(() => void asked.mockRestore());
    const performing = performOn([], [startApplication(200, { command: "sleep 1000" })]);
    // Once before it is started, once after, and so that the second is known to the step.
    await until(() => asked.mock.settledResults.filter(({ type }) => type === "rejected").length > 2);
    vi.advanceTimersByTime(60_000);
    expect((await performing).first.reason).toContain("ECONNREFUSED");
  });

  test("since it exits fails at once, with its status and words", async () => {
    const command = "echo cannot reach the database >&2; exit 3";
    const { first } = await performOn([], [startApplication(200, { command })]);
    expect(first).toMatchObject({
      outcome: "failed",
      reason: "bash exited with status 3. It said:\ncannot reach the database",
    });
  });

  test("since it went into the background fails", async () => {
    const { first } = await performOn([], [startApplication(200, { command: "true" })]);
    expect(first).toMatchObject({
      outcome: "failed",
      reason: "The application ended by itself before it was ready.",
    });
  });

  test("since there is no such program fails", async () => {
    const { first } = await performOn([], [startApplication(200, { command: ["/no/such/program"] })]);
    expect(first.outcome).toBe("failed");
    expect(first.reason).toContain("/no/such/program could not be started");
  });

  test("since the drill was cancelled meanwhile leaves nothing running", async () => {
    const run = startTestRun();
    const performing = performOn([], [startApplication(503)], { run });
    await until(() => existsSync(scratch.file("pids")));
    run.stopAll();
    await expect(performing).rejects.toMatchObject({ code: "CANCELLED" });
    expect(listAlive()).toEqual([]);
  });
});

test("an address at which something answers already fails before anything is started", async () => {
  await using other = await serve((_, response) => void response.writeHead(404).end());
  const { first } = await performOn([], [startApplication(200, { ready: other.url })]);
  expect(first).toMatchObject({
    outcome: "failed",
    reason: `Something answers at ${other.url} before the application was started.`,
  });
  expect(existsSync(scratch.file("pids"))).toBe(false);
});
