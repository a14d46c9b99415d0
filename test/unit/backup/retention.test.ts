import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { planRetention } from "../../../src/backup/retention.ts";
import type {
  Decision,
  RetainableBackup,
  RetentionPolicy,
  RetentionRule,
} from "../../../src/backup/retention.ts";

const NOW = new Date("2026-11-20T12:00:00Z");
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const GRACE_MS = 2 * DAY_MS;

function backupAt(time: string, parts: Partial<RetainableBackup> = {}): RetainableBackup {
  const startedAt = new Date(time);
  return {
    id: time,
    startedAt,
    finishedAt: new Date(startedAt.getTime() + HOUR_MS / 4),
    stores: ["postgres"],
    provenStores: [],
    ...parts,
  };
}

function nightly(count: number, parts: (index: number) => Partial<RetainableBackup> = () => ({})) {
  return Array.from({ length: count }, (_, index) => {
    const time = new Date(Date.parse("2026-11-20T02:17:00Z") - index * DAY_MS).toISOString();
    return backupAt(time, parts(index));
  });
}

function policyOf(rule: RetentionRule, parts: Partial<RetentionPolicy> = {}): RetentionPolicy {
  return { rule, stores: {}, timeZone: "UTC", ...parts };
}

function keptDays(decisions: readonly Decision[], store = "postgres"): string[] {
  return decisions
    .filter(({ stores }) => stores.some((decision) => decision.store === store && decision.isKept))
    .map(({ id }) => id.slice(0, 10));
}

describe("a rule keeps", () => {
  const plan = (rule: RetentionRule, count = 800): string[] =>
    keptDays(planRetention(nightly(count), policyOf(rule), NOW, 0));

  test("the last ones", () => {
    expect(plan({ last: 3 })).toEqual(["2026-11-20", "2026-11-19", "2026-11-18"]);
  });

  test("the newest of each day, week, month and year", () => {
    expect(plan({ daily: 2, weekly: 3, monthly: 3, yearly: 2 })).toEqual([
      "2026-11-20",
      "2026-11-19",
      "2026-11-15", // Sundays end the weeks of ISO 8601
      "2026-11-08",
      "2026-10-31",
      "2026-09-30",
      "2025-12-31",
    ]);
  });

  test("all within an age", () => {
    expect(plan({ withinMs: 2 * DAY_MS })).toEqual(["2026-11-20", "2026-11-19"]);
  });

  test("everything when it says nothing", () => {
    expect(plan({}, 40)).toHaveLength(40);
  });

  test("only the newest backup when it says nought", () => {
    expect(plan({ daily: 0 })).toEqual(["2026-11-20"]);
  });

  test("days as they begin in the stated time zone", () => {
    const times = ["2026-11-20T03:00:00Z", "2026-11-19T23:30:00Z", "2026-11-19T22:30:00Z"];
    const inBerlin = policyOf({ daily: 2 }, { timeZone: "Europe/Berlin" });
    const kept = (policy: RetentionPolicy): number =>
      keptDays(
        planRetention(
          times.map((time) => backupAt(time)),
          policy,
          NOW,
          0,
        ),
      ).length;
    expect(kept(inBerlin)).toBe(2);
    expect(
      planRetention(
        times.map((time) => backupAt(time)),
        inBerlin,
        NOW,
        0,
      )[1]!.stores[0]!.isKept,
    ).toBe(false);
    expect(
      planRetention(
        times.map((time) => backupAt(time)),
        policyOf({ daily: 2 }),
        NOW,
        0,
      )[1]!.stores[0]!.isKept,
    ).toBe(true);
  });
});

test("each store follows its own rule", () => {
  const backups = nightly(10, () => ({ stores: ["postgres", "clickhouse"] }));
  const policy = policyOf({ daily: 5 }, { stores: { clickhouse: { daily: 2 } } });
  const decisions = planRetention(backups, policy, NOW, 0);
  expect(keptDays(decisions, "postgres")).toHaveLength(5);
  expect(keptDays(decisions, "clickhouse")).toHaveLength(2);
});

test("the reasons are told", () => {
  const [newest, second, third] = planRetention(nightly(3), policyOf({ daily: 2 }), NOW, 0);
  expect(newest!.stores[0]!.reasons).toEqual(["daily 1 of 2 (2026-11-20)", "the newest"]);
  expect(second!.stores[0]!.reasons).toEqual(["daily 2 of 2 (2026-11-19)"]);
  expect(third!.stores[0]).toMatchObject({ isKept: false, reasons: ["no rule keeps it"] });
});

describe("no rule removes", () => {
  const planOne = (parts: Partial<RetainableBackup>): Decision =>
    planRetention(
      nightly(20, (index) => (index === 15 ? parts : {})),
      policyOf({ last: 1 }),
      NOW,
      0,
    )[15]!;

  test("the newest that a drill has proved, of each store", () => {
    const backups = nightly(20, (index) => ({
      stores: ["postgres", "clickhouse"],
      provenStores: index === 12 ? ["postgres", "clickhouse"] : index === 5 ? ["postgres"] : [],
    }));
    const decisions = planRetention(backups, policyOf({ last: 1 }), NOW, 0);
    expect(keptDays(decisions, "postgres")).toEqual(["2026-11-20", "2026-11-15"]);
    expect(keptDays(decisions, "clickhouse")).toEqual(["2026-11-20", "2026-11-08"]);
  });

  test("what is pinned", () => {
    expect(planOne({ pin: "before the migration" }).stores[0]).toMatchObject({
      isKept: true,
      reasons: ["pinned: before the migration"],
    });
  });

  test("what is locked, and it says when that ends", () => {
    const until = new Date("2026-12-01T00:00:00Z");
    expect(planOne({ lockedUntil: until })).toMatchObject({
      stores: [{ isKept: true, reasons: ["locked until 2026-12-01T00:00:00.000Z"] }],
      removableFrom: until,
    });
    expect(planOne({ lockedUntil: "held" })).toMatchObject({ removableFrom: "held" });
    expect(planOne({ lockedUntil: new Date("2026-11-20T11:59:00Z") }).stores[0]!.isKept).toBe(false);
  });

  test("what lies in the future, which takes no place of what is real either", () => {
    const ahead = backupAt("2027-03-01T02:00:00Z");
    const decisions = planRetention([...nightly(3), ahead], policyOf({ last: 2 }), NOW, 0);
    expect(keptDays(decisions)).toEqual(["2027-03-01", "2026-11-20", "2026-11-19"]);
  });

  test("what a run under way may refer to", () => {
    const decisions = planRetention(nightly(6), policyOf({ last: 1 }), NOW, GRACE_MS);
    expect(keptDays(decisions)).toEqual(["2026-11-20", "2026-11-19", "2026-11-18"]);
  });
});

describe("whatever the rules and the calendar", () => {
  const rules = fc.record(
    {
      last: fc.nat(5),
      daily: fc.nat(9),
      weekly: fc.nat(6),
      monthly: fc.nat(5),
      yearly: fc.nat(3),
      withinMs: fc.nat(90 * DAY_MS),
    },
    { requiredKeys: [] },
  );
  const stores = fc.subarray(["postgres", "clickhouse", "files"], { minLength: 1 });
  const backups = fc.uniqueArray(
    fc.record({
      ageMs: fc.integer({ min: -DAY_MS, max: 900 * DAY_MS }),
      tookMs: fc.nat(6 * HOUR_MS),
      stores,
      isProven: fc.boolean(),
      pin: fc.option(fc.constant("kept"), { freq: 9, nil: undefined }),
      lock: fc.option(fc.integer({ min: -DAY_MS, max: DAY_MS }), { freq: 5, nil: undefined }),
    }),
    { selector: ({ ageMs }) => Math.floor(ageMs / 1000), maxLength: 40 },
  );
  const scenario = fc.record({
    backups: backups.map((all) =>
      all.map(({ ageMs, tookMs, stores, isProven, pin, lock }, index): RetainableBackup => {
        const startedAt = new Date(NOW.getTime() - ageMs);
        return {
          id: `${startedAt.toISOString()}-${index}`,
          startedAt,
          finishedAt: new Date(startedAt.getTime() + tookMs),
          stores,
          provenStores: isProven ? stores : [],
          ...(pin !== undefined && { pin }),
          ...(lock !== undefined && { lockedUntil: new Date(NOW.getTime() + lock) }),
        };
      }),
    ),
    policy: fc.record({
      rule: rules,
      stores: fc.dictionary(fc.constantFrom("postgres", "clickhouse", "files"), rules),
      timeZone: fc.constantFrom("UTC", "Europe/Berlin", "America/Los_Angeles", "Pacific/Kiritimati"),
    }),
    graceMs: fc.nat(3 * DAY_MS),
  });
  const isKept = (decisions: Decision[], id: string, store: string): boolean =>
    decisions.find((decision) => decision.id === id)!.stores.find((one) => one.store === store)!.isKept;

  test("the floors hold", () => {
    fc.assert(
      fc.property(scenario, ({ backups, policy, graceMs }) => {
        const decisions = planRetention(backups, policy, NOW, graceMs);
        expect(decisions).toHaveLength(backups.length);
        const newestFirst = [...backups].sort((a, b) => b.startedAt.getTime() - a.startedAt.getTime());
        for (const store of ["postgres", "clickhouse", "files"]) {
          const holders = newestFirst.filter((backup) => backup.stores.includes(store));
          const proven = holders.find(({ provenStores }) => provenStores.includes(store));
          for (const floor of [holders[0], proven]) {
            if (floor) expect(isKept(decisions, floor.id, store)).toBe(true);
          }
          for (const { id, pin, lockedUntil } of holders) {
            if (pin !== undefined || (lockedUntil instanceof Date && lockedUntil > NOW))
              expect(isKept(decisions, id, store)).toBe(true);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  test("what was the newest at any moment of the grace stays", () => {
    fc.assert(
      fc.property(scenario, fc.double({ min: 0, max: 1, noNaN: true }), (given, share) => {
        const decisions = planRetention(given.backups, given.policy, NOW, given.graceMs);
        const moment = NOW.getTime() - share * given.graceMs;
        const complete = given.backups.filter(({ finishedAt }) => finishedAt.getTime() <= moment);
        const newest = complete.sort((a, b) => b.startedAt.getTime() - a.startedAt.getTime())[0];
        for (const store of newest?.stores ?? []) expect(isKept(decisions, newest!.id, store)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test("pruning twice removes nothing more", () => {
    fc.assert(
      fc.property(scenario, ({ backups, policy, graceMs }) => {
        const decisions = planRetention(backups, policy, NOW, graceMs);
        const left = backups.flatMap((backup) => {
          const stores = backup.stores.filter((store) => isKept(decisions, backup.id, store));
          return stores.length > 0 ? [{ ...backup, stores }] : [];
        });
        for (const { stores } of planRetention(left, policy, NOW, graceMs))
          for (const { isKept } of stores) expect(isKept).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});
