import { expect, test } from "vitest";
import { buildOrphansStep } from "../../../../src/drill/steps/orphans.ts";
import type { StepResult } from "../../../../src/drill/record.ts";
import { FakeTarget } from "../../../support/fake-target.ts";
import { performOn } from "../../../support/step-run.ts";

async function look(used: unknown[], known: unknown[], allow = 0): Promise<StepResult> {
  const answer = (ids: unknown[]) => () => ids.map((id) => ({ id }));
  const targets = [
    new FakeTarget("clickhouse", "log", { answer: answer(used) }),
    new FakeTarget("postgres", "app", { answer: answer(known) }),
  ];
  const step = buildOrphansStep({
    name: "orphans",
    ids: { store: "log", query: "SELECT DISTINCT organisation FROM requests" },
    knownBy: { store: "app", query: "SELECT id FROM organisations" },
    allow,
    timeoutMs: 60_000,
  });
  return (await performOn(targets, [step])).first;
}

test("ids that are all known pass, also as numbers in one store and text in the other", async () => {
  expect(await look(["1", "2", "2", null], [1, 2, 3])).toMatchObject({
    outcome: "passed",
    details: ["0 of 2 ids in log are unknown to app."],
  });
});

test("ids that are unknown fail, and the first are named", async () => {
  const { outcome, reason } = await look(["a", "b", "c", "d", "e", "f", "g"], ["a"]);
  expect(outcome).toBe("failed");
  expect(reason).toBe("6 of 7 ids in log are unknown to app; 0 are allowed. Among them: b, c, d, e, f.");
});

test("as many as are allowed pass, one more fails", async () => {
  expect((await look(["a", "b", "c"], ["a"], 2)).outcome).toBe("passed");
  expect((await look(["a", "b", "c", "d"], ["a"], 2)).outcome).toBe("failed");
});

test("no id at all shows nothing", async () => {
  const reason = "log returned no id, so nothing can be shown by them.";
  expect(await look([], ["a"])).toMatchObject({ outcome: "unproven", reason });
  expect(await look([null], ["a"])).toMatchObject({ outcome: "unproven", reason });
});
