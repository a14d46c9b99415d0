import { randomBytes } from "node:crypto";
import type { ClickHousePart } from "../../../backup/manifest.ts";
import { AppError } from "../../../errors.ts";
import type { DataTable } from "../catalog/catalog.ts";
import { idOf } from "../sql/ddl.ts";
import type { SchemaEntry } from "../sql/ddl.ts";
import { makePortable } from "../sql/ddl-portable.ts";
import { DROP_SETTINGS } from "./ledger.ts";
import type { Ledger } from "./ledger.ts";
import type { ClickHouseServer } from "../server/server.ts";
import { quotePath, quoteText, tokenise } from "../sql/sql-text.ts";

/** A table of the target that is there and is to be filled. */
export interface ExistingTable {
  /** As the target's catalog has it. */
  table: DataTable;
  parts: ClickHousePart[];
}

/** Rows that a restore would meet: of the chosen partitions, or of the whole table. */
export async function countInTheWay(
  server: ClickHouseServer,
  { database, storedIn, storage }: DataTable,
  partitions: ReadonlySet<string> | undefined,
): Promise<number> {
  const where =
    partitions && storage === "parts"
      ? ` WHERE _partition_id IN (${[...partitions].map(quoteText).join(", ")})`
      : "";
  const [counted] = await server.rows<{ n: string }>(
    `SELECT count() AS n FROM ${quotePath(database, storedIn)}${where}`,
  );
  return Number(counted?.n ?? 0);
}

/** @throws AppError TARGET_REFUSED when the rows have other columns than the table */
export function requireSameColumns({ table, parts }: ExistingTable): void {
  const there = new Set(table.columns.map(({ name }) => name));
  for (const { columns } of parts) {
    const lacking = columns.filter((name) => !there.has(name));
    const further = [...there].filter((name) => !columns.includes(name));
    if (lacking.length + further.length === 0) continue;
    const differences = [
      ...(lacking.length > 0 ? [`it lacks ${lacking.join(", ")}`] : []),
      ...(further.length > 0 ? [`the backup does not have its ${further.join(", ")}`] : []),
    ];
    throw new AppError(
      "TARGET_REFUSED",
      `${idOf(table)} does not have the columns of the backup: ${differences.join("; ")}.`,
      {
        hint: "Alter the table until its columns are those of the backup, or restore it under another name.",
      },
    );
  }
}

/** Removes the rows that are in the way, when the operator named the target. */
export async function clear(
  server: ClickHouseServer,
  { database, storedIn, storage }: DataTable,
  partitions: ReadonlySet<string> | undefined,
): Promise<void> {
  const path = quotePath(database, storedIn);
  if (!partitions || storage !== "parts") {
    await server.run(`TRUNCATE TABLE ${path} SYNC`, DROP_SETTINGS);
    return;
  }
  for (const id of partitions) {
    await server.run(`ALTER TABLE ${path} DROP PARTITION ID ${quoteText(id)}`, DROP_SETTINGS);
  }
}

/**
 * Fills a table by way of another of the same shape beside it, whose partitions it then takes over: so nothing is
 * there before all is, and no materialized view fires, whose target gets its own rows from the backup.
 *
 * @param insert - sends one part into the table of that name
 * @returns statements that take the rows out again
 */
export async function fillByPartitions(
  server: ClickHouseServer,
  ledger: Ledger,
  { table, parts }: ExistingTable,
  insert: (part: ClickHousePart, table: string) => Promise<void>,
  undo: string[],
): Promise<void> {
  const { database, storedIn } = table;
  const path = quotePath(database, storedIn);
  const beside = await describeBeside(server, table);
  await ledger.create(server, beside);
  const besidePath = quotePath(database, beside.name);
  await server.run(`SYSTEM STOP MERGES ${besidePath}`);
  for (const part of parts) await insert(part, beside.name);
  for (const partition of new Set(parts.map((part) => part.partition))) {
    const id = quoteText(partition);
    undo.push(`ALTER TABLE ${path} DROP PARTITION ID ${id}`);
    await server.run(`ALTER TABLE ${path} ATTACH PARTITION ID ${id} FROM ${besidePath}`);
  }
  await ledger.drop(server, beside);
}

/** A table of another engine can only be inserted into: what would fire on that must be told. */
export async function requireNothingFires(server: ClickHouseServer, table: DataTable): Promise<void> {
  const [found] = await server.rows<{ views: string[] }>(
    `SELECT arrayMap((d, t) -> concat(d, '.', t), dependencies_database, dependencies_table) AS views
     FROM system.tables WHERE database = ${quoteText(table.database)} AND name = ${quoteText(table.storedIn)}`,
  );
  if (!found || found.views.length === 0) return;
  throw new AppError(
    "TARGET_REFUSED",
    `Rows for ${idOf(table)} would make ${found.views.join(", ")} fire, and fill its target twice.`,
    {
      hint: `Detach the views for the time of the restore: ${found.views.map((view) => `DETACH TABLE ${view}`).join("; ")}.`,
    },
  );
}

async function describeBeside(server: ClickHouseServer, table: DataTable): Promise<SchemaEntry> {
  const { database, storedIn } = table;
  // `leftovers.ts` knows it by its name.
  const name = `lifeboat_${randomBytes(4).toString("hex")}`;
  const [found] = await server.rows<{ engine: string; statement: string }>(
    `SELECT engine, create_table_query AS statement FROM system.tables
     WHERE database = ${quoteText(database)} AND name = ${quoteText(storedIn)}`,
    { show_table_uuid_in_table_create_query_if_not_nil: 0 },
  );
  const engine = found?.engine ?? "MergeTree";
  // A replicated table cannot have a second one at its place in Keeper; a plain one can hand its parts over as well.
  const portable = engine.startsWith("Replicated")
    ? renameTable(makePortable(found?.statement ?? ""), quotePath(database, name))
    : `CREATE TABLE ${quotePath(database, name)} AS ${quotePath(database, storedIn)}`;
  return { kind: "table", database, name, engine, given: portable, portable, dependsOn: [] };
}

/** `CREATE TABLE database.name …` with another name. */
function renameTable(statement: string, path: string): string {
  const tokens = tokenise(statement);
  return `CREATE TABLE ${path}${statement.slice(tokens[4]?.end)}`;
}
