import type { ClickHousePart } from "../../../backup/manifest.ts";
import { AppError } from "../../../errors.ts";
import type { DataTable } from "../catalog/catalog.ts";
import { locate } from "./earlier-parts.ts";
import type { ExportTools } from "./partition-export.ts";
import { hashFingerprint } from "../catalog/partitions.ts";
import type { Followed } from "../native/read-along.ts";
import { EXACT_READ, listColumns, selectFrom } from "../catalog/reading.ts";
import type { Slice } from "../catalog/slices.ts";

/** How often one object is sent where connections break, and the pause before each further time. */
const ATTEMPTS = 3;
const PAUSE_MS = 2_000;

/** The rows of one object, and what is known of them. */
export interface Rows {
  table: DataTable;
  /** The partition's id. */
  partition: string;
  slice: Slice;
  fingerprint: string;
}

export interface Sent {
  /** All but what only a count can tell. */
  part: Omit<ClickHousePart, "rows" | "digest">;
  /** What was seen of it on its way; of a sample alone. */
  walked: Followed["walked"];
}

/** Streams rows into an object of their own; a connection that broke is made anew, for this object alone. */
export async function sendRows(
  { table, partition, slice, fingerprint }: Rows,
  { server, sink, context, readAlong }: Pick<ExportTools, "server" | "sink" | "context" | "readAlong">,
  signal: AbortSignal,
): Promise<Sent> {
  const columns = table.columns.map(({ name }) => name);
  const about = {
    ...locate(table, partition),
    fingerprint,
    ...(slice.place && { slice: slice.place }),
  };
  const query = `${selectFrom(table, listColumns(columns), slice.condition)} FORMAT Native`;
  for (let attempt = 1; ; attempt += 1) {
    try {
      const { stream, walked } = readAlong.follow(server.openExport(query, EXACT_READ, signal), columns);
      const object = await sink.putPart(about, stream, slice.storedBytes);
      return { part: { ...about, ...object, columns, layout: describeLayout(table) }, walked };
    } catch (error) {
      const isBroken = error instanceof AppError && error.transient && error.code.startsWith("STORE_");
      if (!isBroken || attempt === ATTEMPTS) throw error;
      context.reporter.info(`${error.message} Reading partition ${partition} of ${table.name} again.`);
      await context.clock.sleep(PAUSE_MS, signal);
    }
  }
}

/** Names and types of the columns, hashed: what the digest of a row is made of. */
export function describeLayout({ columns }: DataTable): string {
  return hashFingerprint(columns.map(({ name, type }) => [name, type]));
}
