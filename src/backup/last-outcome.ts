import * as z from "zod";
import { parseDocument, serialiseDocument } from "./document.ts";

const FORMAT_VERSION = 1;

const outcomeSchema = z.strictObject({
  format: z.literal("lifeboat-outcome"),
  formatVersion: z.literal(FORMAT_VERSION),
  command: z.string(),
  /** UTC, ISO 8601. */
  at: z.iso.datetime(),
  state: z.enum(["good", "warning", "bad"]),
  /** What was wrong, by keys that stay the same from run to run; sorted. */
  problems: z.array(z.string()),
});
/** How the last run of a command ended; it lies beside the backups as `outcomes/<command>.json`. */
export type LastOutcome = z.infer<typeof outcomeSchema>;

export function serialiseOutcome(outcome: LastOutcome): Buffer {
  return serialiseDocument(outcome);
}

/**
 * @param where - its address, for the error
 * @throws AppError FORMAT_TOO_NEW, BACKUP_DAMAGED
 */
export function parseOutcome(bytes: Uint8Array, where: string): LastOutcome {
  const kind = {
    what: "outcome",
    format: "lifeboat-outcome",
    newestVersion: FORMAT_VERSION,
    schema: outcomeSchema,
    hint: "Remove this object; the next run writes it anew.",
  };
  return parseDocument(kind, bytes, where);
}
