import * as z from "zod";
import { parseDocument, serialiseDocument } from "../backup/document.ts";

/** The newest version of drill records this code writes and reads. */
export const DRILL_FORMAT_VERSION = 1;

const stepResultSchema = z.strictObject({
  name: z.string(),
  kind: z.string(),
  /** "failed": it was tried, and went wrong. "unproven": it had nothing to show, or was not tried. */
  outcome: z.enum(["passed", "failed", "unproven"]),
  seconds: z.number(),
  /** Why it failed; empty when it passed. */
  reason: z.string(),
  /** What it showed, in sentences. */
  details: z.array(z.string()),
});
/** How one step of a drill ended. */
export type StepResult = z.infer<typeof stepResultSchema>;

/** How the reason of a step begins that was not tried: what kept it from that is told by itself. */
export const UNTRIED = "Not tried";

const controlResultSchema = z.strictObject({
  /** What was done to a further copy, or to the drill. */
  name: z.string(),
  /** "caught": the drill failed for that very reason. "missed": it did not, so its green proves less. */
  outcome: z.enum(["caught", "missed", "not applicable"]),
  seconds: z.number(),
  reason: z.string(),
});
/** How one negative control ended. */
export type ControlResult = z.infer<typeof controlResultSchema>;

const comparisonSchema = z.strictObject({
  store: z.string(),
  differences: z.array(
    z.strictObject({
      store: z.string(),
      kind: z.string(),
      name: z.string(),
      expected: z.string(),
      found: z.string(),
    }),
  ),
  tablesCompared: z.number(),
  contentsCompared: z.number(),
  rowsCompared: z.number(),
  schemaObjectsCompared: z.number(),
  notProven: z.array(z.string()),
});

const recordSchema = z.strictObject({
  format: z.literal("lifeboat-drill"),
  formatVersion: z.literal(DRILL_FORMAT_VERSION),
  id: z.string(),
  backupId: z.string(),
  writtenBy: z.string(),
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime(),
  verdict: z.enum(["proven", "differs", "unproven"]),
  /** Why the verdict is not "proven", in sentences. */
  reasons: z.array(z.string()),
  /** What a reader might take for proven and is not, in sentences. */
  notProven: z.array(z.string()),
  comparisons: z.array(comparisonSchema),
  steps: z.array(stepResultSchema),
  /** Present when further copies were damaged on purpose. */
  controls: z.array(controlResultSchema).optional(),
  phases: z.array(z.strictObject({ phase: z.string(), seconds: z.number() })),
  /** From the first look for the backup until the data is back and compared and the steps are done. */
  restoreSeconds: z.number(),
  /** How old the data was when the drill began. */
  dataAgeHours: z.number(),
  objectives: z.strictObject({ rpoHours: z.number().optional(), rtoMinutes: z.number().optional() }),
});
/** What one drill did and found; it lies beside the backups as `drills/<id>.json`. */
export type DrillRecord = z.infer<typeof recordSchema>;

export function serialiseDrillRecord(record: DrillRecord): Buffer {
  return serialiseDocument(record);
}

/**
 * @param where - the record's address, for the error
 * @throws AppError FORMAT_TOO_NEW, BACKUP_DAMAGED
 */
export function parseDrillRecord(bytes: Uint8Array, where: string): DrillRecord {
  const kind = {
    what: "drill record",
    format: "lifeboat-drill",
    newestVersion: DRILL_FORMAT_VERSION,
    schema: recordSchema,
    hint: "The backups are not touched by this; find out who changed this object.",
  };
  return parseDocument(kind, bytes, where);
}
