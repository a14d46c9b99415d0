import fc from "fast-check";
import { expect, test } from "vitest";
import { countGroups, pickSample } from "../../../src/backup/sample.ts";

const DAY_MS = 86_400_000;

test.each([
  [1, 1],
  [0.5, 2],
  [0.2, 5],
  [0.15, 11],
  [0.1, 11],
  [0.01, 101],
])("a share of %f makes %i groups", (share, groups) => {
  expect(countGroups(share)).toBe(groups);
});

test("whatever the share, every backup comes up within as many runs as there are groups, run daily or weekly", () => {
  const id = fc.string({ minLength: 1 });
  fc.assert(
    fc.property(
      fc.uniqueArray(id, { maxLength: 40 }),
      fc.double({ min: 0.02, max: 1, noNaN: true }),
      fc.constantFrom(1, 7),
      fc.nat(20_000),
      (ids, share, everyDays, firstDay) => {
        const seen = new Set<string>();
        const runs = countGroups(share);
        for (let run = 0; run < runs; run += 1) {
          const now = new Date((firstDay + run * everyDays) * DAY_MS + 3_600_000);
          for (const picked of pickSample(ids, share, now)) seen.add(picked);
        }
        expect(seen.size).toBe(ids.length);
      },
    ),
  );
});

test("two runs of one day look at the same backups", () => {
  const ids = Array.from({ length: 100 }, (_, index) => `backup ${index}`);
  const [morning, evening] = ["T01:00Z", "T23:00Z"].map((time) =>
    pickSample(ids, 0.2, new Date(`2026-11-20${time}`)),
  );
  expect(morning).toEqual(evening);
  expect(morning?.length).toBeGreaterThan(8);
  expect(morning?.length).toBeLessThan(35);
});
