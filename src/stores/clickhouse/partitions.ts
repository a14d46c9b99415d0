import { createHash } from "node:crypto";
import type { Column, DataTable } from "./catalog.ts";
import type { ClickHouseServer } from "./server.ts";
import { quoteText } from "./sql-text.ts";

/** An active part, by what identifies its content on this server. */
export interface Part {
  name: string;
  /** Rows as stored: those that a lightweight delete hid are counted too. */
  rows: number;
  hash: string;
  hidesRows: boolean;
}

/** One partition as it is at one moment. */
export interface Partition {
  id: string;
  /** Of the table that the parts belong to: a table dropped and made again is another one. */
  tableUuid: string;
  parts: Part[];
  /** Patch parts change rows of the others as they are read (lightweight UPDATE). */
  patches: Part[];
  storedBytes: number;
}

interface PartRow {
  partition_id: string;
  table_uuid: string;
  name: string;
  rows: string;
  hash: string;
  hides_rows: number;
  bytes_on_disk: string;
}

/** Patch parts lie in partitions of their own: `patch-<hash of the columns>-<partition>`. */
const PATCH = /^patch-[0-9a-f]+-(.*)$/s;

/** The partitions of a table as they are now; of one partition, when its id is given. */
export async function listPartitions(
  server: ClickHouseServer,
  table: DataTable,
  id?: string,
): Promise<Partition[]> {
  const only =
    id === undefined
      ? ""
      : `AND (partition_id = ${quoteText(id)} OR endsWith(partition_id, ${quoteText(`-${id}`)}))`;
  const [database, name] = [quoteText(table.database), quoteText(table.storedIn)];
  const rows = await server.rows<PartRow>(
    `SELECT partition_id, name, rows, uncompressed_hash_of_compressed_files AS hash,
       has_lightweight_delete AS hides_rows, bytes_on_disk,
       (SELECT toString(any(uuid)) FROM system.tables WHERE database = ${database} AND name = ${name}) AS table_uuid
     FROM system.parts WHERE active AND database = ${database} AND table = ${name} ${only}`,
  );
  const partitions = groupParts(rows, server.uuid);
  return id === undefined ? partitions : partitions.filter((partition) => partition.id === id);
}

/** Collects the rows of system.parts by partition, patch parts with the partition they change. */
export function groupParts(rows: readonly PartRow[], serverUuid: string): Partition[] {
  const byId = new Map<string, Partition>();
  for (const row of rows) {
    const patched = PATCH.exec(row.partition_id)?.[1];
    const id = patched ?? row.partition_id;
    const partition = byId.get(id) ?? {
      id,
      // Only databases of the old engine Ordinary have tables without uuid.
      tableUuid: /^[0-]*$/.test(row.table_uuid) ? serverUuid : row.table_uuid,
      parts: [],
      patches: [],
      storedBytes: 0,
    };
    byId.set(id, partition);
    const part = { name: row.name, rows: Number(row.rows), hash: row.hash, hidesRows: row.hides_rows === 1 };
    (patched === undefined ? partition.parts : partition.patches).push(part);
    partition.storedBytes += Number(row.bytes_on_disk);
  }
  return [...byId.values()].filter(({ parts }) => parts.length > 0);
}

/**
 * Names what a partition shows. It changes with every merge, mutation, delete, patch and change of columns,
 * whether or not rows came to differ: only what is surely the same may be taken for the same.
 */
export function fingerprintPartition(partition: Partition, columns: readonly Column[]): string {
  const identify = (parts: readonly Part[]): string[] =>
    parts.map(({ name, rows, hash }) => `${name} ${rows} ${hash}`).sort();
  return hashFingerprint([
    partition.tableUuid,
    partition.id,
    identify(partition.parts),
    identify(partition.patches),
    columns,
  ]);
}

/** 24 hexadecimal digits over anything that JSON can write. */
export function hashFingerprint(facts: unknown): string {
  return createHash("sha256").update(JSON.stringify(facts)).digest("hex").slice(0, 24);
}

/**
 * Whether rows read from the parts of `before` at any moment until `after` were the same rows: each part is
 * still active, and nothing changes them otherwise than then. New parts may have come in meanwhile.
 */
export function isUndisturbed(before: Partition, after: Partition | undefined): boolean {
  if (!after || after.tableUuid !== before.tableUuid) return false;
  const has = (parts: readonly Part[], { name, hash }: Part): boolean =>
    parts.some((part) => part.name === name && part.hash === hash);
  return (
    before.parts.every((part) => has(after.parts, part)) &&
    before.patches.length === after.patches.length &&
    before.patches.every((patch) => has(after.patches, patch))
  );
}

/** The rows a partition must show, where nothing in it can hide rows; undefined where something can. */
export function findExactRows(partition: Partition): number | undefined {
  if (partition.patches.length > 0 || partition.parts.some((part) => part.hidesRows)) return undefined;
  return partition.parts.reduce((sum, part) => sum + part.rows, 0);
}
