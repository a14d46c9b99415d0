import { createHash } from "node:crypto";
import type { Column, DataTable } from "./catalog.ts";
import type { ClickHouseServer } from "../server/server.ts";
import { quotePath, quoteTexts } from "../sql/sql-text.ts";

/** An active part, by what identifies its content on this server. */
export interface Part {
  name: string;
  /** Rows as stored: those that a lightweight delete hid are counted too. */
  rows: number;
  hash: string;
  hidesRows: boolean;
  storedBytes: number;
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
  name: string;
  rows: string;
  hash: string;
  hides_rows: number;
  bytes_on_disk: string;
}

/** What lies in tables at one moment: partitions by id, by the name of the table they are stored in. */
export type Listing = ReadonlyMap<string, ReadonlyMap<string, Partition>>;

/** Patch parts lie in partitions of their own: `patch-<hash of the columns>-<partition>`. */
const PATCH = /^patch-[0-9a-f]+-(.*)$/s;

/**
 * The partitions of all these tables as they are now, in one look: a table may have thousands of them. They go by the
 * tables' uuids as these were before: whether a name still means the same table is to be looked at afterwards.
 */
export async function listPartitions(
  server: ClickHouseServer,
  tables: readonly DataTable[],
): Promise<Listing> {
  if (tables.length === 0) return new Map();
  const databases = quoteTexts([...new Set(tables.map(({ database }) => database))]);
  const rows = await server.rows<PartRow & { database: string; table: string }>(
    `SELECT database, table, partition_id, name, rows, uncompressed_hash_of_compressed_files AS hash,
       has_lightweight_delete AS hides_rows, bytes_on_disk
     FROM system.parts WHERE active AND database IN (${databases})`,
  );
  const rowsOf = new Map<string, PartRow[]>(tables.map((table) => [storageId(table), []]));
  for (const row of rows) rowsOf.get(quotePath(row.database, row.table))?.push(row);
  return new Map(
    tables.map((table) => {
      const id = storageId(table);
      return [id, groupParts(rowsOf.get(id) ?? [], table.uuid, server.uuid)];
    }),
  );
}

/** The name under which a listing holds the partitions of a table. */
export function storageId({ database, storedIn }: DataTable): string {
  return quotePath(database, storedIn);
}

/** Collects the rows of system.parts by partition, patch parts with the partition they change. */
export function groupParts(
  rows: readonly PartRow[],
  uuid: string,
  serverUuid: string,
): ReadonlyMap<string, Partition> {
  // Only databases of the old engine Ordinary have tables without uuid.
  const tableUuid = /^[0-]*$/.test(uuid) ? serverUuid : uuid;
  const byId = new Map<string, Partition>();
  for (const row of rows) {
    const patched = PATCH.exec(row.partition_id)?.[1];
    const id = patched ?? row.partition_id;
    const partition = byId.get(id) ?? { id, tableUuid, parts: [], patches: [], storedBytes: 0 };
    byId.set(id, partition);
    const storedBytes = Number(row.bytes_on_disk);
    const { name, hash } = row;
    const part = { name, rows: Number(row.rows), hash, hidesRows: row.hides_rows === 1, storedBytes };
    (patched === undefined ? partition.parts : partition.patches).push(part);
    partition.storedBytes += storedBytes;
  }
  for (const [id, { parts }] of byId) if (parts.length === 0) byId.delete(id);
  return byId;
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
  const found = new Map([...after.parts, ...after.patches].map(({ name, hash }) => [name, hash]));
  const isThere = ({ name, hash }: Part): boolean => found.get(name) === hash;
  return (
    before.patches.length === after.patches.length &&
    before.parts.every(isThere) &&
    before.patches.every(isThere)
  );
}
