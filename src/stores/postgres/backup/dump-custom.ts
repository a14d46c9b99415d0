import { ContentsReader } from "../archive/archive.ts";
import type { ArchiveContents } from "../archive/archive.ts";
import type { Dump, Dumped } from "./dump.ts";
import { findCompression } from "./dump.ts";
import type { BackupSink } from "../../store.ts";
import { listKinds } from "../archive/toc-kinds.ts";

/** One file that pg_restore reads, streamed as it is made. */
export async function dumpCustom(dump: Dump, sink: BackupSink): Promise<Dumped> {
  const { request, context } = dump;
  const compression = await findCompression(request.settings, request.tools, context);
  let contents: ArchiveContents | undefined;
  const archive = await sink.put(
    "app.dump",
    streamArchive(dump, compression, (read) => (contents = read)),
    request.databaseSizeBytes,
  );
  if (!contents) throw new Error("the archive has not ended");
  const { sequences, listing } = contents;
  return { archive: { ...archive, format: "custom" }, sequences, listing, kinds: listKinds(listing) };
}

/**
 * Ends without error only when pg_dump has ended well and the archive's own table of contents names the rows of
 * every table: stdout ends before the exit status is known, so whoever stores this must wait for its end.
 */
async function* streamArchive(
  dump: Dump,
  compression: string,
  onEnd: (contents: ArchiveContents) => void,
): AsyncGenerator<Uint8Array> {
  const { request, context } = dump;
  const tool = dump.startDump(["--format=custom", `--compress=${compression}`]);
  const reader = new ContentsReader(request.tools, context);
  let sizeBytes = 0;
  try {
    for await (const chunk of tool.stdout as AsyncIterable<Buffer>) {
      await reader.feed(chunk);
      sizeBytes += chunk.length;
      context.reporter.progress({ label: request.label, done: sizeBytes, unit: "bytes" });
      yield chunk;
    }
    await tool.done;
    const contents = await reader.finish();
    dump.requireRows(({ oid }) => contents.tableOids.has(oid));
    onEnd(contents);
  } catch (error) {
    throw dump.explain(error, tool);
  } finally {
    await Promise.all([tool.stop(), reader.stop()]);
  }
}
