import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { PostgresManifest, StoredObject } from "../../backup/manifest.ts";
import { AppError } from "../../errors.ts";
import type { RunContext } from "../../run-context.ts";
import { openDecompressor } from "../../sys/compression.ts";
import type { Compression } from "../../sys/compression.ts";
import { startTool } from "../../sys/exec.ts";
import type { ContentProof } from "../store.ts";
import { findPostgresTools } from "./clients/find.ts";
import { majorOf } from "./clients/tools.ts";

/** What pg_dump writes below the last statement of a script. */
const SCRIPT_END = "-- PostgreSQL database dump complete";
const TAIL_BYTES = 4096;

/** Reads pg_dump's archives to their end, as a restore would, but into nothing. */
export function createPostgresProof(context: RunContext): ContentProof {
  return {
    async prove(store, object, content) {
      if (store.kind !== "postgres") throw new Error(`${store.store} is no Postgres backup`);
      const { archive } = store;
      switch (archive.format) {
        case "custom":
          return await readArchive(store, object, content, context);
        case "plain": {
          const tail = await readTail(content, archive.compression, object, context);
          if (!tail.includes(SCRIPT_END))
            throw notWhole(object, "the script does not end as pg_dump ends it");
          return undefined;
        }
        case "directory":
          await readTail(content, compressionOf(object), object, context);
          return undefined;
      }
    },
  };
}

/** pg_restore reads a custom archive whole only when it must give out all of it. */
async function readArchive(
  { tool }: PostgresManifest,
  object: StoredObject,
  content: Readable,
  context: RunContext,
): Promise<string | undefined> {
  let tools;
  try {
    tools = await findPostgresTools(majorOf(tool), context);
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== "TOOL_MISSING") throw error;
    for await (const _ of content) {
      // Its digest is proved all the same.
    }
    return `there is no pg_restore for it here: ${error.message}`;
  }
  const restore = startTool(tools.command("pg_restore", ["--file=/dev/null"]), context);
  restore.stdout.resume();
  const fed = pipeline(content, restore.stdin).then(
    () => undefined,
    (error: unknown) => error,
  );
  const failure = await restore.done.then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
  );
  const feeding = await fed;
  // What is wrong with the bytes themselves says more than how pg_restore took it.
  if (feeding instanceof AppError) throw feeding;
  if (failure instanceof AppError && failure.code === "CANCELLED") throw failure;
  if (failure !== undefined)
    throw notWhole(object, `pg_restore cannot read it to its end: ${failure.message}`);
  return undefined;
}

/** Reads, through its compression, to the end; returns the last of it. */
async function readTail(
  content: Readable,
  compression: Compression,
  object: StoredObject,
  context: RunContext,
): Promise<string> {
  let tail: Buffer = Buffer.alloc(0);
  const take = async (source: AsyncIterable<Uint8Array>): Promise<void> => {
    for await (const chunk of source)
      tail = Buffer.concat([tail, chunk.subarray(-TAIL_BYTES)]).subarray(-TAIL_BYTES);
  };
  if (compression === "none") {
    await take(content);
    return tail.toString("utf8");
  }
  const decompressor = await openDecompressor(compression, context);
  try {
    const [fed, taken, done] = await Promise.allSettled([
      pipeline(content, decompressor.input),
      take(decompressor.output),
      decompressor.done,
    ]);
    if (fed.status === "rejected" && fed.reason instanceof AppError) throw fed.reason;
    for (const outcome of [done, taken, fed]) {
      if (outcome.status === "fulfilled") continue;
      if (outcome.reason instanceof AppError && outcome.reason.code === "CANCELLED") throw outcome.reason;
      throw notWhole(object, `it cannot be decompressed: ${String(outcome.reason)}`);
    }
  } finally {
    await decompressor.stop();
  }
  return tail.toString("utf8");
}

/** pg_dump names the files of a directory by how they are compressed. */
function compressionOf({ key }: StoredObject): Compression {
  const file = key.replace(/\.age$/, "");
  if (file.endsWith(".zst")) return "zstd";
  return file.endsWith(".gz") ? "gzip" : "none";
}

function notWhole({ key }: StoredObject, why: string): AppError {
  return new AppError("BACKUP_DAMAGED", `${key} is what was written, but is not whole: ${why}.`, {
    hint: "Restore another backup (lifeboat list shows them), and report this one.",
  });
}
