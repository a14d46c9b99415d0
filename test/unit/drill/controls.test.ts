import { describe, expect, test } from "vitest";
import { judgeDamage, judgeSteps, listControls } from "../../../src/drill/controls/control.ts";
import { findSmallTable } from "../../../src/drill/controls/names.ts";
import type { StepResult } from "../../../src/drill/record.ts";
import { buildManifest, buildTable } from "../../support/builders.ts";
import { buildStep } from "../../support/step-run.ts";

const damage = { name: "a row removed", statements: "", noticedAs: "rows" };
const comparison = {
  store: "app",
  differences: [],
  tablesCompared: 2,
  contentsCompared: 2,
  rowsCompared: 23,
  schemaObjectsCompared: 1,
  notProven: [],
};

function ended(name: string, kind: string, outcome: StepResult["outcome"], reason = ""): StepResult {
  return { name, kind, outcome, seconds: 0, reason, details: [] };
}

describe("a damage", () => {
  const differ = (kind: string) => ({ store: "app", kind, name: "t", expected: "3 rows", found: "2 rows" });

  test("is caught when just that was found", () => {
    expect(judgeDamage(damage, { ...comparison, differences: [differ("index"), differ("rows")] })).toEqual({
      outcome: "caught",
      reason: "rows of t: expected 3 rows, found 2 rows.",
    });
  });

  test("is missed when nothing, or only something else, was found", () => {
    expect(judgeDamage(damage, comparison)).toEqual({
      outcome: "missed",
      reason: "The copy still agreed with its manifest.",
    });
    expect(judgeDamage(damage, { ...comparison, differences: [differ("index")] })).toEqual({
      outcome: "missed",
      reason: "Only a difference of index was found.",
    });
  });
});

describe("steps under a wrong key", () => {
  test("are caught when the decrypt step stopped them", () => {
    const results = [ended("migrate", "run", "passed"), ended("keys", "decrypt", "failed", "wrong key")];
    expect(judgeSteps("decrypt", results)).toEqual({ outcome: "caught", reason: 'Step "keys": wrong key' });
  });

  test("are missed when all passed, or another step stopped them", () => {
    expect(judgeSteps("decrypt", [ended("keys", "decrypt", "passed")])).toEqual({
      outcome: "missed",
      reason: "All steps passed.",
    });
    const results = [ended("migrate", "run", "failed", "no disk"), ended("keys", "decrypt", "unproven")];
    expect(judgeSteps("decrypt", results)).toEqual({ outcome: "missed", reason: 'Step "migrate": no disk' });
  });
});

describe("the controls of a drill", () => {
  const manifest = buildManifest();
  const list = (stores: string[], steps = [buildStep("migrate")]) =>
    listControls(manifest, new Set(stores), steps).map(({ name, kind }) => [name, kind]);

  test("are those of the stores that were restored, and of what the backup holds", () => {
    expect(list(["app", "log"])).toEqual([
      ["app: a row removed", "damage"],
      ["app: a value changed", "damage"],
      ["app: a table emptied", "damage"],
      ["app: a policy dropped", "not applicable"],
      ["app: an index dropped", "damage"],
      ["app: a sequence moved", "not applicable"],
      ["log: a row removed", "damage"],
      ["log: a row's values changed", "damage"],
      ["log: a table emptied", "damage"],
      ["every key with one bit flipped", "not applicable"],
      ["the upstream silent", "not applicable"],
    ]);
    expect(list(["log"])).toHaveLength(5);
  });

  test("flip every key and silence the upstream where steps have them", () => {
    const keys = { ...buildStep("keys"), withFlippedKey: () => buildStep("keys, flipped") };
    const call = { ...buildStep("call"), needsUpstream: true };
    const [flipped, silent] = listControls(manifest, new Set(), [keys, call]);
    expect(flipped).toMatchObject({
      kind: "steps",
      stopper: "decrypt",
      isUpstreamSilent: false,
      steps: [{ name: "keys, flipped" }, { name: "call" }],
    });
    expect(silent).toMatchObject({ kind: "steps", stopper: "proxied-call", isUpstreamSilent: true });
  });

  test("damage the smallest table that has rows and a digest", () => {
    const table = (name: string, rows: number, parts: object = {}) => ({
      ...buildTable(name, rows),
      ...parts,
    });
    const tables = [
      table("a.large", 9),
      table("a.empty", 0),
      table("a.undigested", 1, { digest: null }),
      table("a.moving", 1, { moving: { rowsAtLeast: 1, rowsAtMost: 2 } }),
      table("a..inner.view", 1),
      table("a.inner_small", 2),
    ];
    const inventory = { ...manifest.stores[0]!.inventory, tables };
    expect(findSmallTable(inventory)).toBe("a.inner_small");
    expect(findSmallTable({ ...inventory, tables: [] })).toBeUndefined();
  });
});
