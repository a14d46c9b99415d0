import { createWriteStream } from "node:fs";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { PostgresManifest, StoredObject } from "../../../backup/manifest.ts";
import { AppError } from "../../../errors.ts";
import type { RunContext } from "../../../run-context.ts";
import { runTool, startTool } from "../../../sys/exec.ts";
import { Scratch } from "../../../sys/scratch.ts";
import { notWhole, proveWithTools, readThrough } from "../../proving.ts";
import type { ContentProof } from "../../store.ts";
import { findPostgresTools } from "../clients/find.ts";
import { majorOf } from "../clients/tools.ts";

/** What pg_dump writes below the last statement of a script. */
const SCRIPT_END = "-- PostgreSQL database dump complete";
const TAIL_BYTES = 4096;

/** What pg_dump writes below the last row of a table. */
const ROWS_END = "\\.\n\n\n";

/** Reads pg_dump's archives to their end, as a restore would, but into nothing. */
export function createPostgresProof(context: RunContext): ContentProof {
  return {
    async prove(store, object, content) {
      if (store.kind !== "postgres") throw new Error(`${store.store} is no Postgres backup`);
      const { archive, globals } = store;
      return await proveWithTools(content, async () => {
        if (object.key === globals?.key)
          await takeTail(content); // statements, of which any may be the last
        else if (archive.format === "custom") await readArchive(store, object, content, context);
        else if (archive.format === "plain") {
          const tail = await readThrough(object, content, archive.compression, context, takeTail);
          if (!tail.includes(SCRIPT_END))
            throw notWhole(object, "the script does not end as pg_dump ends it");
        } else {
          // By the name that pg_dump gave it: a key says more, once it was rekeyed.
          const { file = "" } = archive.files.find(({ key }) => key === object.key) ?? {};
          await readFile(store, object, file, content, context);
        }
        return undefined;
      });
    },
  };
}

/** One file of a directory; see `pg_backup_directory.c` for their names. */
async function readFile(
  store: PostgresManifest,
  object: StoredObject,
  name: string,
  content: Readable,
  context: RunContext,
): Promise<void> {
  if (name === "toc.dat") return await readContents(store, object, content, context);
  const compression = name.endsWith(".zst") ? "zstd" : name.endsWith(".gz") ? "gzip" : "none";
  const tail = await readThrough(object, content, compression, context, takeTail);
  if (/^\d+\.dat/.test(name) && !tail.endsWith(ROWS_END))
    throw notWhole(object, "the rows do not end as pg_dump ends them");
}

/** The table of contents, which pg_restore reads from a folder only; it holds no row. */
async function readContents(
  { tool }: PostgresManifest,
  object: StoredObject,
  content: Readable,
  context: RunContext,
): Promise<void> {
  const tools = await findPostgresTools(majorOf(tool), context);
  await using scratch = await Scratch.create();
  await pipeline(content, createWriteStream(scratch.file("toc.dat"), { mode: 0o600 }));
  try {
    await runTool(tools.command("pg_restore", ["--list", scratch.path]), context);
  } catch (error) {
    if (error instanceof AppError && error.code === "TOOL_FAILED")
      throw notWhole(object, `pg_restore cannot read it: ${error.message}`);
    throw error;
  }
}

/** pg_restore reads a custom archive whole only when it must give out all of it. */
async function readArchive(
  { tool }: PostgresManifest,
  object: StoredObject,
  content: Readable,
  context: RunContext,
): Promise<void> {
  const tools = await findPostgresTools(majorOf(tool), context);
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
}

/** Reads to the end; returns the last of it. */
async function takeTail(plain: AsyncIterable<Uint8Array>): Promise<string> {
  let tail: Buffer = Buffer.alloc(0);
  for await (const chunk of plain)
    tail = Buffer.concat([tail, chunk.subarray(-TAIL_BYTES)]).subarray(-TAIL_BYTES);
  return tail.toString("utf8");
}
