import { describe, expect, test } from "vitest";
import { buildAssertStep } from "../../../../src/drill/steps/assert.ts";
import type { Expectation } from "../../../../src/drill/steps/assert.ts";
import type { StepResult } from "../../../../src/drill/record.ts";
import { FakeTarget } from "../../../support/fake-target.ts";
import { performOn } from "../../../support/step-run.ts";

async function check(expectation: Expectation, rows: Record<string, unknown>[]): Promise<StepResult> {
  const target = new FakeTarget("clickhouse", "log", { answer: () => rows });
  const step = buildAssertStep({
    name: "check",
    store: "log",
    query: "SELECT 1",
    expect: expectation,
    timeoutMs: 60_000,
  });
  return (await performOn([target], [step])).first;
}

describe("an assert step passes", () => {
  test.each<[Expectation, unknown]>([
    [{ kind: "equals", value: 7 }, 7],
    [{ kind: "equals", value: 7 }, "7"],
    [{ kind: "equals", value: "open" }, "open"],
    [{ kind: "equals", value: true }, true],
    [{ kind: "equals", value: null }, null],
    [{ kind: "at-least", value: 7 }, "7"],
    [{ kind: "at-most", value: 7 }, 7],
    [{ kind: "between", low: 1, high: 7 }, "1"],
    [{ kind: "between", low: 1, high: 7 }, 7],
  ])("%j, found %j", async (expectation, found) => {
    expect(await check(expectation, [{ value: found }])).toMatchObject({ outcome: "passed", reason: "" });
  });

  test("when no row is expected and found", async () => {
    expect(await check({ kind: "none" }, [])).toMatchObject({
      outcome: "passed",
      details: ["log: no row, as expected."],
    });
  });
});

describe("an assert step fails", () => {
  test.each<[Expectation, unknown, string]>([
    [{ kind: "equals", value: 7 }, 8, "Expected 7, found 8."],
    [{ kind: "equals", value: "open" }, "shut", "Expected open, found shut."],
    [{ kind: "equals", value: false }, 0, "Expected false, found 0."],
    [{ kind: "equals", value: 0 }, null, "Expected 0, found null."],
    [{ kind: "at-least", value: 7 }, "6", "Expected at least 7, found 6."],
    [{ kind: "at-least", value: -1 }, "many", "Expected at least -1, found many."],
    [{ kind: "at-most", value: 7 }, 8, "Expected at most 7, found 8."],
    [{ kind: "at-most", value: 7 }, null, "Expected at most 7, found null."],
    [{ kind: "at-most", value: 7 }, "", "Expected at most 7, found ."],
    [{ kind: "between", low: 1, high: 7 }, 0.5, "Expected between 1 and 7, found 0.5."],
    [{ kind: "between", low: 1, high: 7 }, 7.5, "Expected between 1 and 7, found 7.5."],
    [{ kind: "none" }, 1, "Expected no row, found 1 rows."],
  ])("%j, found %j", async (expectation, found, reason) => {
    expect(await check(expectation, [{ value: found }])).toMatchObject({ outcome: "failed", reason });
  });

  test.each<Expectation>([
    { kind: "equals", value: null },
    { kind: "at-most", value: 7 },
    { kind: "at-least", value: 0 },
  ])("%j when there is no row", async (expectation) => {
    expect((await check(expectation, [])).reason).toMatch(/, found no row\.$/);
  });
});
