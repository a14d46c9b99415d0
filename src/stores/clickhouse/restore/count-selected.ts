import type { DataTable } from "../catalog/catalog.ts";
import { addDigests } from "../../../backup/parts.ts";
import { countRows, ofPartition } from "../catalog/reading.ts";
import type { Counted } from "../catalog/reading.ts";
import type { Selection } from "./selection.ts";
import type { ClickHouseServer } from "../server/server.ts";

/** Counts and digests what a restore was to bring back of one table: all of it, chosen partitions, or no rows. */
export async function countSelected(
  server: ClickHouseServer,
  table: DataTable,
  { content, partitions }: Selection,
): Promise<Counted> {
  if (content === "structure") return { rows: 0, digest: "0" };
  if (!partitions) return await countRows(server, table);
  const counted: Counted[] = [];
  if (table.storage === "parts") {
    for (const id of partitions) counted.push(await countRows(server, table, ofPartition(id)));
  }
  return {
    rows: counted.reduce((sum, { rows }) => sum + rows, 0),
    digest: addDigests(counted.map(({ digest }) => digest)),
  };
}
