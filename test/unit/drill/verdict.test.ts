import { describe, expect, test } from "vitest";
import { compareInventories } from "../../../src/backup/inventory.ts";
import type { Inventory } from "../../../src/backup/inventory.ts";
import { judge } from "../../../src/drill/verdict.ts";
import type { Judgement } from "../../../src/drill/verdict.ts";

const WHOLE: Inventory = {
  digestMethod: "test-1",
  tables: [{ name: "public.orders", rows: 3, digest: "42" }],
  schema: [],
  notCovered: [],
};

function judgeRestored(found: Inventory): Judgement {
  return judge({
    comparisons: [compareInventories("app", WHOLE, found)],
    emptyStores: [],
    skippedStores: [],
    failures: [],
    steps: [],
    restoreSeconds: 1,
    dataAgeHours: 1,
    objectives: {},
    isNewest: true,
  });
}

describe("a drill that only counted rows", () => {
  test("is proven when contents agree", () => {
    expect(judgeRestored(WHOLE).verdict).toBe("proven");
  });

  test.each<[string, Inventory]>([
    ["digests of another method", { ...WHOLE, digestMethod: "test-2" }],
    ["no digest", { ...WHOLE, tables: [{ name: "public.orders", rows: 3, digest: null }] }],
  ])("is unproven with %s, although all counts agree", (_, found) => {
    expect(judgeRestored(found)).toMatchObject({
      verdict: "unproven",
      reasons: ["The contents of no table in app were compared: its rows were only counted."],
    });
  });
});
