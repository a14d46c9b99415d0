import { PIN_FORMAT_VERSION, serialisePin } from "../backup/pin.ts";
import type { Destination } from "../destinations/destination.ts";
import { pinKey } from "../destinations/keys.ts";
import { AppError } from "../errors.ts";
import type { RunContext } from "../run-context.ts";
import { pickBackup, readPins } from "./catalogue/catalogue.ts";

export interface PinResult {
  command: "pin" | "unpin";
  backupId: string;
  /** Why it is kept, or was. */
  note: string;
}

/**
 * Keeps a backup, whatever the rules of retention say. A backup that is pinned already keeps its first note.
 *
 * @throws AppError BACKUP_NOT_FOUND, TARGET_REFUSED for one that is pinned under another note
 */
export async function pin(
  destination: Destination,
  { backupId, note }: { backupId: string; note: string },
  { clock }: RunContext,
): Promise<PinResult> {
  const { id } = await pickBackup(destination, { id: backupId });
  const document = serialisePin({
    format: "lifeboat-pin",
    formatVersion: PIN_FORMAT_VERSION,
    backupId: id,
    note,
    pinnedAt: clock.now().toISOString(),
  });
  if ((await destination.putIfAbsent(pinKey(id), document)) === "written") {
    return { command: "pin", backupId: id, note };
  }
  const pinned = (await readPins(destination)).get(id);
  if (pinned?.note === note) return { command: "pin", backupId: id, note };
  throw new AppError("TARGET_REFUSED", `Backup ${id} is pinned already: ${pinned?.note}`, {
    hint: "Run lifeboat unpin first to give it another note.",
  });
}

/**
 * Leaves a backup to the rules of retention again.
 *
 * @throws AppError BACKUP_NOT_FOUND when nothing pins it
 */
export async function unpin(
  destination: Destination,
  { backupId }: { backupId: string },
): Promise<PinResult> {
  const pinned = (await readPins(destination)).get(backupId);
  if (!pinned) {
    throw new AppError("BACKUP_NOT_FOUND", `No pin keeps a backup ${backupId} at ${destination.url}.`, {
      hint: "lifeboat list shows the backups and which of them are pinned.",
    });
  }
  await destination.remove(pinKey(backupId));
  return { command: "unpin", backupId, note: pinned.note };
}
