import { objectsOfStore } from "../backup/manifest.ts";
import type { Destination } from "../destinations/destination.ts";
import {
  backupFolder,
  findBackupTime,
  isPartOfBackup,
  manifestKey,
  partsPrefix,
} from "../destinations/keys.ts";
import { listBackupIds, requireManifests } from "./catalogue/catalogue.ts";
import { RUN_LIMIT_MS } from "./prune.ts";
import { readReceipts } from "./catalogue/receipts.ts";

/** What became of the objects of a run that ended early. */
export interface Tidied {
  /** Objects and unfinished uploads that are gone. */
  removed: number;
  /** Finished parts that the next run need not send again. */
  kept: number;
}

/**
 * Removes what a killed run left of a backup that it never completed: objects, and uploads that were never
 * finished. A complete backup is not touched, and neither are finished parts with a receipt, to which the next run refers,
 * or those that a backup has come to refer to: it removed their receipts.
 *
 * @throws AppError BACKUP_DAMAGED when a backup that may do so cannot be read
 */
export async function tidyAfter(destination: Destination, backupId: string): Promise<Tidied> {
  if ((await destination.findSize(manifestKey(backupId))) !== undefined) return { removed: 0, kept: 0 };
  let removed = await destination.abortUnfinished(backupFolder(backupId), () => true);
  removed += await destination.abortUnfinished(partsPrefix, ({ key }) => isPartOfBackup(key, backupId));
  const began = findBackupTime(backupId) ?? new Date(0);
  const receipts = await readReceipts(destination, began);
  const needed = new Set(receipts.flatMap(({ parts }) => parts.map(({ key }) => key)));
  // After the receipts, which go when a manifest is there.
  for (const { stores } of await requireManifests(destination, await listHeirs(destination, began)))
    for (const { key } of stores.flatMap(objectsOfStore)) needed.add(key);
  let kept = 0;
  for (const prefix of [backupFolder(backupId), partsPrefix]) {
    for await (const { key } of destination.list(prefix)) {
      if (prefix === partsPrefix && !isPartOfBackup(key, backupId)) continue;
      if (needed.has(key)) {
        kept += 1;
        continue;
      }
      await destination.remove(key);
      removed += 1;
    }
  }
  return { removed, kept };
}

/** Backups whose runs may have read the receipts of one that began at this time. */
async function listHeirs(destination: Destination, began: Date): Promise<string[]> {
  const since = began.getTime() - RUN_LIMIT_MS;
  return (await listBackupIds(destination)).filter((id) => (findBackupTime(id)?.getTime() ?? 0) >= since);
}
