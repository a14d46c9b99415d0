import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { StoredObject } from "../backup/manifest.ts";
import { AppError } from "../errors.ts";
import type { RunContext } from "../run-context.ts";
import { openDecompressor } from "../sys/compression.ts";
import type { Compression } from "../sys/compression.ts";

/**
 * Reads an object's content through its compression.
 *
 * @param take - is given what comes out, and must read it to its end
 * @throws AppError BACKUP_DAMAGED when it cannot be decompressed; what `content` and `take` fail with; TOOL_MISSING,
 *   CANCELLED
 */
export async function readThrough<T>(
  object: Pick<StoredObject, "key">,
  content: Readable,
  compression: Compression,
  context: RunContext,
  take: (plain: AsyncIterable<Uint8Array>) => Promise<T>,
): Promise<T> {
  if (compression === "none") return await take(content);
  const decompressor = await openDecompressor(compression, context);
  try {
    const [fed, done, taken] = await Promise.allSettled([
      pipeline(content, decompressor.input),
      decompressor.done,
      take(decompressor.output),
    ]);
    // What is wrong with the bytes themselves says more than how the decompressor took it.
    if (fed.status === "rejected" && fed.reason instanceof AppError) throw fed.reason;
    if (done.status === "rejected") {
      if (done.reason instanceof AppError && done.reason.code === "CANCELLED") throw done.reason;
      throw notWhole(object, `it cannot be decompressed: ${String(done.reason)}`);
    }
    if (taken.status === "rejected") throw taken.reason;
    if (fed.status === "rejected") throw notWhole(object, `it cannot be decompressed: ${String(fed.reason)}`);
    return taken.value;
  } finally {
    await decompressor.stop();
  }
}

/**
 * Reads content to its end without what it takes to look inside, where the programs for that cannot be had: its
 * digest is proved all the same.
 *
 * @param prove - must not begin to read before it has its programs
 * @returns what `prove` returns, or why it could not, as a clause
 */
export async function proveWithTools(
  content: Readable,
  prove: () => Promise<string | undefined>,
): Promise<string | undefined> {
  try {
    return await prove();
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== "TOOL_MISSING") throw error;
    for await (const _ of content) {
      // Only so that it is proved to its last byte.
    }
    return `what reads it is not here: ${error.message}`;
  }
}

/** @param why - a clause */
export function notWhole({ key }: Pick<StoredObject, "key">, why: string): AppError {
  return new AppError("BACKUP_DAMAGED", `${key} is what was written, but is not whole: ${why}.`, {
    hint: "Restore another backup (lifeboat list shows them), and report this one.",
  });
}
