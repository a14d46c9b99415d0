import { describe, expect, test } from "vitest";
import { findAnomalies, findMedian } from "../../../src/backup/anomalies.ts";
import type { PostgresManifest } from "../../../src/backup/manifest.ts";
import {
  buildInventory,
  buildPostgresManifest,
  buildStoredObject,
  buildTable,
} from "../../support/builders.ts";

function build(tables: Record<string, number>, parts: { sizeBytes?: number; seconds?: number } = {}) {
  const { sizeBytes = 1000, seconds = 10 } = parts;
  return buildPostgresManifest({
    inventory: buildInventory({
      tables: Object.entries(tables).map(([name, rows]) => buildTable(name, rows)),
    }),
    archive: { ...buildStoredObject("app.dump"), sizeBytes, format: "custom" },
    seconds,
  });
}

function find(newest: PostgresManifest, ...earlier: PostgresManifest[]): string[] {
  return findAnomalies(newest, earlier).map(({ state, check }) => `${state}: ${check}`);
}

test("a backup like those before has nothing strange, and neither has the first one", () => {
  const usual = build({ "public.users": 1000 });
  expect(find(usual, usual, usual)).toEqual([]);
  expect(find(build({}, { sizeBytes: 0 }))).toEqual([]);
});

describe("size", () => {
  test("less than half of what is usual is strange; half is not", () => {
    const [a, b, c] = [900, 1000, 5000].map((sizeBytes) => build({}, { sizeBytes }));
    expect(find(build({}, { sizeBytes: 500 }), a!, b!, c!)).toEqual([]);
    expect(findAnomalies(build({}, { sizeBytes: 499 }), [a!, b!, c!])).toEqual([
      {
        check: "app size",
        state: "warning",
        found: "The newest backup of app is 499 B; 1 kB are usual.",
        mend: expect.any(String),
      },
    ]);
  });

  test("seven backups say what is usual: what was usual long ago does not count", () => {
    const small = Array.from({ length: 7 }, () => build({}, { sizeBytes: 100 }));
    const large = Array.from({ length: 20 }, () => build({}, { sizeBytes: 9000 }));
    expect(find(build({}, { sizeBytes: 90 }), ...small, ...large)).toEqual([]);
  });
});

describe("time", () => {
  test("more than double the usual is strange where it is a minute more", () => {
    const usual = build({}, { seconds: 100 });
    expect(find(build({}, { seconds: 200 }), usual)).toEqual([]);
    expect(find(build({}, { seconds: 201 }), usual)).toEqual(["warning: app time"]);
    const quick = build({}, { seconds: 2 });
    expect(find(build({}, { seconds: 60 }), quick)).toEqual([]);
    expect(find(build({}, { seconds: 63 }), quick)).toEqual(["warning: app time"]);
  });
});

describe("rows", () => {
  test("less than half is strange where a hundred rows are gone", () => {
    const before = build({ big: 1000, small: 30 });
    expect(find(build({ big: 500, small: 10 }), before)).toEqual([]);
    expect(findAnomalies(build({ big: 499, small: 10 }), [before])[0]?.found).toBe(
      "1 table lost more than half of the rows: big (499, usually 1,000).",
    );
  });

  test("a table that is empty now is strange however few rows it had", () => {
    expect(find(build({ small: 0 }), build({ small: 3 }))).toEqual(["warning: app rows"]);
    expect(find(build({ small: 0 }), build({ small: 0 }))).toEqual([]);
  });

  test("a table of before that is gone is named, and of many only some", () => {
    const names = Array.from({ length: 9 }, (_, index) => [`t${index}`, 5] as const);
    const [finding] = findAnomalies(build({}), [build(Object.fromEntries(names))]);
    expect(finding?.found).toBe(
      "9 tables of the backup before are not in the newest one: t0, t1, t2, t3, t4 and 4 more.",
    );
  });
});

test("the median is one of the values", () => {
  expect(findMedian([])).toBeUndefined();
  expect(findMedian([3])).toBe(3);
  expect(findMedian([9, 1, 5])).toBe(5);
  expect(findMedian([10, 2, 1, 20])).toBe(2);
});
