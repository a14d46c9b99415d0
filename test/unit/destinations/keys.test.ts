import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  buildBackupId,
  drawBackupId,
  drillKey,
  findBackupTime,
  manifestKey,
  partKey,
  requireSafeKey,
  restoreGuideKey,
  storeObjectKey,
} from "../../../src/destinations/keys.ts";

const ID = "20261120T021704Z-7f3a";

describe("a backup's id", () => {
  test("holds the second in which it began", () => {
    expect(buildBackupId(new Date("2026-11-20T02:17:04.999Z"), "7f3a")).toBe(ID);
    expect(findBackupTime(ID)).toEqual(new Date("2026-11-20T02:17:04Z"));
  });

  test("gives its time back, and sorts by it", () => {
    const times = fc.date({ min: new Date(0), max: new Date("9999-12-31"), noInvalidDate: true });
    fc.assert(
      fc.property(times, times, (a, b) => {
        const [idOfA, idOfB] = [buildBackupId(a, "0000"), buildBackupId(b, "0000")];
        expect(findBackupTime(idOfA)?.getTime()).toBe(Math.floor(a.getTime() / 1000) * 1000);
        if (idOfA < idOfB) expect(a.getTime()).toBeLessThan(b.getTime());
      }),
    );
  });

  test("drawn for a run sorts after that of a run a millisecond before, and differs within it", () => {
    const early = fc.date({ min: new Date(0), max: new Date("9999-12-30"), noInvalidDate: true });
    fc.assert(
      fc.property(early, (at) => {
        const id = drawBackupId(at);
        expect(findBackupTime(id)?.getTime()).toBe(Math.floor(at.getTime() / 1000) * 1000);
        expect(id < drawBackupId(new Date(at.getTime() + 1))).toBe(true);
      }),
    );
    const drawn = Array.from({ length: 20 }, () => drawBackupId(new Date("2026-11-20T02:17:04.999Z")));
    expect(new Set(drawn).size).toBeGreaterThan(1);
  });

  test.each(["", "latest", "20261120T021704Z", `${ID}x`, `x${ID}`, "20261120T021704Z-7F3A"])(
    "is not %j",
    (text) => {
      expect(findBackupTime(text)).toBeUndefined();
    },
  );
});

test("keys lie where docs/backup-format.md draws them", () => {
  expect(manifestKey(ID)).toBe(`backups/${ID}/manifest.json`);
  expect(restoreGuideKey(ID)).toBe(`backups/${ID}/RESTORE.md`);
  expect(storeObjectKey(ID, "postgres", "app.dump")).toBe(`backups/${ID}/postgres/app.dump`);
  expect(drillKey("d1")).toBe("drills/d1.json");
  const part = { database: "shop", table: "events.v2", partition: "202611", fingerprint: "ab12" };
  expect(partKey("clickhouse", part, "7f3a")).toBe(
    "parts/clickhouse/shop.events=2Ev2/202611-ab12-7f3a.native.zst",
  );
  expect(partKey("clickhouse", { ...part, slice: { number: 1, of: 3 } }, "7f3a", 2)).toBe(
    "parts/clickhouse/shop.events=2Ev2/202611-ab12-1of3-time2-7f3a.native.zst",
  );
});

describe("the key of a part", () => {
  const names = fc.string({ unit: "binary", minLength: 1 });
  const parts = fc.record({
    database: names,
    table: names,
    partition: names,
    fingerprint: fc.stringMatching(/^[0-9a-f]{16}$/),
  });

  test("keeps to characters that every store, shell and URL takes, whatever the table is called", () => {
    fc.assert(
      fc.property(parts, (part) => {
        const key = partKey("clickhouse", part, "7f3a");
        expect(key).toMatch(/^parts\/clickhouse\/[\w=-]+\.[\w=-]+\/[\w=-]+-[0-9a-f]{16}-7f3a\.native\.zst$/);
        expect(requireSafeKey(key)).toBe(key);
      }),
    );
  });

  test("differs as soon as database, table, partition or fingerprint differ", () => {
    // Few characters, those that names are joined with, so that the search comes upon near collisions.
    const tricky = fc.string({
      unit: fc.constantFrom("a", ".", "/", "-", "=", "%", "2"),
      minLength: 1,
      maxLength: 5,
    });
    const fingerprint = fc.constantFrom("aa", "a2");
    const near = fc.record({ database: tricky, table: tricky, partition: tricky, fingerprint });
    fc.assert(
      fc.property(near, near, (a, b) => {
        const isSame = JSON.stringify(a) === JSON.stringify(b);
        expect(partKey("s", a, "0000") === partKey("s", b, "0000")).toBe(isSame);
      }),
      { numRuns: 5000 },
    );
  });
});

test.each(["../x", "a/../b", "/a", "a//b", "a/", "", ".", "a\nb", "a\\b"])(
  "the key %j is not safe",
  (key) => {
    expect(() => requireSafeKey(key)).toThrow(expect.objectContaining({ code: "BACKUP_DAMAGED" }));
  },
);
