import { expect, test } from "vitest";
import { formatProgress, ProgressThinner } from "../../../src/report/progress.ts";
import { formatAge, formatBytes, formatCount, formatSeconds } from "../../../src/report/quantities.ts";
import { FakeClock } from "../../support/fake-clock.ts";

test.each([
  [0, "0.0 s"],
  [3.21, "3.2 s"],
  [59.96, "1 min 0 s"],
  [75, "1 min 15 s"],
  [119.7, "2 min 0 s"],
  [3599.9, "1 h 0 min"],
  [7260, "2 h 1 min"],
])("%f seconds are %s", (seconds, text) => {
  expect(formatSeconds(seconds)).toBe(text);
});

test.each([
  [0.4, "24 minutes"],
  [0.999, "1.0 hours"],
  [30.5, "30.5 hours"],
  [80, "3.3 days"],
])("%f hours are %s", (hours, text) => {
  expect(formatAge(hours)).toBe(text);
});

test("counts and sizes are grouped and rounded", () => {
  expect([formatCount(1_234_567), formatBytes(48_234_496)]).toEqual(["1,234,567", "48.2 MB"]);
});

test.each([
  [{ label: "Sent", done: 1_200_000, unit: "bytes" }, "Sent: 1.2 MB"],
  [{ label: "Fetched", done: 10, total: 20_000, unit: "bytes" }, "Fetched: 10 B of 20 kB"],
  [{ label: "Restored", done: 3, total: 12, unit: "tables" }, "Restored: 3 of 12 tables"],
  [{ label: "Counted", done: 1500, unit: "rows" }, "Counted: 1,500 rows"],
] as const)("progress %o is %s", (progress, line) => {
  expect(formatProgress(progress)).toBe(line);
});

test("each label's progress is let through once in a while", () => {
  const clock = new FakeClock("2026-11-20T00:00:00Z");
  const thinner = new ProgressThinner(clock, 10_000);
  const isDue = (label: string): boolean => thinner.isDue({ label, done: 1, unit: "rows" });
  expect([isDue("a"), isDue("a"), isDue("b")]).toEqual([true, false, true]);
  clock.advance(9.999);
  expect(isDue("a")).toBe(false);
  clock.advance(0.001);
  expect([isDue("a"), isDue("a")]).toEqual([true, false]);
});
