import { createWriteStream } from "node:fs";
import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { PostgresManifest, StoredObject } from "../../../backup/manifest.ts";
import type { Compression } from "../../../sys/compression.ts";
import { forEachAtOnce } from "../../at-once.ts";
import type { ObjectSource } from "../../store.ts";

/** Files of a directory that are fetched at once. */
const FILES_AT_ONCE = 4;

/** An archive that lies on this machine, proved whole: what `archive.format` says, and where. */
export type FetchedArchive =
  /** A file or a folder that pg_restore reads. */
  | { format: "custom" | "directory"; path: string }
  /** A file of SQL, compressed as said: `loadPlainSql` reads it. */
  | { format: "plain"; path: string; compression: Compression };

/**
 * Fetches what pg_dump wrote, whatever its format, into `<scratchDir>/<store>.dump`: a file, or a folder. Private
 * to this user. What lies on this machine as it is, is proved where it lies and only linked. The caller removes it,
 * also when this fails.
 *
 * @throws AppError OBJECT_MISSING, BACKUP_DAMAGED, CANCELLED, and what writing to the disk throws
 */
export async function fetchArchive(
  { store, archive }: Pick<PostgresManifest, "store" | "archive">,
  objects: ObjectSource,
  scratchDir: string,
  signal: AbortSignal,
): Promise<FetchedArchive> {
  const path = join(scratchDir, `${store}.dump`);
  const fetchFile = async (object: StoredObject, file: string, stop: AbortSignal): Promise<void> => {
    const body = await objects.open(object);
    const place = objects.findPath?.(object);
    if (place === undefined) {
      await pipeline(body, createWriteStream(file, { flags: "wx", mode: 0o600 }), { signal: stop });
    } else {
      await pipeline(body, readToEnd, { signal: stop });
      await symlink(place, file);
    }
  };
  switch (archive.format) {
    case "custom":
      await fetchFile(archive, path, signal);
      return { format: "custom", path };
    case "plain":
      await fetchFile(archive, path, signal);
      return { format: "plain", path, compression: archive.compression };
    case "directory":
      await mkdir(path, { mode: 0o700 });
      await forEachAtOnce(archive.files, FILES_AT_ONCE, (file, stop) =>
        fetchFile(file, join(path, file.file), AbortSignal.any([signal, stop])),
      );
      return { format: "directory", path };
  }
}

/** Reading is what proves it. */
async function readToEnd(body: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of body) {
    // Nothing is kept.
  }
}
