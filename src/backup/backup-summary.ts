import * as z from "zod";
import { countRows } from "./inventory.ts";
import { objectsOfStore, sizeOfBackup } from "./manifest.ts";
import type { Manifest, StoreKind } from "./manifest.ts";

/** What `list` shows of a manifest: so little that ten thousand of them fit into one small file. */
export const backupSummarySchema = z.strictObject({
  backupId: z.string(),
  startedAt: z.string(),
  seconds: z.number(),
  sizeBytes: z.number(),
  /** For whom its data is encrypted; `isWhole` is false where some of it is not. Absent where none is. */
  encryption: z.strictObject({ recipients: z.array(z.string()), isWhole: z.boolean() }).optional(),
  stores: z.array(
    z.strictObject({
      store: z.string(),
      kind: z.enum(["postgres", "clickhouse"] satisfies StoreKind[]),
      serverVersion: z.string(),
      tables: z.number(),
      rows: z.number(),
    }),
  ),
});
export type BackupSummary = z.infer<typeof backupSummarySchema>;

export function summariseBackup(manifest: Manifest): BackupSummary {
  const { id, startedAt, finishedAt, stores } = manifest;
  const objects = stores.flatMap(objectsOfStore);
  const recipients = new Set(objects.flatMap(({ age }) => age?.recipients ?? []));
  const encryption = { recipients: [...recipients].sort(), isWhole: objects.every(({ age }) => age) };
  return {
    backupId: id,
    startedAt,
    seconds: (Date.parse(finishedAt) - Date.parse(startedAt)) / 1000,
    sizeBytes: sizeOfBackup(manifest),
    ...(recipients.size > 0 && { encryption }),
    stores: stores.map(({ store, kind, server, inventory }) => ({
      store,
      kind,
      serverVersion: server.version,
      tables: inventory.tables.length,
      rows: countRows(inventory),
    })),
  };
}

const WEEK_DAYS = 7;
const DAY_MS = 86_400_000;

/** The longest span of which a backup is the first (UTC, weeks from Monday); none where another one of its day is earlier. */
export type Span = "monthly" | "weekly" | "daily";

/** @param oldestFirst - times in ISO 8601 */
export function findSpans(oldestFirst: readonly string[]): (Span | undefined)[] {
  let [month, week, day] = ["", NaN, ""];
  return oldestFirst.map((startedAt) => {
    const [before, beforeWeek, beforeDay] = [month, week, day];
    month = startedAt.slice(0, 7);
    day = startedAt.slice(0, 10);
    // The first of January 1970 was a Thursday.
    week = Math.floor((Date.parse(day) / DAY_MS + 3) / WEEK_DAYS);
    if (month !== before) return "monthly";
    if (week !== beforeWeek) return "weekly";
    return day === beforeDay ? undefined : "daily";
  });
}
