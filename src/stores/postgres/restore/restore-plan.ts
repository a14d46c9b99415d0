import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isWhole } from "../../../backup/restore-scope.ts";
import { objectsOfStore } from "../../../backup/manifest.ts";
import type { PostgresManifest } from "../../../backup/manifest.ts";
import { AppError } from "../../../errors.ts";
import type { RunContext } from "../../../run-context.ts";
import { runTool } from "../../../sys/exec.ts";
import { explainDiskFault, requireFreeDisk } from "../../../sys/free-disk.ts";
import type { RestoreRequest } from "../../store.ts";
import { findPostgresTools } from "../clients/find.ts";
import { majorOf } from "../clients/tools.ts";
import type { PostgresTools } from "../clients/tools.ts";
import { fetchArchive } from "./fetch-archive.ts";
import type { FetchedArchive } from "./fetch-archive.ts";
import { listContents } from "./pg-restore.ts";
import { parseToc } from "../archive/toc.ts";
import type { Toc } from "../archive/toc.ts";

/** Everything a restore needs before its first write. */
export interface RestorePlan {
  tools: PostgresTools;
  /** Where the archive lies; undefined when it is streamed. */
  archive: FetchedArchive | undefined;
  /** What it holds; undefined for plain SQL, which has no table of contents. */
  toc: Toc | undefined;
  /** Removes what was fetched. */
  remove: () => Promise<void>;
}

/**
 * Fetches the archive and proves it, and reads its table of contents. It lies in a file meanwhile, since
 * pg_restore works in parallel only from a file, and since nothing may reach the database before the whole archive
 * is proved good. With `stream`, only its table of contents is read.
 *
 * @throws AppError BACKUP_DAMAGED, OBJECT_MISSING, DISK_FULL, TOOL_MISSING, TOOL_FAILED, CANCELLED; CONFIG_INVALID
 *   for what the archive's format cannot give
 */
export async function planRestore(
  backup: PostgresManifest,
  { objects, scratchDir, scope, stream = false }: RestoreRequest,
  context: RunContext,
): Promise<RestorePlan> {
  const { archive, store, inventory } = backup;
  if (archive.format === "plain" && !isWhole(scope)) {
    throw unfit(store, "plain SQL, which can only be restored whole", "Leave out what chooses a part.");
  }
  if (archive.format !== "custom" && stream) {
    throw unfit(store, "not in the custom format, which alone can be streamed", "Leave --stream out.");
  }
  const tools = await findPostgresTools(majorOf(backup.tool), context);
  const remove = async (): Promise<void> => {
    for (const name of [`${store}.dump`, `${store}.list`]) {
      await rm(join(scratchDir, name), { recursive: true, force: true });
    }
  };
  if (stream && archive.format === "custom") {
    const listing = await listContents(tools, { stream: await objects.open(archive) }, context);
    return { tools, archive: undefined, toc: parseToc(listing, inventory), remove };
  }
  try {
    const fetchedFiles = objectsOfStore(backup).filter((object) => objects.findPath?.(object) === undefined);
    await requireFreeDisk(
      scratchDir,
      fetchedFiles.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    );
    const fetched = await fetchArchive(backup, objects, scratchDir, context.signal);
    if (fetched.format === "plain") return { tools, archive: fetched, toc: undefined, remove };
    const listing = await listContents(tools, { path: fetched.path }, context);
    return { tools, archive: fetched, toc: parseToc(listing, inventory), remove };
  } catch (error) {
    await remove();
    throw explainDiskFault(error, scratchDir);
  }
}

/** Writes the entries as pg_restore takes them, into a private file. */
export async function writeList(
  scratchDir: string,
  store: string,
  entries: readonly { line: string }[],
): Promise<string> {
  const path = join(scratchDir, `${store}.list`);
  await writeFile(path, `${entries.map(({ line }) => line).join("\n")}\n`, { mode: 0o600 });
  return path;
}

function unfit(store: string, why: string, hint: string): AppError {
  return new AppError("CONFIG_INVALID", `The archive of ${store} is ${why}.`, { hint });
}

/** What the archive says of the database itself: its CREATE DATABASE, as SQL; "" for plain SQL. */
export async function readDatabaseDefinition(
  { tools, archive, toc }: RestorePlan,
  { scratchDir }: RestoreRequest,
  store: string,
  { signal, redactor }: RunContext,
): Promise<string> {
  const entries = toc?.entries.filter(({ kind }) => kind === "DATABASE") ?? [];
  if (entries.length === 0 || !archive) return "";
  const list = await writeList(scratchDir, store, entries);
  const args = ["--create", `--use-list=${list}`, "--file=-", archive.path];
  return (await runTool(tools.command("pg_restore", args), { signal, redactor })).stdout;
}
