import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { performSteps } from "../../../../src/drill/steps/perform.ts";
import { buildRunStep } from "../../../../src/drill/steps/run.ts";
import { buildSqlStep } from "../../../../src/drill/steps/sql.ts";
import type { Step } from "../../../../src/drill/steps/step.ts";
import { AppError } from "../../../../src/errors.ts";
import { toolEnvironment } from "../../../../src/sys/exec.ts";
import { Scratch } from "../../../../src/sys/scratch.ts";
import { Secret } from "../../../../src/sys/secret.ts";
import { FakeTarget } from "../../../support/fake-target.ts";
import { startTestRun } from "../../../support/run-context.ts";
import { buildStep, performOn } from "../../../support/step-run.ts";

const timeoutMs = 60_000;

function perform(steps: Step[], target = new FakeTarget("postgres", "app")) {
  return performOn([target], steps);
}

describe("a run step", () => {
  test("runs a shell line with the addresses of the restored stores and its own variables", async () => {
    process.env["LIFEBOAT_TEST_SECRET"] = "not passed on";
    const { first, lines } = await perform([
      buildRunStep({
        name: "migrate",
        command: 'echo "$LIFEBOAT_APP_URL $MODE <$LIFEBOAT_TEST_SECRET>"; echo careful >&2',
        env: { MODE: new Secret("dry") },
        timeoutMs,
      }),
    ]);
    delete process.env["LIFEBOAT_TEST_SECRET"];
    expect(first).toMatchObject({ name: "migrate", kind: "run", outcome: "passed", reason: "" });
    expect(lines).toContain("fake://app dry <>");
    expect(lines).toContain("careful");
  });

  test("runs a program with its arguments as they are, in its folder", async () => {
    await using scratch = await Scratch.create();
    const { lines } = await perform([
      buildRunStep({
        name: "show",
        command: ["sh", "-c", 'echo "$1" && pwd', "sh", "$HOME; *"],
        env: {},
        workingDirectory: scratch.path,
        timeoutMs,
      }),
    ]);
    expect(lines.slice(-2)).toEqual(["$HOME; *", scratch.path]);
  });

  test("fails with the command's status and its last words", async () => {
    const command = "echo no such column >&2; exit 7";
    const { first } = await perform([buildRunStep({ name: "migrate", command, env: {}, timeoutMs })]);
    expect(first).toMatchObject({
      outcome: "failed",
      reason: "bash exited with status 7. It said:\nno such column",
    });
  });

  test("ends at its deadline, with all it started", async () => {
    const command = "sleep 1000 & sleep 1000";
    const { first } = await perform([
      buildRunStep({ name: "hang", command, env: {}, timeoutMs: 200 }),
      buildRunStep({ name: "next", command: "true", env: {}, timeoutMs }),
    ]);
    expect(first).toMatchObject({ outcome: "failed", reason: "It took longer than 0.2 s." });
  });

  test("prints no secret of the run", async () => {
    const run = { ...startTestRun(), toolEnv: toolEnvironment(process.env) };
    const secret = new Secret("hunter22");
    run.redactor.add(secret);
    const command = 'echo "key $KEY"; echo "bad $KEY" >&2; exit 1';
    const step = buildRunStep({ name: "leak", command, env: { KEY: secret }, timeoutMs });
    const results = await performSteps([step], { ...run, targets: new Map() });
    expect(JSON.stringify([results, run.lines])).not.toContain("hunter22");
    expect(run.lines).toContain("key ***");
  });
});

describe("an sql step", () => {
  test("runs statements, or those of a file, in the store", async () => {
    await using scratch = await Scratch.create();
    await writeFile(scratch.file("init.sql"), "SELECT 2");
    const target = new FakeTarget("postgres", "app");
    const build = (sql: string | { file: string }): Step =>
      buildSqlStep({ name: "init", store: "app", sql, timeoutMs });
    const steps = [
      build("SELECT 1"),
      build({ file: scratch.file("init.sql") }),
      build({ file: "/no/such.sql" }),
    ];
    const { results } = await perform(steps, target);
    expect(results.map(({ outcome }) => outcome)).toEqual(["passed", "passed", "failed"]);
    expect(results[2]?.reason).toContain("/no/such.sql");
    expect(target.calls).toEqual(["query: SELECT 1", "query: SELECT 2"]);
  });

  test("ends at its deadline although the server does not answer", async () => {
    const target = new FakeTarget("postgres", "app", { on: () => new Promise(() => {}) });
    const step = buildSqlStep({ name: "hang", store: "app", sql: "SELECT 1", timeoutMs: 50 });
    const { first } = await perform([step], target);
    expect(first).toMatchObject({ outcome: "failed", reason: "It took longer than 0.05 s." });
  });

  test("of a store that was not restored fails", async () => {
    const step = buildSqlStep({ name: "count", store: "log", sql: "SELECT 1", timeoutMs });
    const { first } = await perform([step]);
    expect(first.reason).toBe("Store log was not restored by this drill.");
  });
});

describe("steps", () => {
  test("that had nothing to show are unproven, and stop those after them", async () => {
    const nothing = buildStep("decrypt", async () => {
      throw new AppError("UNPROVEN", "no row", { hint: "" });
    });
    const { results } = await perform([nothing, buildStep("boot")]);
    expect(results.map(({ outcome, reason }) => [outcome, reason])).toEqual([
      ["unproven", "no row"],
      ["unproven", 'Not tried after "decrypt".'],
    ]);
  });

  test("do not hide a fault of our own, nor the end of the run", async () => {
    const bug = buildStep("bug", async () => {
      throw new TypeError("undefined is not a function");
    });
    await expect(perform([bug])).rejects.toThrow(TypeError);

    const run = startTestRun();
    const hang = buildSqlStep({ name: "hang", store: "app", sql: "SELECT 1", timeoutMs });
    const target = new FakeTarget("postgres", "app", {
      on: () => {
        run.stopAll();
        return new Promise(() => {});
      },
    });
    const steps = performSteps([hang], { ...run, targets: new Map([["app", target]]) });
    await expect(steps).rejects.toMatchObject({ code: "CANCELLED" });
  });
});

test.each([true, false])(
  "a silent upstream has an address where nobody answers (https: %s)",
  async (https) => {
    const ask = buildStep("ask", async ({ upstream }) => {
      const { LIFEBOAT_UPSTREAM_URL: url = "", LIFEBOAT_UPSTREAM_CA: caFile } = upstream?.env ?? {};
      await expect(fetch(url)).rejects.toMatchObject({ cause: { code: "ECONNREFUSED" } });
      // A program that is given a certificate must find it, or it would fail for want of that.
      expect(caFile !== undefined && existsSync(caFile)).toBe(https);
    });
    const upstream = { port: 0, https, hostNames: [], isSilent: true };
    const { first } = await performOn([], [ask], { upstream });
    expect(first.outcome).toBe("passed");
  },
);
