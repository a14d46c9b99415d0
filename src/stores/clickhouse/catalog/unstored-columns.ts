import type { Column, DataTable } from "./catalog.ts";
import type { ClickHouseServer } from "../server/server.ts";
import { quotePath, quoteTexts } from "../sql/sql-text.ts";

/** Expressions whose value is in the definition itself: numbers, texts, NULL, empty arrays, and casts of them. */
const LITERAL =
  /^(?:CAST\()?(?:-?[\d.]+(?:e[-+]?\d+)?|'(?:[^'\\]|\\.|'')*'|NULL|true|false|\[\]|map\(\))(?:, '[^']*'\)|::[\w()., ']+)?$/i;

/**
 * Names the parts in which columns are not stored but computed from an expression as they are read. That is so for
 * parts that are older than the column, and for columns whose every value has expired. The same part can then show
 * other rows tomorrow: `dictGet`, `now()` and functions that were replaced change nothing in system.parts.
 *
 * @returns names of parts by `storageId`; a table without such parts is not in it
 */
export async function findUnstoredColumns(
  server: ClickHouseServer,
  tables: readonly DataTable[],
): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const found = new Map<string, Set<string>>();
  const computing = tables.flatMap(({ database, storedIn, storage, columns }) => {
    const names = columns.filter(isComputed).map(({ name }) => name);
    return storage === "parts" && names.length > 0 ? [{ database, storedIn, names }] : [];
  });
  for (const database of new Set(computing.map((table) => table.database))) {
    const inside = computing.filter((table) => table.database === database);
    const columns = inside.flatMap(({ storedIn, names }) =>
      names.map((name) => `(${quoteTexts([storedIn, name])})`),
    );
    const stored = quoteTexts(inside.map(({ storedIn }) => storedIn));
    const needed = inside.map(({ names }) => names.length).join(", ");
    const parts = await server.rows<{ table: string; name: string }>(
      `SELECT table, name FROM system.parts_columns
       WHERE active AND database = ${quoteTexts([database])} AND table IN (${stored}) GROUP BY table, name
       HAVING countIf((table, column) IN (${columns.join(", ")})) < transform(table, [${stored}], [${needed}], 0)`,
    );
    for (const { table, name } of parts) {
      const id = quotePath(database, table);
      found.set(id, (found.get(id) ?? new Set()).add(name));
    }
  }
  return found;
}

/** Whether a column's value, where no part stores it, can differ from one day to the next. */
export function isComputed({ default_kind, default_expression }: Column): boolean {
  return default_kind !== "" && !LITERAL.test(default_expression.trim());
}
