import { spanOf } from "../../backup/retention.ts";
import type { Span } from "../../backup/retention.ts";
import type { Destination } from "../../destinations/destination.ts";
import { findBackupTime } from "../../destinations/keys.ts";
import { AppError } from "../../errors.ts";
import type { RunContext } from "../../run-context.ts";
import { listBackupIds } from "./catalogue.ts";

/** A destination, and of how long a time it wants one backup. */
export interface Receiver {
  destination: Destination;
  receives: "every" | Span;
  policy: { timeZone: string };
}

/**
 * The destinations that tonight's backup goes to: one that wants the first backup of each week is left out while it has
 * one of this week. What cannot be looked at receives it.
 *
 * @throws AppError CONFIG_INVALID when none wants it
 */
export async function pickReceivers(
  receivers: readonly Receiver[],
  { clock, reporter }: RunContext,
): Promise<Destination[]> {
  const now = clock.now();
  const wanted = await Promise.all(receivers.map((receiver) => wants(receiver, now)));
  const picked = receivers.filter((_, index) => wanted[index]).map(({ destination }) => destination);
  for (const [index, { destination, receives }] of receivers.entries()) {
    if (!wanted[index]) reporter.info(`${destination.url} has its ${receives} backup already.`);
  }
  if (picked.length > 0) return picked;
  throw new AppError("CONFIG_INVALID", "No destination wants a backup now: each has its own already.", {
    hint: "Let one destination receive every backup, or run backup less often.",
  });
}

async function wants({ destination, receives, policy }: Receiver, now: Date): Promise<boolean> {
  if (receives === "every") return true;
  try {
    const [newest] = await listBackupIds(destination);
    const newestAt = newest === undefined ? undefined : findBackupTime(newest);
    return (
      !newestAt || spanOf(newestAt, receives, policy.timeZone) !== spanOf(now, receives, policy.timeZone)
    );
  } catch (error) {
    if (error instanceof AppError && error.code !== "CANCELLED") return true;
    throw error;
  }
}
