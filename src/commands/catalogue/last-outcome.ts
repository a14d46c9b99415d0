import { Readable } from "node:stream";
import { parseOutcome, serialiseOutcome } from "../../backup/last-outcome.ts";
import type { LastOutcome } from "../../backup/last-outcome.ts";
import type { Destination } from "../../destinations/destination.ts";
import { outcomeKey } from "../../destinations/keys.ts";
import { AppError } from "../../errors.ts";

/** How the last run of a command ended; undefined where none has left word, or nobody can read it any more. */
export async function readLastOutcome(
  destination: Destination,
  command: string,
): Promise<LastOutcome | undefined> {
  const key = outcomeKey(command);
  try {
    return parseOutcome(await destination.read(key), `${destination.url}/${key}`);
  } catch (error) {
    const isNone = error instanceof AppError && ["OBJECT_MISSING", "BACKUP_DAMAGED"].includes(error.code);
    if (!isNone) throw error;
    return undefined;
  }
}

/** Leaves word for the next run, in the place of what the last one left. */
export async function writeLastOutcome(destination: Destination, outcome: LastOutcome): Promise<void> {
  const bytes = serialiseOutcome(outcome);
  await destination.put(outcomeKey(outcome.command), Readable.from([bytes]), bytes.byteLength);
}
