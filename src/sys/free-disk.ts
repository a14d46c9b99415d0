import { statfs } from "node:fs/promises";
import { AppError } from "../errors.ts";

/** File systems keep some room to themselves, and other programs write as well. */
const MARGIN_BYTES = 64 * 1024 * 1024;

/**
 * Looks whether a folder's disk has room, before an hour of fetching shows that it has not.
 *
 * @throws AppError DISK_FULL
 */
export async function requireFreeDisk(folder: string, neededBytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const freeBytes = bavail * bsize;
  if (freeBytes >= neededBytes + MARGIN_BYTES) return;
  throw new AppError(
    "DISK_FULL",
    `The disk of ${folder} has ${inMegabytes(freeBytes)} MB free, and the archive needs ${inMegabytes(neededBytes)} MB.`,
    {
      hint: "Free space, set TMPDIR to a folder on a larger disk, or restore with --stream, which needs none.",
    },
  );
}

/** What writing to a disk may throw, as the operator reads it. */
export function explainDiskFault(error: unknown, folder: string): unknown {
  const { code } = error as { code?: unknown };
  if (code !== "ENOSPC" && code !== "EDQUOT") return error;
  return new AppError("DISK_FULL", `The disk of ${folder} is full.`, {
    hint: "Free space, set TMPDIR to a folder on a larger disk, or restore with --stream, which needs none.",
    cause: error,
  });
}

function inMegabytes(bytes: number): string {
  return (bytes / 1_000_000).toFixed(0);
}
