import { describe, expect, test } from "vitest";
import { findLastDrill, judgeAge, judgeDrill, judgeRestoreTime } from "../../../src/backup/health.ts";
import { buildDrillRecord } from "../../support/builders.ts";

const NOW = new Date("2026-11-22T00:00:00Z");
const hoursAgo = (hours: number): Date => new Date(NOW.getTime() - hours * 3_600_000);
const backupsOf = (...ages: number[]) => ages.map((age) => ({ id: `id-${age}`, startedAt: hoursAgo(age) }));
const comparison = (store: string) => ({
  store,
  differences: [],
  tablesCompared: 1,
  contentsCompared: 1,
  rowsCompared: 1,
  schemaObjectsCompared: 0,
  notProven: [],
});

describe("the age of the newest backup", () => {
  test.each([
    [24, "good"],
    [24.1, "bad"],
  ])("of %d hours under an objective of 24 hours is %s", (age, state) => {
    expect(judgeAge("app", backupsOf(age, 48), { rpoHours: 24 }, 0, NOW).state).toBe(state);
  });

  test("may be a week more where one a week is received", () => {
    expect(judgeAge("app", backupsOf(190), { rpoHours: 24 }, 168, NOW).state).toBe("good");
    const late = judgeAge("app", backupsOf(193), { rpoHours: 24 }, 168, NOW);
    expect(late.state).toBe("bad");
    expect(late.found).toContain("the objective (RPO) is 24.0 hours and 7.0 days between two.");
  });

  test("without any backup is bad, whatever the objective", () => {
    expect(judgeAge("app", [], {}, 0, NOW)).toMatchObject({
      state: "bad",
      found: "No complete backup holds app.",
    });
  });

  test("that nobody set an objective for is a warning, with the line that sets one", () => {
    const finding = judgeAge("app", backupsOf(1), {}, 0, NOW);
    expect(finding).toMatchObject({ state: "warning", mend: expect.stringContaining("objectives: { rpo:") });
  });

  test("that breaks the rhythm of the backups before is told where nobody set an objective", () => {
    const nightly = backupsOf(61, 85, 109, 133);
    expect(judgeAge("app", nightly, {}, 0, NOW).found).toContain("there used to be one every 24.0 hours.");
    expect(judgeAge("app", backupsOf(59, 83, 107, 131), {}, 0, NOW).found).toContain("nothing says");
  });

  test("that lies in the future is no good news: a clock is wrong", () => {
    expect(judgeAge("app", backupsOf(-2), { rpoHours: 24 }, 0, NOW)).toMatchObject({
      state: "warning",
      found: expect.stringContaining("ahead of this machine's clock"),
    });
  });
});

describe("the last drill", () => {
  const postgres = buildDrillRecord({ id: "p", comparisons: [comparison("postgres")] });
  const both = buildDrillRecord({ id: "b", comparisons: [comparison("postgres"), comparison("log")] });
  const broken = buildDrillRecord({ id: "x", verdict: "unproven", reasons: ["No disk.", "No time."] });

  test("of a store is the newest that compared it, or that compared nothing at all", () => {
    expect(findLastDrill("log", [postgres, both])?.id).toBe("b");
    expect(findLastDrill("log", [broken, both])?.id).toBe("x");
    expect(findLastDrill("log", [postgres])).toBeUndefined();
  });

  test("that never was is bad only where one is asked for", () => {
    expect(judgeDrill("log", undefined, {}, NOW).state).toBe("warning");
    expect(judgeDrill("log", undefined, { drillEveryHours: 1 }, NOW).state).toBe("bad");
  });

  test("that did not end proven is bad, with its reason, however young it is", () => {
    const finding = judgeDrill("log", { ...broken, startedAt: hoursAgo(1).toISOString() }, {}, NOW);
    expect(finding).toMatchObject({
      state: "bad",
      found: expect.stringContaining("ended unproven: No disk."),
    });
    expect(finding.mend).toContain("drills/x.json");
  });

  test.each([
    [192, "good"],
    [192.1, "bad"],
  ])("of %d hours ago under an objective of 8 days is %s", (age, state) => {
    const last = { ...both, startedAt: hoursAgo(age).toISOString() };
    expect(judgeDrill("log", last, { drillEveryHours: 192 }, NOW).state).toBe(state);
    expect(judgeDrill("log", last, {}, NOW).state).toBe("good");
  });
});

describe("the time of a restore", () => {
  const drills = [
    buildDrillRecord({ verdict: "unproven", restoreSeconds: 1 }),
    buildDrillRecord({ restoreSeconds: 600, comparisons: [comparison("log")] }),
  ];

  test("is that of the last drill which restored something", () => {
    expect(judgeRestoreTime(drills, { rtoMinutes: 10 })[0]?.state).toBe("good");
    expect(judgeRestoreTime(drills, { rtoMinutes: 9 })[0]).toMatchObject({
      state: "bad",
      found: "The drill of 2026-11-21 took 10 min 0 s; the objective (RTO) is 9 min 0 s.",
    });
  });

  test("is not judged without an objective or without a drill", () => {
    expect(judgeRestoreTime(drills, {})).toEqual([]);
    expect(judgeRestoreTime([], { rtoMinutes: 1 })).toEqual([]);
  });
});
