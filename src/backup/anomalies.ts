import { warning } from "../finding.ts";
import type { Finding } from "../finding.ts";
import { countOf, formatBytes, formatCount, formatSeconds } from "../report/quantities.ts";
import { sizeOfStore } from "./manifest.ts";
import type { StoreManifest } from "./manifest.ts";

/** How many backups say what is usual. */
const USUAL_OF = 7;
/** Less than this share of what is usual is too little: bytes of a store, rows of a table. */
const TOO_LITTLE = 0.5;
/** Fewer rows than this come and go every day. */
const ROWS_THAT_MATTER = 100;
/** More than this multiple of the usual time is too long, where it is a minute more at the least. */
const TOO_LONG = 2;
const SECONDS_THAT_MATTER = 60;
const NAMES_SHOWN = 5;

/**
 * What is strange about the newest backup of one store, held against those before it: each may be right, and none should
 * pass unseen.
 *
 * @param earlier - newest first
 */
export function findAnomalies(newest: StoreManifest, earlier: readonly StoreManifest[]): Finding[] {
  const before = earlier.slice(0, USUAL_OF);
  if (before.length === 0) return [];
  return [
    ...judgeSize(newest, before),
    ...judgeTime(newest, before),
    ...judgeTables(newest, before[0]!),
    ...judgeRows(newest, before),
  ];
}

/** The one in the middle; of an even number, the lower one of the two. */
export function findMedian(values: readonly number[]): number | undefined {
  return values.toSorted((a, b) => a - b)[Math.ceil(values.length / 2) - 1];
}

function judgeSize(newest: StoreManifest, before: readonly StoreManifest[]): Finding[] {
  const size = sizeOfStore(newest);
  const usual = findMedian(before.map(sizeOfStore)) ?? 0;
  if (size >= usual * TOO_LITTLE) return [];
  return [
    warning(
      `${newest.store} size`,
      `The newest backup of ${newest.store} is ${formatBytes(size)}; ${formatBytes(usual)} are usual.`,
      "Find out what is gone from the database, or what the configuration now leaves out.",
    ),
  ];
}

function judgeTime(newest: StoreManifest, before: readonly StoreManifest[]): Finding[] {
  const usual = findMedian(before.map(({ seconds }) => seconds)) ?? 0;
  if (newest.seconds <= Math.max(usual * TOO_LONG, usual + SECONDS_THAT_MATTER)) return [];
  return [
    warning(
      `${newest.store} time`,
      `The newest backup of ${newest.store} took ${formatSeconds(newest.seconds)}; ${formatSeconds(usual)} are usual.`,
      "Look at the load of the database and the network in that time, and at what grew.",
    ),
  ];
}

function judgeTables(newest: StoreManifest, last: StoreManifest): Finding[] {
  const present = new Set(newest.inventory.tables.map(({ name }) => name));
  const gone = last.inventory.tables.map(({ name }) => name).filter((name) => !present.has(name));
  if (gone.length === 0) return [];
  return [
    warning(
      `${newest.store} tables`,
      `${countOf(gone.length, "table")} of the backup before ${gone.length === 1 ? "is" : "are"} not in the newest one: ${listSome(gone)}.`,
      "Should they not have been dropped on purpose, pin the backup before: lifeboat pin keeps it from retention.",
    ),
  ];
}

function judgeRows(newest: StoreManifest, before: readonly StoreManifest[]): Finding[] {
  const rowsBefore = before.map(
    ({ inventory }) => new Map(inventory.tables.map(({ name, rows }) => [name, rows])),
  );
  const dropped = newest.inventory.tables.flatMap(({ name, rows }) => {
    const usual = findMedian(rowsBefore.flatMap((counts) => counts.get(name) ?? [])) ?? 0;
    const isEmptied = rows === 0 && usual > 0;
    const isSharp = rows < usual * TOO_LITTLE && usual - rows >= ROWS_THAT_MATTER;
    return isEmptied || isSharp ? [`${name} (${formatCount(rows)}, usually ${formatCount(usual)})`] : [];
  });
  if (dropped.length === 0) return [];
  return [
    warning(
      `${newest.store} rows`,
      `${countOf(dropped.length, "table")} lost more than half of the rows: ${listSome(dropped)}.`,
      "Should they not have been deleted on purpose, pin the backup before: lifeboat pin keeps it from retention.",
    ),
  ];
}

function listSome(names: readonly string[]): string {
  const rest = names.length - NAMES_SHOWN;
  return names.slice(0, NAMES_SHOWN).join(", ") + (rest > 0 ? ` and ${rest} more` : "");
}
