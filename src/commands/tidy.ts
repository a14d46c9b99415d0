import type { Destination } from "../destinations/destination.ts";
import { backupFolder, isPartOfBackup, manifestKey, partsPrefix } from "../destinations/keys.ts";

/**
 * Removes what a killed run left of a backup that it never completed: objects, and uploads that were never
 * finished. A complete backup is not touched.
 *
 * @returns how many objects and uploads were removed
 */
export async function tidyAfter(destination: Destination, backupId: string): Promise<number> {
  if ((await destination.findSize(manifestKey(backupId))) !== undefined) return 0;
  let removed = await destination.abortUnfinished(backupFolder(backupId), () => true);
  removed += await destination.abortUnfinished(partsPrefix, ({ key }) => isPartOfBackup(key, backupId));
  for (const prefix of [backupFolder(backupId), partsPrefix]) {
    for await (const { key } of destination.list(prefix)) {
      if (prefix === partsPrefix && !isPartOfBackup(key, backupId)) continue;
      await destination.remove(key);
      removed += 1;
    }
  }
  return removed;
}
