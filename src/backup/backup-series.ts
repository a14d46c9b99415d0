import { objectsOfStore } from "./manifest.ts";
import type { Manifest, StoreManifest } from "./manifest.ts";
import { planRetention } from "./retention.ts";
import type { RetentionRule } from "./retention.ts";

/** A larger object is sent in parts of this size, each a request, between two that begin and end it. */
export const PART_BYTES = 8 * 1024 * 1024;

/** What the newest backups of a store at one destination came to, each number a mean. */
export interface Series {
  /** How many were looked at. */
  backups: number;
  /** Bytes of the newest one, objects shared with others included. */
  sizeBytes: number;
  /** Bytes and requests that a backup adds to the one before. */
  sentBytes: number;
  writes: number;
  /** Objects of the newest one. */
  objects: number;
  seconds: number;
}

/** Looks what the newest backups tell of one store. @param newestFirst - undefined where none of them holds it */
export function measureSeries(newestFirst: readonly Manifest[], store: string): Series | undefined {
  const held = newestFirst.flatMap(({ stores }) => stores.filter((one) => one.store === store));
  const [newest] = held;
  if (!newest) return undefined;
  // The oldest may refer to one that was not looked at: what it added is known only where it stands alone.
  const nights = held.length === 1 ? [objectsOfStore(newest)] : held.slice(0, -1).map(findAdded(held));
  const objects = objectsOfStore(newest);
  return {
    backups: held.length,
    sizeBytes: sumOf(objects.map(({ sizeBytes }) => sizeBytes)),
    sentBytes: sumOf(nights.flat().map(({ sizeBytes }) => sizeBytes)) / nights.length,
    writes: countWrites(nights.flat().map(({ sizeBytes }) => sizeBytes)) / nights.length,
    objects: objects.length,
    seconds: sumOf(held.map(({ seconds }) => seconds)) / held.length,
  };
}

function findAdded(held: readonly StoreManifest[]) {
  return (store: StoreManifest, index: number): { sizeBytes: number }[] => {
    const before = new Set(objectsOfStore(held[index + 1]!).map(({ key }) => key));
    return objectsOfStore(store).filter(({ key }) => !before.has(key));
  };
}

function countWrites(sizes: readonly number[]): number {
  return sumOf(sizes.map((size) => (size <= PART_BYTES ? 1 : Math.ceil(size / PART_BYTES) + 2)));
}

/**
 * How many backups of a store lie at a destination once its rule has let go the first: prune runs with each backup. Where no
 * rule removes anything, those of a year.
 */
export function countKept(rule: RetentionRule, timeZone: string, everyDays: number, now: Date): number {
  const { last = 0, daily = 0, weekly = 0, monthly = 0, yearly = 0, withinMs = 0 } = rule;
  const days = Math.max(
    last * everyDays,
    daily * everyDays,
    weekly * Math.max(7, everyDays),
    monthly * 31,
    yearly * 366,
    withinMs / 86_400_000,
  );
  const backups = Array.from({ length: Math.ceil((days > 0 ? days : 365) / everyDays) + 1 }, (_, index) => {
    const startedAt = new Date(now.getTime() - index * everyDays * 86_400_000);
    return { id: String(index), startedAt, finishedAt: startedAt, stores: ["it"], provenStores: [] };
  });
  const policy = { rule, stores: {}, timeZone };
  return planRetention(backups, policy, now, 0).filter(({ stores }) => stores[0]?.isKept).length;
}

/** Before the first backup: as if it were as large as its source, and sent whole. */
export function guessSeries(bytes: number): Omit<Series, "seconds"> {
  return { backups: 0, sizeBytes: bytes, sentBytes: bytes, writes: countWrites([bytes]), objects: 1 };
}

export function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}
