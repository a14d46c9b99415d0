import type { ClickHouseManifest } from "../../../backup/manifest.ts";
import { AppError } from "../../../errors.ts";
import type { Catalog, DataTable } from "../catalog/catalog.ts";
import type { Connection } from "../server/connection.ts";
import { idOf } from "../sql/ddl.ts";
import type { SchemaEntry } from "../sql/ddl.ts";
import { countInTheWay } from "./existing-tables.ts";
import type { ExistingTable } from "./existing-tables.ts";
import { isNamed } from "./selection.ts";
import type { Selection } from "./selection.ts";
import type { ClickHouseServer } from "../server/server.ts";

/** What a restore would have to remove: objects that it creates, and rows of tables that it fills. */
export async function findInTheWay(
  server: ClickHouseServer,
  catalog: Catalog,
  selection: Selection,
): Promise<{ objects: SchemaEntry[]; rows: DataTable[] }> {
  const tables = catalog.tables.filter((table) => selection.ids.has(idOf(table)));
  const rows: DataTable[] = [];
  if (selection.fillsTables) {
    for (const table of tables) {
      if ((await countInTheWay(server, table, selection.partitions)) > 0) rows.push(table);
    }
  }
  const filled = new Set(tables.map(idOf));
  const objects = catalog.entries.filter(
    (entry) =>
      isNamed(entry) &&
      selection.content !== "data" &&
      selection.ids.has(idOf(entry)) &&
      !(selection.fillsTables && filled.has(idOf(entry))),
  );
  return { objects, rows };
}

/** The tables of a catalog that a restore fills rather than creates. */
export function findExisting({ tables }: Catalog, selection: Selection): ExistingTable[] {
  const wanted = tables.filter((table) => selection.ids.has(idOf(table)));
  return wanted.map((table) => ({ table, parts: selection.partsOf(table) }));
}

/** @throws AppError TARGET_REFUSED when rows are to go into tables that are not there */
export function requireThere(
  selection: Selection,
  { parts }: ClickHouseManifest,
  existing: readonly ExistingTable[],
): void {
  const there = new Set(existing.map(({ table }) => idOf(table)));
  const needed = parts
    .filter((part) => selection.holdsPart(part))
    .map(({ database, table }) => idOf({ database, name: table }));
  const missing = [...new Set(needed)].filter((id) => !there.has(id));
  if (missing.length === 0) return;
  throw new AppError("TARGET_REFUSED", `The target has no ${missing.join(", no ")} to put rows into.`, {
    hint: "Restore the structure first (--schema-only), or structure and rows together.",
  });
}

export function notEmpty(connection: Connection, names: readonly string[]): AppError {
  const shown = names.slice(0, 5).join(", ") + (names.length > 5 ? `, and ${names.length - 5} more` : "");
  return new AppError("TARGET_REFUSED", `ClickHouse at ${connection.endpoint} already has ${shown}.`, {
    hint: "Restore into an empty server, or name the target on purpose to replace what is there.",
  });
}
