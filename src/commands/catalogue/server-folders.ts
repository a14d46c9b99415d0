import { parseServerFolder, serialiseServerFolder } from "../../backup/server-folder.ts";
import type { ServerFolder } from "../../backup/server-folder.ts";
import type { Destination } from "../../destinations/destination.ts";
import { findBackupTime, serverFolderKey, serverFoldersPrefix } from "../../destinations/keys.ts";
import { AppError } from "../../errors.ts";

/** A folder that a note at a destination tells of. */
export interface NotedFolder extends ServerFolder {
  /** When the run that had it written named it. */
  began: Date;
  /** Removes the note. */
  forget(): Promise<void>;
}

/** @throws AppError as `Destination.putIfAbsent` */
export async function noteServerFolder(folder: ServerFolder, destination: Destination): Promise<void> {
  // In one request, like receipts: a stream would wait for memory that another store's uploads hold.
  await destination.putIfAbsent(serverFolderKey(folder.folder), serialiseServerFolder(folder));
}

/** All of them at a destination. A note that cannot be read tells of nothing that could be removed, and is left out. */
export async function readServerFolders(destination: Destination): Promise<NotedFolder[]> {
  const found: NotedFolder[] = [];
  for await (const { key } of destination.list(serverFoldersPrefix)) {
    try {
      const folder = parseServerFolder(await destination.read(key), `${destination.url}/${key}`);
      const began = findBackupTime(folder.folder.split("/").at(-1) ?? "");
      if (began) found.push({ ...folder, began, forget: () => destination.remove(key) });
    } catch (error) {
      const isUseless =
        error instanceof AppError &&
        ["BACKUP_DAMAGED", "OBJECT_MISSING", "FORMAT_TOO_NEW"].includes(error.code);
      if (!isUseless) throw error;
    }
  }
  return found;
}
