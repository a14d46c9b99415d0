import type { Destination } from "../destinations/destination.ts";
import {
  backupFolder,
  findBackupTime,
  isPartOfBackup,
  manifestKey,
  partsPrefix,
} from "../destinations/keys.ts";
import { readReceipts } from "./receipts.ts";

/** What became of the objects of a run that ended early. */
export interface Tidied {
  /** Objects and unfinished uploads that are gone. */
  removed: number;
  /** Finished parts that the next run need not send again. */
  kept: number;
}

/**
 * Removes what a killed run left of a backup that it never completed: objects, and uploads that were never
 * finished. A complete backup is not touched, and neither are finished parts with a receipt: the next run refers to
 * them.
 */
export async function tidyAfter(destination: Destination, backupId: string): Promise<Tidied> {
  if ((await destination.findSize(manifestKey(backupId))) !== undefined) return { removed: 0, kept: 0 };
  let removed = await destination.abortUnfinished(backupFolder(backupId), () => true);
  removed += await destination.abortUnfinished(partsPrefix, ({ key }) => isPartOfBackup(key, backupId));
  const began = findBackupTime(backupId) ?? new Date(0);
  const receipts = await readReceipts(destination, began);
  const received = new Set(receipts.flatMap(({ parts }) => parts.map(({ key }) => key)));
  let kept = 0;
  for (const prefix of [backupFolder(backupId), partsPrefix]) {
    for await (const { key } of destination.list(prefix)) {
      if (prefix === partsPrefix && !isPartOfBackup(key, backupId)) continue;
      if (received.has(key)) {
        kept += 1;
        continue;
      }
      await destination.remove(key);
      removed += 1;
    }
  }
  return { removed, kept };
}
