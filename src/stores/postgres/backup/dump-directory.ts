import { createReadStream } from "node:fs";
import { readdir, rm, stat, statfs } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import type { StoredObject } from "../../../backup/manifest.ts";
import { AppError } from "../../../errors.ts";
import { formatBytes } from "../../../report/quantities.ts";
import { Scratch } from "../../../sys/scratch.ts";
import { forEachAtOnce } from "../../at-once.ts";
import type { BackupSink } from "../../store.ts";
import { listArchive, parseDataEntries } from "../archive/archive.ts";
import type { Dump, Dumped, DumpSettings } from "./dump.ts";
import { findCompression } from "./dump.ts";
import { listKinds } from "../archive/toc-kinds.ts";

/** More would take from the server what its own work needs; the operator may say otherwise. */
const DEFAULT_MOST_JOBS = 4;
const UPLOADS_AT_ONCE = 4;
/** Compressed rows seldom take more than this part of their tables; what is not compressed may take all. */
const COMPRESSED_PART = 0.5;

/**
 * Several tables at once, each into a file of its own. pg_dump writes to a private folder, so this format alone
 * needs a disk; the files are sent when all are proved to be there, and each goes from the disk when it is sent.
 */
export async function dumpDirectory(dump: Dump, sink: BackupSink): Promise<Dumped> {
  const { request, context } = dump;
  const { settings, tools, label } = request;
  await requireRoom(dump);
  const compression = await findCompression(settings, tools, context);
  await using scratch = await Scratch.create(settings.scratchDir);
  const folder = scratch.path;
  const jobs = settings.jobs ?? Math.min(DEFAULT_MOST_JOBS, availableParallelism());
  const tool = dump.startDump([
    "--format=directory",
    `--file=${folder}`,
    `--jobs=${jobs}`,
    `--compress=${compression}`,
  ]);
  tool.stdout.resume();
  try {
    await tool.done;
  } catch (error) {
    throw explainFullDisk(dump.explain(error, tool), settings);
  } finally {
    await tool.stop();
  }
  const contents = await listArchive(folder, tools, context);
  const files = await readdir(folder);
  const entries = parseDataEntries(contents.listing);
  const onDisk = new Set(files.map((file) => file.replace(/\.(gz|zst|lz4)$/, "")));
  dump.requireRows(({ oid }) => onDisk.has(`${entries.get(oid)}.dat`));

  const sent: (StoredObject & { file: string })[] = [];
  await forEachAtOnce(files, UPLOADS_AT_ONCE, async (file, stop) => {
    const path = join(folder, file);
    const { size } = await stat(path);
    const body = createReadStream(path, { signal: stop });
    const object = await sink.put(`app.dump/${file}`, checked(dump, body), size);
    sent.push({ ...object, file });
    context.reporter.progress({ label, done: sent.length, total: files.length, unit: "objects" });
    await rm(path);
  });
  sent.sort((a, b) => (a.file < b.file ? -1 : 1));
  const { sequences, listing } = contents;
  return { archive: { format: "directory", files: sent }, sequences, listing, kinds: listKinds(listing) };
}

/** Ends in an error once something else has failed. */
async function* checked(dump: Dump, body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of body) {
    dump.throwFault();
    yield chunk;
  }
}

/** @throws AppError STORE_UNSUPPORTED: the disk has less room than the tables are likely to need */
async function requireRoom({ request }: Dump): Promise<void> {
  const { settings, tables } = request;
  const folder = settings.scratchDir ?? tmpdir();
  const { bavail, bsize } = await statfs(folder).catch((error: unknown) => {
    throw new AppError("CONFIG_INVALID", `The scratch folder ${folder} cannot be used: ${String(error)}.`, {
      hint: "Create the folder, or name another one in scratch-dir.",
      cause: error,
    });
  });
  const tableBytes = tables.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const needBytes = Math.ceil(tableBytes * (settings.compression === "none" ? 1 : COMPRESSED_PART));
  const freeBytes = bavail * bsize;
  if (freeBytes >= needBytes) return;
  throw diskTooSmall(
    `The dump in format directory needs about ${formatBytes(needBytes)} in ${folder}, and ${formatBytes(freeBytes)} are free there.`,
  );
}

function explainFullDisk(error: unknown, { scratchDir = tmpdir() }: DumpSettings): unknown {
  if (!(error instanceof AppError) || !/No space left on device/.test(error.message)) return error;
  return diskTooSmall(`The disk of ${scratchDir} is full: ${error.message}`, error);
}

function diskTooSmall(message: string, cause?: unknown): AppError {
  return new AppError("DISK_FULL", message, {
    hint: "Name a folder on a larger disk in scratch-dir, or use format: custom, which streams and needs no disk.",
    cause,
  });
}
