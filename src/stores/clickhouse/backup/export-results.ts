import type { TableInventory } from "../../../backup/inventory.ts";
import { contentBytesOf } from "../../../backup/manifest.ts";
import type { ClickHousePart } from "../../../backup/manifest.ts";
import { addTables } from "../../../backup/parts.ts";
import { AppError } from "../../../errors.ts";
import type { Reporter } from "../../../run-context.ts";
import type { DataTable } from "../catalog/catalog.ts";
import { idOf } from "../sql/ddl.ts";
import type { Walked } from "../native/read-along.ts";

/** One object's rows, written or referred to; with bounds where no exact count or no digest could be had. */
export interface Exported {
  part: ClickHousePart;
  moving?: { rowsAtLeast: number; rowsAtMost: number };
}

/** The inventory of a table: the sums of what was exported of it. */
export function summarise(table: DataTable, exported: readonly Exported[]): TableInventory {
  const name = idOf(table);
  const mine = exported.filter(({ part }) => part.database === table.database && part.table === table.name);
  return addTables([
    { name, rows: 0, digest: "0" },
    ...mine.map(({ part: { rows, digest }, moving }) => ({ name, rows, digest, ...(moving && { moving }) })),
  ]);
}

/** Marks rows of which a digest proves nothing. */
export function withoutDigest(part: ClickHousePart, counts: readonly number[]): Exported {
  return {
    part: { ...part, digest: null },
    moving: { rowsAtLeast: Math.min(...counts), rowsAtMost: Math.max(...counts) },
  };
}

/** A row policy hides rows from a reader without a word, and half a table would be called a backup. */
export function requireAllVisible(
  table: DataTable,
  partition: string,
  stored: number | undefined,
  shown: number,
): void {
  if (stored === undefined || stored === shown) return;
  throw new AppError(
    "STORE_RIGHTS_MISSING",
    `${idOf(table)} stores ${stored} rows in partition ${partition}, but shows only ${shown} of them to this user.`,
    {
      hint: "Look in system.row_policies for a policy that applies to the user, and exempt the user from it.",
    },
  );
}

/** An answer without rows has no bytes, and so no frame that could prove it whole: rows must show in bytes. */
export function requireBytes(part: ClickHousePart): void {
  if (contentBytesOf(part) > 0) return;
  const name = `${part.database}.${part.table}`;
  throw new AppError("STORE_FAILED", `${name}, partition ${part.partition}, came without its rows.`, {
    hint: "Start the backup again; if it happens again, look for a proxy that answers in the server's place.",
  });
}

/** Whether what passed, where it was looked at, is what was counted. */
export function isAsCounted({ rows }: ClickHousePart, walked: Walked): boolean {
  return "rows" in walked && walked.rows === rows;
}

export function otherThanCounted(part: ClickHousePart, walked: Walked): AppError {
  const { database, table, partition, rows } = part;
  const found = "rows" in walked ? `${walked.rows} rows instead of ${rows}` : `a fault: ${walked.fault}`;
  return new AppError("STORE_FAILED", `${database}.${table}, partition ${partition}, came with ${found}.`, {
    hint: "Look for a proxy that unpacks the server's answers, and connect past it; lifeboat verify --full looks into earlier backups.",
  });
}

export function warnOfMoving(table: DataTable, partition: string | undefined, reporter: Reporter): void {
  reporter.warn(
    `${idOf(table)}${partition === undefined ? "" : `, partition ${partition},`} is being rewritten all the time: its content is backed up, but only its row count can be compared.`,
  );
}

export function warnOfComputed(table: DataTable, partition: string, reporter: Reporter): void {
  reporter.warn(
    `${idOf(table)}, partition ${partition}, computes values of columns as they are read, and they change: its content is backed up, but only its row count can be compared. ALTER TABLE … MATERIALIZE COLUMN has the values stored.`,
  );
}
