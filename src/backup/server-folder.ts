import * as z from "zod";
import { parseDocument, serialiseDocument } from "./document.ts";

const SERVER_FOLDER_VERSION = 1;

const serverFolderSchema = z.strictObject({
  format: z.literal("lifeboat-server-folder"),
  formatVersion: z.literal(SERVER_FOLDER_VERSION),
  /** As in the manifest of the backup that it was to become. */
  engine: z.enum(["Disk", "S3"]),
  at: z.string(),
  folder: z.string(),
});
/**
 * A folder that a server was told to write by itself. It lies beside the receipts from before the server begins until
 * prune has removed the folder, so that neither a run nor a prune that dies leaves one that nobody knows.
 */
export type ServerFolder = Omit<z.infer<typeof serverFolderSchema>, "format" | "formatVersion">;

export function serialiseServerFolder(folder: ServerFolder): Buffer {
  return serialiseDocument({
    format: "lifeboat-server-folder",
    formatVersion: SERVER_FOLDER_VERSION,
    ...folder,
  });
}

/** @throws AppError FORMAT_TOO_NEW, BACKUP_DAMAGED */
export function parseServerFolder(bytes: Uint8Array, where: string): ServerFolder {
  const kind = {
    what: "note of a server's folder",
    format: "lifeboat-server-folder",
    newestVersion: SERVER_FOLDER_VERSION,
    schema: serverFolderSchema,
    hint: "Remove it: it only tells prune of a folder.",
  };
  const { engine, at, folder } = parseDocument(kind, bytes, where);
  return { engine, at, folder };
}
