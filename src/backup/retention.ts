import { DateTime } from "luxon";

/** How many backups of one store stay. A rule without any number keeps all of them. */
export interface RetentionRule {
  /** The newest, whenever they were made. */
  last?: number;
  /** The newest of each of so many days, weeks (ISO 8601, from Monday), months, years in which there are any. */
  daily?: number;
  weekly?: number;
  monthly?: number;
  yearly?: number;
  /** All that are younger, in milliseconds. */
  withinMs?: number;
}

export interface RetentionPolicy {
  /** For every store that has no rule of its own. */
  rule: RetentionRule;
  stores: Readonly<Record<string, RetentionRule>>;
  /** IANA name of the zone in which days begin, such as `Europe/Berlin`. */
  timeZone: string;
}

/** What retention looks at of one complete backup. */
export interface RetainableBackup {
  id: string;
  startedAt: Date;
  finishedAt: Date;
  /** The stores that are still in it. */
  stores: readonly string[];
  /** Of these, the ones that a proven drill has restored and compared. */
  provenStores: readonly string[];
  /** Why somebody wants it kept, whatever the rules say. */
  pin?: string;
  /** Until when the destination itself refuses to remove it; `"held"` where no date ends that. */
  lockedUntil?: Date | "held";
}

/** What becomes of one store of one backup, and why. */
export interface StoreDecision {
  store: string;
  isKept: boolean;
  /** In a few words each: "daily 2 of 7 (2026-11-19)". */
  reasons: string[];
}

export interface Decision {
  id: string;
  stores: StoreDecision[];
  /** Present where the rules would let go what is locked: then it can be removed, unless it is held. */
  removableFrom?: Date | "held";
}

/**
 * Decides which backups stay. No rule overrides the floors: the newest backup of each store, its newest that a drill has
 * proved, what is pinned or locked, what a run that is still under way may refer to, and what lies in the future.
 *
 * @param graceMs - how long a run may take: one that began so long ago may still refer to what was newest then
 * @returns a decision for each backup, newest first
 */
export function planRetention(
  backups: readonly RetainableBackup[],
  policy: RetentionPolicy,
  now: Date,
  graceMs: number,
): Decision[] {
  const newestFirst = [...backups].sort(
    (a, b) => b.startedAt.getTime() - a.startedAt.getTime() || (a.id < b.id ? 1 : -1),
  );
  const kept = new Map<string, Map<string, string[]>>();
  for (const store of new Set(newestFirst.flatMap(({ stores }) => stores))) {
    const holders = newestFirst.filter(({ stores }) => stores.includes(store));
    kept.set(store, applyRule(holders, policy.stores[store] ?? policy.rule, policy.timeZone, now));
    addReason(kept, store, holders[0], "the newest");
    const proven = holders.find(({ provenStores }) => provenStores.includes(store));
    addReason(kept, store, proven, "the newest that a drill has proved");
  }
  return newestFirst.map((backup, index): Decision => {
    const { always, lock } = findFloors(backup, newestFirst[index - 1], now, graceMs);
    const stores = backup.stores.map((store): StoreDecision => {
      const reasons = [...(kept.get(store)?.get(backup.id) ?? []), ...always];
      const locked = lock === undefined ? [] : [describeLock(lock)];
      const isKept = reasons.length + locked.length > 0;
      return { store, isKept, reasons: isKept ? [...reasons, ...locked] : ["no rule keeps it"] };
    });
    const isHeldByLockOnly = stores.some(({ reasons }) => lock !== undefined && reasons.length === 1);
    return { id: backup.id, stores, ...(isHeldByLockOnly && { removableFrom: lock! }) };
  });
}

function addReason(
  kept: ReadonlyMap<string, Map<string, string[]>>,
  store: string,
  backup: RetainableBackup | undefined,
  reason: string,
): void {
  if (!backup) return;
  const ofStore = kept.get(store)!;
  ofStore.set(backup.id, [...(ofStore.get(backup.id) ?? []), reason]);
}

/** What keeps a whole backup, whatever its stores' rules are. */
function findFloors(
  backup: RetainableBackup,
  successor: RetainableBackup | undefined,
  now: Date,
  graceMs: number,
): { always: string[]; lock?: Date | "held" } {
  const { pin, lockedUntil, startedAt } = backup;
  const always: string[] = [];
  if (pin !== undefined) always.push(`pinned: ${pin}`);
  if (startedAt > now) always.push("its time lies ahead of this clock");
  // A run refers to the backup that was the newest when it began: any that had no successor by then.
  if (successor && successor.finishedAt.getTime() > now.getTime() - graceMs)
    always.push("a run under way may refer to it");
  const isLocked = lockedUntil === "held" || (lockedUntil !== undefined && lockedUntil > now);
  return { always, ...(isLocked && { lock: lockedUntil }) };
}

const CALENDAR = {
  daily: "yyyy-MM-dd",
  weekly: "kkkk-'W'WW",
  monthly: "yyyy-MM",
  yearly: "yyyy",
} as const;
export type Span = keyof typeof CALENDAR;

/** The day, week (ISO 8601, from Monday), month or year of a moment, such as `2026-W47`. */
export function spanOf(time: Date, span: Span, timeZone: string): string {
  return DateTime.fromJSDate(time, { zone: timeZone }).toFormat(CALENDAR[span]);
}

/** The backups that a rule keeps, with its reasons. @param newestFirst - those that hold the store */
function applyRule(
  newestFirst: readonly RetainableBackup[],
  rule: RetentionRule,
  timeZone: string,
  now: Date,
): Map<string, string[]> {
  const kept = new Map<string, string[]>();
  const keep = ({ id }: RetainableBackup, reason: string): void => {
    kept.set(id, [...(kept.get(id) ?? []), reason]);
  };
  const isUnlimited = Object.values(rule).every((value) => value === undefined);
  // What lies in the future is kept anyway, and must not take the place of what is real.
  const past = newestFirst.filter(({ startedAt }) => startedAt <= now);
  for (const backup of past) {
    if (isUnlimited) keep(backup, "no rule removes it");
    const ageMs = now.getTime() - backup.startedAt.getTime();
    if (rule.withinMs !== undefined && ageMs <= rule.withinMs) keep(backup, "young enough");
  }
  past.slice(0, rule.last ?? 0).forEach((backup, index) => keep(backup, `last ${index + 1} of ${rule.last}`));
  for (const key of Object.keys(CALENDAR) as Span[]) {
    const limit = rule[key] ?? 0;
    const seen = new Set<string>();
    for (const backup of past) {
      const span = spanOf(backup.startedAt, key, timeZone);
      if (seen.has(span)) continue;
      if (seen.size === limit) break;
      seen.add(span);
      keep(backup, `${key} ${seen.size} of ${limit} (${span})`);
    }
  }
  return kept;
}

function describeLock(lock: Date | "held"): string {
  return lock === "held" ? "under legal hold" : `locked until ${lock.toISOString()}`;
}
