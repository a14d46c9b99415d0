import { findSpans, summariseBackup } from "../backup/backup-summary.ts";
import type { BackupSummary, Span } from "../backup/backup-summary.ts";
import type { Destination } from "../destinations/destination.ts";
import type { DrillRecord } from "../drill/record.ts";
import type { RunContext } from "../run-context.ts";
import { listManifests, readDrills, readEach, readManifest, readPins } from "./catalogue/catalogue.ts";
import type { SummaryCache } from "./catalogue/summary-cache.ts";

/** One complete backup, as `list` shows it. */
export interface ListedBackup extends BackupSummary {
  ageHours: number;
  /** The longest span of which it is the first there. */
  span?: Span;
  /** Why it is kept, whatever the rules of retention say. */
  pin?: string;
  /** The newest drill of this backup, where there was one. */
  lastDrill?: Pick<DrillRecord, "id" | "startedAt" | "verdict" | "restoreSeconds"> & {
    /** The stores that were restored and compared. */
    stores: string[];
  };
}

export interface ListResult {
  command: "list";
  destination: string;
  /** Newest first. */
  backups: ListedBackup[];
  /** Backups and drill records that lie there and cannot be read, in sentences. */
  unreadable: string[];
}

/**
 * Lists the complete backups of a destination, each with its newest drill. Manifests that were read before, and are still
 * as they were, are not read again.
 */
export async function list(
  destination: Destination,
  { clock, reporter }: RunContext,
  cache?: SummaryCache,
): Promise<ListResult> {
  await destination.check();
  const [{ summaries, unreadable: damaged }, drills, pins] = await Promise.all([
    readSummaries(destination, cache),
    readDrills(destination),
    readPins(destination),
  ]);
  const unreadable = [...damaged, ...drills.unreadable];
  for (const sentence of unreadable) reporter.warn(sentence);
  const lastDrills = new Map(drills.readable.map((record) => [record.backupId, record]));
  const nowMs = clock.now().getTime();
  const spans = findSpans(summaries.map(({ startedAt }) => startedAt).toReversed()).reverse();
  const backups = summaries.map((summary, index): ListedBackup => {
    const drill = lastDrills.get(summary.backupId);
    const pin = pins.get(summary.backupId);
    const span = spans[index];
    return {
      ...summary,
      ageHours: Math.round((nowMs - Date.parse(summary.startedAt)) / 36_000) / 100,
      ...(span && { span }),
      ...(pin && { pin: pin.note }),
      ...(drill && {
        lastDrill: {
          id: drill.id,
          startedAt: drill.startedAt,
          verdict: drill.verdict,
          restoreSeconds: drill.restoreSeconds,
          stores: drill.comparisons.map(({ store }) => store),
        },
      }),
    };
  });
  return { command: "list", destination: destination.url, backups, unreadable };
}

/** Summaries of the complete backups, newest first, and what of them cannot be read, in sentences. */
async function readSummaries(
  destination: Destination,
  cache: SummaryCache | undefined,
): Promise<{ summaries: BackupSummary[]; unreadable: string[] }> {
  const listed = await listManifests(destination);
  const known = new Map<string, BackupSummary>();
  for (const [id, manifest] of listed) {
    const summary = cache?.find(id, manifest);
    if (summary) known.set(id, summary);
  }
  const unknown = [...listed.keys()].filter((id) => !known.has(id));
  // One by one, since ten thousand manifests do not fit into memory.
  const { readable, unreadable } = await readEach(unknown, async (id) =>
    summariseBackup(await readManifest(destination, id)),
  );
  for (const summary of readable) known.set(summary.backupId, summary);
  const entries = [...listed].flatMap(([id, manifest]) => {
    const summary = known.get(id);
    return summary ? [{ manifest, summary }] : [];
  });
  if (unknown.length > 0) await cache?.keep(entries);
  return {
    summaries: entries.map(({ summary }) => summary),
    unreadable: unreadable.map(({ error }) => error.message),
  };
}
