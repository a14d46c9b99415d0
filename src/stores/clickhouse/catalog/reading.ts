import type { DataTable } from "./catalog.ts";
import type { ClickHouseServer } from "../server/server.ts";
import { quoteName, quotePath, quoteText } from "../sql/sql-text.ts";

/** The name of the digest below; digests compare only under the same name. */
export const DIGEST_METHOD = "clickhouse-cityhash64-tuple-sum-v1";

/**
 * A user's profile may cut results short, filter them or change what a table shows, and say nothing. Every read
 * that must be whole says so itself.
 */
export const EXACT_READ = {
  max_execution_time: 0,
  timeout_overflow_mode: "throw",
  read_overflow_mode: "throw",
  result_overflow_mode: "throw",
  max_rows_to_read: 0,
  max_bytes_to_read: 0,
  max_result_rows: 0,
  max_result_bytes: 0,
  limit: 0,
  offset: 0,
  final: 0,
  additional_table_filters: "{}",
  additional_result_filter: "",
  apply_deleted_mask: 1,
  apply_mutations_on_fly: 0,
  apply_patch_parts: 1,
  // A destination that rests for a while must not end the query; the default is 30 s.
  http_send_timeout: 1800,
} as const;

export interface Counted {
  rows: number;
  digest: string;
}

/** Names the rows of a table, or those of it that a condition picks, and nothing else. */
export function selectFrom(table: DataTable, what: string, condition?: string): string {
  const where = condition === undefined ? "" : ` WHERE ${condition}`;
  return `SELECT ${what} FROM ${quotePath(table.database, table.storedIn)}${where}`;
}

/** Every row of one partition, whatever parts it comes to have. */
export function ofPartition(id: string): string {
  return `_partition_id = ${quoteText(id)}`;
}

/** The columns of an export or INSERT, quoted. */
export function listColumns(names: readonly string[]): string {
  return names.map(quoteName).join(", ");
}

/**
 * Counts rows and digests them, in any order. `tuple` because cityHash64 of columns is NULL where one of them
 * is, and sum would leave such rows out.
 */
export async function countRows(
  server: ClickHouseServer,
  table: DataTable,
  condition?: string,
): Promise<Counted> {
  const [counted] = await server.rows<CountedRow>(
    selectFrom(table, countAndDigest(table), condition),
    COUNTING,
  );
  return { rows: Number(counted?.row_count ?? 0), digest: counted?.digest ?? "0" };
}

/** The same for several partitions, by the ids of those that show a row at all. */
export async function countRowsByPartition(
  server: ClickHouseServer,
  table: DataTable,
  condition: string,
): Promise<ReadonlyMap<string, Counted>> {
  const rows = await server.rows<CountedRow & { _partition_id: string }>(
    `${selectFrom(table, `_partition_id, ${countAndDigest(table)}`, condition)} GROUP BY _partition_id`,
    COUNTING,
  );
  return new Map(
    rows.map(({ _partition_id, row_count, digest }) => [_partition_id, { rows: Number(row_count), digest }]),
  );
}

/** An alias below must not take the place of a column that has its name. */
const COUNTING = { ...EXACT_READ, prefer_column_name_to_alias: 1 } as const;

interface CountedRow {
  row_count: string;
  digest: string;
}

function countAndDigest({ columns }: DataTable): string {
  const names = listColumns(columns.map(({ name }) => name));
  return `count() AS row_count, sum(cityHash64(tuple(${names}))) AS digest`;
}
