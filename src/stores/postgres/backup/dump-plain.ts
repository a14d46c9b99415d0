import { pipeline } from "node:stream/promises";
import { AppError } from "../../../errors.ts";
import { openCompressor } from "../../../sys/compression.ts";
import type { Transformer } from "../../../sys/compression.ts";
import type { BackupSink } from "../../store.ts";
import type { Dump, Dumped } from "./dump.ts";
import { PlainScan } from "../archive/plain-scan.ts";

const SUFFIX = { zstd: ".zst", gzip: ".gz", none: "" };
const DEFAULT_LEVEL = { zstd: 3, gzip: 6 };

/**
 * SQL for psql, streamed. pg_dump writes it uncompressed, so that it can be looked through on its way, which is
 * the only proof that it is whole: SQL has no table of contents.
 */
export async function dumpPlain(dump: Dump, sink: BackupSink): Promise<Dumped> {
  const { request, context } = dump;
  const { compression = "zstd", level } = request.settings;
  const scan = new PlainScan(request.tables);
  const sql = readSql(dump, scan);
  const body =
    compression === "none"
      ? sql
      : compress(sql, await openCompressor(compression, level ?? DEFAULT_LEVEL[compression], context));
  const object = await sink.put(`app.sql${SUFFIX[compression]}`, body, request.databaseSizeBytes);
  return {
    archive: { ...object, format: "plain", compression },
    sequences: scan.sequences,
    listing: "",
    kinds: scan.kinds,
  };
}

/** Ends without error only when pg_dump has ended well, and what it wrote is whole. */
async function* readSql(dump: Dump, scan: PlainScan): AsyncGenerator<Uint8Array> {
  const { request, context } = dump;
  const tool = dump.startDump(["--format=plain", "--compress=0", "--no-owner", "--no-tablespaces"]);
  let sizeBytes = 0;
  try {
    for await (const chunk of tool.stdout as AsyncIterable<Buffer>) {
      scan.feed(chunk);
      sizeBytes += chunk.length;
      context.reporter.progress({ label: request.label, done: sizeBytes, unit: "bytes" });
      yield chunk;
    }
    await tool.done;
    if (!scan.isComplete) {
      throw new AppError("STORE_FAILED", "pg_dump ended well, but what it wrote breaks off.", {
        hint: "This backup was thrown away. Report it with the versions of server and pg_dump: it should not happen.",
      });
    }
    dump.requireRows((table) => scan.hasRowsOf(table));
  } catch (error) {
    throw dump.explain(error, tool);
  } finally {
    await tool.stop();
  }
}

/** Feeds the compressor beside reading it. What went wrong with the source goes before what it led to. */
async function* compress(
  source: AsyncGenerator<Uint8Array>,
  compressor: Transformer,
): AsyncGenerator<Uint8Array> {
  const feeding = pipeline(source, compressor.input);
  // Told below; what was taken in already is not worth the time it takes to compress.
  feeding.catch(() => void compressor.stop());
  try {
    yield* compressor.output as AsyncIterable<Buffer>;
    await feeding;
    await compressor.done;
  } catch (error) {
    const fault: unknown = await feeding.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (fault instanceof AppError) throw fault;
    await compressor.done;
    throw error;
  } finally {
    await compressor.stop();
  }
}
